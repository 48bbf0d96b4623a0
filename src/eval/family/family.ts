// The evaluation of a run: held-out problems, greedy decoding, nothing of which depends on the run's seed, so that runs
// compare problem by problem. Five measures of the paper's kind and one of ours, self-checked pass@1.

import { matches } from "../../alignment/answer.js";
import type { Truth } from "../../alignment/example.js";
import { outputOf } from "../../alignment/output.js";
import { gradeAnswer } from "../../alignment/reward.js";
import { selectVariables } from "../../alignment/select.js";
import { InfrastructureError } from "../../core/errors.js";
import { mean, standardError } from "../../core/maths.js";
import { Rng } from "../../core/rng.js";
import type { Engine } from "../../engines/engine.js";
import { inputOf } from "../../problems/examples.js";
import type { Problem } from "../../problems/problem.js";
import { parsePythonLiteral } from "../../problems/python-literal.js";
import type { Dialect } from "../../prompts/dialect.js";
import type { EvaluatedCandidate, EvaluationRecord, EvaluationSample } from "../../runs/records.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { trace } from "../../tracer/tracer.js";
import { writeCandidates } from "./candidates.js";
import { completeAll } from "./complete.js";
import { predictedMatches, submitted } from "./self-check.js";

export interface EvaluationTools {
  readonly engine: Engine;
  readonly sandbox: Sandbox;
  readonly dialect: Dialect;
  readonly problems: readonly Problem[];
}

export interface EvaluationOptions {
  readonly step: number;
  readonly mode: "strict" | "official";
  readonly maximumTokens: number;
}

/** What each measure means; the table of `train` and `compare` prints these names. */
export const measures = {
  code_pass_at_1: "greedy program passes all tests",
  variables_right: "fraction of variables right, on reference programs",
  all_right: "all variables and the output right",
  output_right: "output right, given the program",
  test_output_right: "output right, given only the specification",
  self_check_at_2: "self-checked pass@1 of 2 candidates",
  interpreter_check_at_2: "ceiling: the same 2, chosen by really running the visible examples",
  self_check_at_4: "self-checked pass@1 of 4 candidates",
  interpreter_check_at_4: "ceiling: the same 4, chosen by really running the visible examples",
  self_check_at_8: "self-checked pass@1: best of 8 by the model's own predictions, nothing executed (our measure)",
  interpreter_check_at_8: "ceiling: the same 8, chosen by really running the visible examples",
} as const;

export type MeasureName = keyof typeof measures;

/** The N of the self-check; of one candidate it is pass@1. */
const CHECKED_COUNTS = [2, 4, 8];

type Scores = Record<string, number>;

/** The record and each problem's own scores, in the problems' order. */
export async function evaluateFamily(
  tools: EvaluationTools,
  options: EvaluationOptions,
  progress: (done: number, total: number) => void,
): Promise<{ record: EvaluationRecord; samples: EvaluationSample[] }> {
  const scores: Scores[] = tools.problems.map(() => ({}));
  const completions: Array<Record<string, string>> = tools.problems.map(() => ({}));
  const total = 4;
  progress(0, total);
  const candidates = await writeCandidates(tools, options);
  for (const [i, [greedy]] of candidates.entries()) {
    completions[i]["code"] = greedy?.completion ?? "";
    if (typeof greedy?.passes === "number") scores[i]["code_pass_at_1"] = greedy.passes;
  }
  progress(1, total);
  await alignment(tools, options, scores, completions);
  progress(2, total);
  await testOutput(tools, options, scores, completions);
  progress(3, total);
  const predicted = await predictedMatches(tools, candidates, options.maximumTokens);
  const checked = candidates.map((written, i) =>
    written.map(({ program, passes, visible }, n) => ({
      program,
      passes,
      visible,
      predicted: predicted[i]?.[n] ?? null,
    })),
  );
  for (const [i, written] of checked.entries()) Object.assign(scores[i], checkScores(written));
  progress(4, total);
  const samples = tools.problems.map(({ id }, i) => ({
    problem: id,
    scores: scores[i],
    completions: completions[i],
    candidates: checked[i],
  }));
  return { record: summarise("family", options.step, samples), samples };
}

/** Of the first N candidates, whether the one chosen by prediction passes, and the one chosen by running. */
function checkScores(candidates: readonly EvaluatedCandidate[]): Scores {
  const pairs = CHECKED_COUNTS.flatMap((count) => {
    const first = candidates.slice(0, count);
    if (first.some(({ passes }) => passes === null)) return [];
    return [
      [`self_check_at_${count}`, submitted(first, ({ predicted }) => predicted)],
      [`interpreter_check_at_${count}`, submitted(first, ({ visible }) => visible)],
    ] as const;
  });
  return Object.fromEntries(pairs);
}

/** Means and standard errors over the problems that have each score. */
function summarise(benchmark: string, step: number, samples: readonly EvaluationSample[]): EvaluationRecord {
  const names = [...new Set(samples.flatMap(({ scores }) => Object.keys(scores)))];
  const metrics = Object.fromEntries(
    names.map((name) => {
      const values = samples.flatMap(({ scores }) => scores[name] ?? []);
      return [name, { value: mean(values), standardError: standardError(values) }];
    }),
  );
  return { benchmark, step, problems: samples.length, metrics };
}

/** On the reference program and an input that no prompt shows: the last test's. The same set for every run. */
async function alignment(
  tools: EvaluationTools,
  options: EvaluationOptions,
  scores: Scores[],
  kept: Array<Record<string, string>>,
): Promise<void> {
  const { engine, dialect, problems } = tools;
  const items = (await Promise.all(problems.map((problem, i) => alignmentItem(tools, problem, i)))).filter(
    (item) => item !== null,
  );
  const texts = await completeAll(
    engine,
    items.map(({ prompt }) => prompt),
    options.maximumTokens,
  );
  for (const [n, { index, truth }] of items.entries()) {
    const completion = texts[n] ?? "";
    const grade = gradeAnswer(truth, completion, "withOutput", dialect.sequencesAsArrays);
    const allVariables = grade.variablesRight === grade.variablesAsked;
    kept[index]["alignment"] = completion;
    Object.assign(scores[index], {
      variables_right: grade.variablesAsked === 0 ? 1 : grade.variablesRight / grade.variablesAsked,
      all_right: Number(allVariables && grade.outputRight !== false),
      output_right: Number(grade.outputRight === true),
    });
  }
}

async function alignmentItem(
  { sandbox, dialect }: EvaluationTools,
  { reference, tests, limits, preamble }: Problem,
  index: number,
): Promise<{ index: number; prompt: string; truth: Truth } | null> {
  const input = tests.map(inputOf).findLast((candidate) => candidate !== undefined);
  if (reference === undefined || !input) return null;
  const traced = await orNull(trace(sandbox, reference, input, { limits, preamble, determinismCheck: false }));
  if (traced === null) return null;
  const asked = selectVariables(traced, { selection: "lastAssigned", maximumVariables: 3 }, Rng.of(0));
  const output = outputOf(traced, input);
  if (asked.length === 0 || output === undefined) return null;
  const variables = Object.fromEntries(asked.map((name) => [name, traced.variables[name] ?? null]));
  return { index, prompt: dialect.alignment(reference, input, variables, true), truth: { variables, output } };
}

async function testOutput(
  tools: EvaluationTools,
  options: EvaluationOptions,
  scores: Scores[],
  kept: Array<Record<string, string>>,
): Promise<void> {
  const { engine, dialect, problems } = tools;
  const items = problems.flatMap((problem, index) => {
    const test = problem.tests.findLast(({ kind }) => kind === "call" || kind === "stdio");
    const prompt = test && dialect.testOutput(problem, test);
    return prompt === undefined ? [] : [{ index, test, prompt }];
  });
  const texts = await completeAll(
    engine,
    items.map(({ prompt }) => prompt),
    options.maximumTokens,
    dialect.testOutputStop,
  );
  for (const [n, { index, test }] of items.entries()) {
    const answer = dialect.testOutputAnswer(texts[n] ?? "");
    kept[index]["testOutput"] = answer;
    const right =
      test?.kind === "call"
        ? matches(test.expected, parsePythonLiteral(answer), false)
        : test?.kind === "stdio" && answer.trim() === test.stdout.trim();
    scores[index]["test_output_right"] = Number(right);
  }
}

/** null where our side failed: such a problem has no score, instead of a wrong one. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof InfrastructureError) return null;
    throw error;
  }
}
