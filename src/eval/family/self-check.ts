// Self-checked pass@1, our measure: of N programs that a model wrote, the checker (the same model, or another one)
// predicts each one's output on the visible examples with the alignment prompt, and the first of the best matches is
// submitted. Nothing is executed to choose. Beside it, the ceiling: the same programs chosen by really running them on
// the visible examples.

import { matches, parseAnswer } from "../../alignment/answer.js";
import type { Json } from "../../core/json.js";
import { inputOf } from "../../problems/examples.js";
import type { Problem, ProgramInput } from "../../problems/problem.js";
import type { EvaluatedCandidate } from "../../runs/records.js";
import { type Inspection, inspect } from "../../tracer/inspect.js";
import { completeAll } from "./complete.js";
import type { EvaluationTools } from "./family.js";

/** One question to the checker: what does this program give on this visible example? */
interface Question {
  readonly prompt: string;
  readonly expected: Json;
}

/** A program to be checked, and whether it passes every test. */
type Checkable = Pick<EvaluatedCandidate, "program" | "passes">;

/**
 * How many visible examples the checker believes each program gets right. Nothing is asked that cannot change what is
 * submitted: no problem whose programs all pass or all fail, no program behind one with every example right, and the
 * same question once.
 *
 * @param tools       whose engine is the checker
 * @param candidates  [problems][N]
 * @returns           [problems][N], null for a program that is not asked
 */
export async function predictedMatches(
  tools: EvaluationTools,
  candidates: ReadonlyArray<readonly Checkable[]>,
  maximumTokens: number,
): Promise<Array<Array<number | null>>> {
  const counted: Array<Array<number | null>> = candidates.map((written) => written.map(() => null));
  const inspections = new Map<string, Promise<Inspection | null>>();
  const shown = tools.problems.map((problem) => visibleExamples(problem).length);
  for (const [from, to] of ROUNDS) {
    const questions = await Promise.all(
      tools.problems.map((problem, i) => {
        const isOpen = choiceMatters(candidates[i]) && !counted[i]?.includes(shown[i]);
        const asked = isOpen ? (candidates[i] ?? []).slice(from, to) : [];
        return Promise.all(asked.map(({ program }) => questionsOf(tools, problem, program, inspections)));
      }),
    );
    for (const [i, counts] of (await rightAnswers(tools, questions, maximumTokens)).entries()) {
      counted[i]?.splice(from, counts.length, ...counts);
    }
  }
  return counted;
}

/** Places of the candidates asked together: one at a time asks least, all at once keeps the engine busiest. */
const ROUNDS = [
  [0, 1],
  [1, 3],
  [3, Number.POSITIVE_INFINITY],
] as const;

/** Of each list of questions, how many the checker answers as expected. */
async function rightAnswers(
  { engine, dialect }: EvaluationTools,
  questions: ReadonlyArray<ReadonlyArray<readonly Question[]>>,
  maximumTokens: number,
): Promise<number[][]> {
  const prompts = [...new Set(questions.flat(2).map(({ prompt }) => prompt))];
  const texts = await completeAll(engine, prompts, maximumTokens);
  const answers = new Map(prompts.map((prompt, i) => [prompt, parseAnswer(texts[i] ?? "", "withOutput")]));
  return questions.map((byProgram) =>
    byProgram.map(
      (asked) =>
        asked.filter(({ prompt, expected }) =>
          matches(expected, answers.get(prompt)?.output, dialect.sequencesAsArrays),
        ).length,
    ),
  );
}

/** Whether some of the candidates pass and others do not. */
function choiceMatters(candidates: readonly Checkable[] = []): boolean {
  return candidates.some(({ passes }) => passes !== candidates[0]?.passes);
}

/** The names to ask are read from the program's text: a candidate that does not parse is asked nothing. */
async function questionsOf(
  { dialect, sandbox }: EvaluationTools,
  problem: Problem,
  program: string | null,
  inspections: Map<string, Promise<Inspection | null>>,
): Promise<Question[]> {
  if (program === null) return [];
  const key = `${problem.language}\n${program}`;
  const inspecting = inspections.get(key) ?? inspect(sandbox, program, problem.language);
  inspections.set(key, inspecting);
  const inspected = await inspecting;
  if (!inspected) return [];
  const names = inspected.variables.filter((name) => !inspected.parameters.includes(name)).slice(-3);
  const asked = Object.fromEntries(names.map((name) => [name, null]));
  return visibleExamples(problem).map(({ input, expected }) => ({
    prompt: dialect.alignment(program, input, asked, true, problem.language),
    expected,
  }));
}

function visibleExamples(problem: Problem): Array<{ readonly input: ProgramInput; readonly expected: Json }> {
  return problem.tests.flatMap((test) => {
    const input = inputOf(test);
    if (!input || !("visible" in test) || !test.visible) return [];
    return [{ input, expected: test.kind === "call" ? test.expected : test.kind === "stdio" ? test.stdout : null }];
  });
}

/** 1 where the first of the candidates with the most matches passes; null counts as no match. */
export function submitted(
  candidates: readonly EvaluatedCandidate[],
  matches: (candidate: EvaluatedCandidate) => number | null,
): number {
  const counts = candidates.map((candidate) => matches(candidate) ?? 0);
  return candidates[counts.indexOf(Math.max(...counts))]?.passes ?? 0;
}
