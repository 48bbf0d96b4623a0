// Self-checked pass@1, our measure: the model writes N candidates (one greedy, the others at T = 1), predicts each
// one's output on the visible examples with the alignment prompt, and submits the first of the best matches. Nothing
// is executed to choose; the one submitted program is judged on all tests. Beside it, the ceiling: the same candidates
// chosen by really running them on the visible examples.

import { matches, parseAnswer } from "../alignment/answer.js";
import type { Json } from "../core/json.js";
import { judge } from "../judge/judge.js";
import { inputOf } from "../problems/examples.js";
import type { Problem, ProgramInput, Test } from "../problems/problem.js";
import { inspect } from "../tracer/inspect.js";
import { completeAll, drawAll } from "./complete.js";
import type { EvaluationOptions, EvaluationTools } from "./family.js";

/** N of the measure: one greedy, the others sampled. */
const CANDIDATES = 8;

interface VisibleExample {
  readonly input: ProgramInput;
  readonly expected: Json;
  readonly test: Test;
}

/** One question to the model: what does this candidate give on this visible example? */
interface Question {
  readonly prompt: string;
  readonly expected: Json;
}

export interface SelfChecked {
  /** 1 where the program that the model chose passes all tests. */
  readonly submitted: number;
  /** 1 where the program that the interpreter would have chosen does. */
  readonly interpreter: number;
}

/**
 * @param greedy  [problems] the greedy completions, the first candidate of each
 * @returns       [problems], null where the judge failed
 */
export async function selfCheck(
  tools: EvaluationTools,
  options: EvaluationOptions,
  greedy: readonly string[],
): Promise<Array<SelfChecked | null>> {
  const { engine, dialect, problems } = tools;
  const prompts = problems.map(dialect.code);
  const { maximumTokens } = options;
  const draw = { count: CANDIDATES - 1, temperature: 1, maximumTokens, seed: "self-check" };
  const drawn = await drawAll(engine, prompts, draw);
  const candidates = problems.map((problem, i) =>
    [greedy[i] ?? "", ...(drawn[i] ?? [])].map((completion) => dialect.program(problem, completion)),
  );
  const predicted = await predictedMatches(tools, candidates, maximumTokens);
  return Promise.all(
    problems.map((problem, i) => submit(tools, options, problem, candidates[i] ?? [], predicted[i] ?? [])),
  );
}

/** [problems][N] how many visible examples the model believes each candidate gets right. */
async function predictedMatches(
  tools: EvaluationTools,
  candidates: ReadonlyArray<ReadonlyArray<string | null>>,
  maximumTokens: number,
): Promise<number[][]> {
  const questions = await Promise.all(
    tools.problems.map((problem, i) =>
      Promise.all((candidates[i] ?? []).map((program) => questionsOf(tools, problem, program))),
    ),
  );
  const prompts = [...new Set(questions.flat(2).map(({ prompt }) => prompt))];
  const texts = await completeAll(tools.engine, prompts, maximumTokens);
  const answers = new Map(prompts.map((prompt, i) => [prompt, parseAnswer(texts[i] ?? "", "withOutput")]));
  return questions.map((byCandidate) =>
    byCandidate.map(
      (asked) =>
        asked.filter(({ prompt, expected }) =>
          matches(expected, answers.get(prompt)?.output, tools.dialect.sequencesAsArrays),
        ).length,
    ),
  );
}

/** The names to ask are read from the program's text: a candidate that does not parse is asked nothing. */
async function questionsOf(
  { dialect, sandbox }: EvaluationTools,
  problem: Problem,
  program: string | null,
): Promise<Question[]> {
  const inspected = program === null ? null : await inspect(sandbox, program, problem.language);
  if (program === null || !inspected) return [];
  const names = inspected.variables.filter((name) => !inspected.parameters.includes(name)).slice(-3);
  const asked = Object.fromEntries(names.map((name) => [name, null]));
  return visibleExamples(problem).map(({ input, expected }) => ({
    prompt: dialect.alignment(program, input, asked, true, problem.language),
    expected,
  }));
}

function visibleExamples(problem: Problem): VisibleExample[] {
  return problem.tests.flatMap((test) => {
    const input = inputOf(test);
    if (!input || !("visible" in test) || !test.visible) return [];
    const expected = test.kind === "call" ? test.expected : test.kind === "stdio" ? test.stdout : null;
    return [{ input, expected, test }];
  });
}

async function submit(
  tools: EvaluationTools,
  options: EvaluationOptions,
  problem: Problem,
  programs: ReadonlyArray<string | null>,
  predicted: readonly number[],
): Promise<SelfChecked | null> {
  const shown = visibleExamples(problem).map(({ test }) => test);
  const distinct = [...new Set(programs)];
  const really = await Promise.all(distinct.map((program) => passedTests(tools, options, problem, program, shown)));
  const actual = programs.map((program) => really[distinct.indexOf(program)] ?? 0);
  const chosen = [programs[firstBest(predicted)] ?? null, programs[firstBest(actual)] ?? null];
  const [submitted, interpreter] = await Promise.all(
    chosen.map((program) => passedTests(tools, options, problem, program, problem.tests)),
  );
  if (typeof submitted !== "number" || typeof interpreter !== "number" || really.includes(null)) return null;
  const all = problem.tests.length;
  return { submitted: Number(submitted === all), interpreter: Number(interpreter === all) };
}

/** null where the judge failed. */
async function passedTests(
  { sandbox }: EvaluationTools,
  { mode }: EvaluationOptions,
  problem: Problem,
  program: string | null,
  tests: readonly Test[],
): Promise<number | null> {
  if (tests.length === 0) return 0;
  const { tests: outcomes, verdict } = await judge(sandbox, { ...problem, tests: [...tests] }, program, {
    mode,
    allTests: true,
  });
  return verdict.kind === "infrastructure" ? null : outcomes.filter(({ kind }) => kind.startsWith("passed")).length;
}

function firstBest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
