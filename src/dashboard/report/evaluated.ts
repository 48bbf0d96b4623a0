// What a report holds of an evaluation beside its table: the matrix of its first and last step in every measure, and what
// was written for the problems that changed between the two, as many as there is room for.

import type { EvaluationTable, Matrix } from "../api/runs.js";
import { writtenFor } from "../evaluated-problem.js";
import { evaluatedAt } from "../evaluation-files.js";
import type { Held } from "./answers.js";

/** Of all texts of one benchmark, as they stand in the report. */
const TEXTS_LIMIT_BYTES = 400_000;

export async function heldEvaluation(held: Held, { benchmark, records }: EvaluationTable): Promise<void> {
  const runs = [held.place];
  const last = await held.ask("matrix", { runs, benchmark });
  if (!last) return;
  const isFirstApart = records.length > 1 && records[0]?.step === 0;
  const first = isFirstApart ? await held.ask("matrix", { runs, benchmark, step: 0 }) : null;
  const byMeasure = new Map<string, Matrix[]>();
  for (const measure of last.measures) {
    const answers = [
      ...(first ? [await held.ask("matrix", { runs, benchmark, measure, step: 0 })] : []),
      await held.ask("matrix", { runs, benchmark, measure }),
    ];
    byMeasure.set(
      measure,
      answers.flatMap((answer) => answer ?? []),
    );
  }
  await holdTexts(held, benchmark, byMeasure);
}

async function holdTexts(held: Held, benchmark: string, byMeasure: ReadonlyMap<string, Matrix[]>): Promise<void> {
  const matrices = [...byMeasure.values()][0] ?? [];
  const wanted = changedFirst(byMeasure);
  const texts = await held.trying(() =>
    Promise.all(
      matrices.flatMap(({ columns: [column] }) => {
        if (!column) return [];
        const evaluated = evaluatedAt(held.path, held.place, benchmark, column.step);
        return [writtenFor(evaluated, new Set(wanted)).then((written) => ({ step: column.step, written }))];
      }),
    ),
  );
  let room = TEXTS_LIMIT_BYTES;
  let count = 0;
  for (const problem of wanted) {
    const answers = (texts ?? []).flatMap(({ step, written }) => {
      const completions = written.get(problem);
      return completions
        ? [{ run: held.place, benchmark, step, problem, scores: scoresOf(byMeasure, step, problem), completions }]
        : [];
    });
    room -= Buffer.byteLength(JSON.stringify(answers));
    if (room < 0) break;
    for (const answer of answers) {
      held.put("evaluatedProblem", { run: held.place, benchmark, step: answer.step, problem }, answer);
    }
    count++;
  }
  if (count < wanted.length) {
    held.notes.push(
      `${benchmark}: what was written for ${count} of its ${wanted.length} problems, those that changed first.`,
    );
  }
}

/** By the first measure, then the second, ...: problems right at one of the two steps alone; the others behind them. */
function changedFirst(byMeasure: ReadonlyMap<string, Matrix[]>): string[] {
  const order = new Set<string>();
  for (const [before, after] of byMeasure.values()) {
    if (!before || !after) continue;
    const isRight = ({ problems, columns }: Matrix, problem: string): boolean =>
      (columns[0]?.scores[problems.indexOf(problem)] ?? 0) >= 1;
    for (const problem of after.problems) if (isRight(before, problem) !== isRight(after, problem)) order.add(problem);
  }
  for (const matrices of byMeasure.values())
    for (const { problems } of matrices) for (const one of problems) order.add(one);
  return [...order];
}

function scoresOf(byMeasure: ReadonlyMap<string, Matrix[]>, step: number, problem: string): Record<string, number> {
  return Object.fromEntries(
    [...byMeasure].flatMap(([measure, matrices]) => {
      const matrix = matrices.find(({ columns }) => columns[0]?.step === step);
      const score = matrix?.columns[0]?.scores[matrix.problems.indexOf(problem)];
      return typeof score === "number" ? [[measure, score]] : [];
    }),
  );
}
