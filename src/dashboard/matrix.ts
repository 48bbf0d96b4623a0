// Runs against problems in one measure, each at its last evaluation or at the step asked for. A run that has none, or one
// that cannot be read, is left out and named.

import { UsageError } from "../core/errors.js";
import type { Asked } from "./api/endpoints.js";
import type { Matrix } from "./api/runs.js";
import { evaluatedAt } from "./evaluation-files.js";
import type { ServedFolder } from "./folder.js";
import type { ProblemScores, ScoreReader } from "./scores.js";

interface Column {
  readonly run: string;
  readonly step: number;
  readonly scores: readonly ProblemScores[];
}

/** @throws RefusedRequest where a run is not there, UsageError where none of them has the benchmark or the measure */
export async function matrixOf(
  folder: ServedFolder,
  reader: ScoreReader,
  { runs, benchmark, measure, step }: Asked<"matrix">,
): Promise<Matrix> {
  const skipped: string[] = [];
  const columns: Column[] = [];
  for (const run of runs) {
    const path = folder.placePath(run);
    try {
      const evaluated = evaluatedAt(path, run, benchmark, step);
      columns.push({ run, step: evaluated.step, scores: await reader.scores(evaluated) });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      skipped.push(error.message);
    }
  }
  if (columns.length === 0) throw new UsageError(skipped.join("\n"));
  const measures = [...new Set(columns.flatMap(({ scores }) => scores.flatMap((each) => Object.keys(each.scores))))];
  const chosen = measure ?? measures[0] ?? "";
  if (measure !== undefined && !measures.includes(measure)) {
    throw new UsageError(
      `${benchmark} has no measure ${JSON.stringify(measure.slice(0, 200))}; it has ${measures.join(", ")}`,
    );
  }
  const problems = [...new Set(columns.flatMap(({ scores }) => scores.map(({ problem }) => problem)))];
  return {
    benchmark,
    measure: chosen,
    measures,
    problems,
    columns: columns.map(({ run, step, scores }) => {
      const byProblem = new Map(scores.map((each) => [each.problem, each.scores[chosen]]));
      return { run, step, scores: problems.map((problem) => byProblem.get(problem) ?? null) };
    }),
    skipped,
  };
}
