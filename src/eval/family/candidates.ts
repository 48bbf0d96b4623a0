// The programs that a model writes for each problem: one greedy, the others drawn at temperature 1; and what the judge
// says of each. Every measure on code is read from them, so each distinct program is judged once.

import { judge } from "../../judge/judge.js";
import type { Problem, Test } from "../../problems/problem.js";
import { completeAll, drawAll } from "./complete.js";
import type { EvaluationOptions, EvaluationTools } from "./family.js";

/** Programs a problem: the largest N of the self-check. */
const CANDIDATES = 8;

/** null in both where the judge failed. */
interface Outcome {
  /** 1 where every test passes. */
  readonly passes: number | null;
  /** Visible tests that pass. */
  readonly visible: number | null;
}

export interface Candidate extends Outcome {
  readonly completion: string;
  /** null where the completion holds none. */
  readonly program: string | null;
}

/** [problems][N], the greedy one first. */
export async function writeCandidates(tools: EvaluationTools, options: EvaluationOptions): Promise<Candidate[][]> {
  const { engine, dialect, problems } = tools;
  const prompts = problems.map(dialect.code);
  const { maximumTokens } = options;
  const draw = { count: CANDIDATES - 1, temperature: 1, maximumTokens, seed: "self-check" };
  const greedy = await completeAll(engine, prompts, maximumTokens);
  const drawn = await drawAll(engine, prompts, draw);
  return Promise.all(
    problems.map((problem, i) => judged(tools, options, problem, [greedy[i] ?? "", ...(drawn[i] ?? [])])),
  );
}

async function judged(
  tools: EvaluationTools,
  options: EvaluationOptions,
  problem: Problem,
  completions: readonly string[],
): Promise<Candidate[]> {
  const programs = completions.map((completion) => tools.dialect.program(problem, completion));
  const distinct = [...new Set(programs)];
  const outcomes = await Promise.all(distinct.map((program) => outcomeOf(tools, options, problem, program)));
  return completions.map((completion, i) => {
    const program = programs[i] ?? null;
    return { completion, program, ...outcomes[distinct.indexOf(program)] };
  });
}

/** The hidden tests are run where every visible one passes: elsewhere they decide nothing. */
async function outcomeOf(
  { sandbox }: EvaluationTools,
  { mode }: EvaluationOptions,
  problem: Problem,
  program: string | null,
): Promise<Outcome> {
  const [shown, hidden] = [true, false].map((visible) =>
    problem.tests.filter((test) => (test.visible === true) === visible),
  ) as [Test[], Test[]];
  const first = await judge(sandbox, { ...problem, tests: shown }, program, { mode, allTests: true });
  if (first.verdict.kind === "infrastructure") return { passes: null, visible: null };
  const visible = first.tests.filter(({ kind }) => kind.startsWith("passed")).length;
  if (visible < shown.length || hidden.length === 0)
    return { passes: Number(visible === problem.tests.length), visible };
  const { verdict } = await judge(sandbox, { ...problem, tests: hidden }, program, { mode });
  if (verdict.kind === "infrastructure") return { passes: null, visible: null };
  return { passes: Number(verdict.kind === "passed"), visible };
}
