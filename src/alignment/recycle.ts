// Recycling: failed programs become alignment examples, labelled by really running them. Each program that gives
// none is counted with its reason. Running is the tracer's business, keeping the pool's.

import { InfrastructureError } from "../core/errors.js";
import { sha256 } from "../core/files.js";
import { type Json, stringifyJson } from "../core/json.js";
import { Rng } from "../core/rng.js";
import type { Judgement, TestKind, Verdict } from "../judge/verdict.js";
import { inputOf } from "../problems/examples.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { type Dialect } from "../prompts/dialect.js";
import type { Trace } from "../tracer/trace.js";
import { type AlignmentExample, type DropReason, dropReasons, type Funnel, type Truth } from "./example.js";
import { type AlignmentPool, exampleKey } from "./pool.js";
import { askable, isTooBig, type Selection, selectVariables } from "./select.js";

export const sources = ["failed", "all", "passed", "references"] as const;
export const passedTests = ["any", "some", "none"] as const;

export interface RecycleOptions extends Selection {
  readonly source: (typeof sources)[number];
  /** Of failed programs: those that pass some tests, those that pass none, or any. */
  readonly passedTests: (typeof passedTests)[number];
  readonly minimumComplexity: number;
  readonly maximumComplexity: number;
  readonly includeRaised: boolean;
  readonly maximumPromptTokens: number;
  /** Longest true answer worth asking for: what the model could not write within its limit is "too big". */
  readonly maximumAnswerTokens: number;
  /** New examples a step; null takes every one. */
  readonly maximumPerStep: number | null;
}

/** A judged code rollout, or a reference program, which nobody has judged. */
export interface Candidate {
  readonly problem: Problem;
  readonly program: string | null;
  readonly judgement: Judgement | null;
  /** What to run it on; without it the verdict decides. */
  readonly input?: ProgramInput | undefined;
}

export interface RecycleTools {
  readonly dialect: Dialect;
  readonly trace: (program: string, input: ProgramInput, problem: Problem) => Promise<Trace>;
  readonly countTokens: (text: string) => number;
}

type Outcome = AlignmentExample | DropReason;

/**
 * Examples from a step's code rollouts, in their order, and the count of what became of each candidate.
 *
 * @param pool  only asked for what it already holds; adding is the caller's
 * @param seed  decides which candidates are traced where the step has more than its limit
 */
export async function recycle(
  candidates: readonly Candidate[],
  options: RecycleOptions,
  pool: AlignmentPool,
  tools: RecycleTools,
  step: number,
  seed: number,
): Promise<{ readonly examples: AlignmentExample[]; readonly funnel: Funnel }> {
  const inStep = new Set<string>();
  const sifted = candidates.map((candidate) => sift(candidate, options, pool, inStep));
  const traceable = sifted.flatMap((outcome, i) => (typeof outcome === "string" ? [] : [i]));
  const chosen = new Set(
    Rng.of(seed, "recycle", step)
      .shuffled(traceable)
      .slice(0, options.maximumPerStep ?? traceable.length),
  );
  const outcomes = await Promise.all(
    sifted.map(async (outcome, i): Promise<Outcome> => {
      if (typeof outcome === "string") return outcome;
      if (!chosen.has(i)) return "over-limit";
      return build(candidates[i], outcome, options, tools, step, Rng.of(seed, "select", step, i));
    }),
  );
  const examples = outcomes.filter((outcome) => typeof outcome !== "string");
  const dropped = countsOf((reason) => outcomes.filter((outcome) => outcome === reason).length);
  return { examples, funnel: { candidates: candidates.length, kept: examples.length, dropped } };
}

export function emptyFunnel(): Funnel {
  return { candidates: 0, kept: 0, dropped: countsOf(() => 0) };
}

export function sumOf(a: Funnel, b: Funnel): Funnel {
  return {
    candidates: a.candidates + b.candidates,
    kept: a.kept + b.kept,
    dropped: countsOf((reason) => a.dropped[reason] + b.dropped[reason]),
  };
}

function countsOf(count: (reason: DropReason) => number): Funnel["dropped"] {
  return Object.fromEntries(dropReasons.map((reason) => [reason, count(reason)])) as Funnel["dropped"];
}

/** What can be told without running anything: a reason to drop, or the input to run on. */
function sift(
  candidate: Candidate,
  options: RecycleOptions,
  pool: AlignmentPool,
  inStep: Set<string>,
): ProgramInput | DropReason {
  const verdict = candidate.judgement?.verdict;
  if (verdict?.kind === "infrastructure") return "infrastructure";
  if (candidate.program === null || verdict?.kind === "unparsable") return "unparsable";
  if (verdict && !isWanted(verdict, options)) return "passed";
  const { input, outcome } = firstInput(candidate);
  if (!input) return "no-input";
  if (outcome !== undefined && endless.has(outcome)) return "timed-out";
  const key = exampleKey(candidate.program, input);
  if (inStep.has(key) || pool.has(candidate.program, input)) return "duplicate";
  inStep.add(key);
  return input;
}

/** Whether the verdict is one of those that the source asks for. */
function isWanted(verdict: Verdict, { source, passedTests: wanted }: RecycleOptions): boolean {
  if (source === "references") return false;
  if (verdict.kind !== "failed") return source !== "failed";
  if (source === "passed") return false;
  return wanted === "any" || (wanted === "some") === verdict.passed > 0;
}

/** The first failing test's input, else the first test's; tests that only assert have none. */
function firstInput({ problem, judgement, input: given }: Candidate): {
  readonly input: ProgramInput | undefined;
  readonly outcome?: TestKind | undefined;
} {
  if (!judgement) return { input: given };
  const failing = judgement.tests.findIndex(({ kind }) => !kind.startsWith("passed") && kind !== "not-run");
  const failed = problem.tests[failing];
  const input = failed && inputOf(failed);
  if (input) return { input, outcome: judgement.tests[failing]?.kind };
  return { input: problem.tests.map(inputOf).find((other) => other !== undefined) };
}

/** A trace would end the same way: not worth the time. */
const endless: ReadonlySet<TestKind> = new Set<TestKind>(["timed-out", "out-of-memory", "output-limit"]);

async function build(
  { problem, program }: Candidate,
  input: ProgramInput,
  options: RecycleOptions,
  tools: RecycleTools,
  step: number,
  rng: Rng,
): Promise<Outcome> {
  let trace: Trace;
  try {
    trace = await tools.trace(program as string, input, problem);
  } catch (error) {
    if (error instanceof InfrastructureError) return "infrastructure";
    throw error;
  }
  const reason = refuse(trace, options);
  if (reason) return reason;
  const asked = selectVariables(trace, options, rng);
  const truth = truthOf(trace, asked, input);
  const withOutput = truth.output !== undefined;
  const prompt = tools.dialect.alignment(program as string, input, truth.variables, withOutput, problem.language);
  if (tools.countTokens(prompt) > options.maximumPromptTokens) return "prompt-too-long";
  if (tools.countTokens(stringifyJson(truth)) > options.maximumAnswerTokens) return "too-big";
  const id = sha256(`${step}\n${exampleKey(program as string, input)}`).slice(0, 16);
  return { id, problem: problem.id, step, program: program as string, input, asked, truth, prompt, funnel: "kept" };
}

function refuse(trace: Trace, options: RecycleOptions): DropReason | null {
  if (trace.tampered) return "tampered";
  if (trace.status === "unparsable") return "unparsable";
  if (trace.status.startsWith("error:") || trace.status === "crashed" || trace.status === "denied") {
    if (!options.includeRaised) return "raised";
  } else if (trace.status !== "ok" && trace.status !== "exit") return "timed-out";
  if (trace.complexity < options.minimumComplexity || trace.complexity > options.maximumComplexity) return "complexity";
  if (askable(trace).length > 0) return null;
  if (trace.nondeterministic.length > 0) return "nondeterministic";
  return Object.values(trace.variables).some(isTooBig) ? "too-big" : "no-variables";
}

function truthOf(trace: Trace, asked: readonly string[], input: ProgramInput): Truth {
  const variables = Object.fromEntries(asked.map((name) => [name, trace.variables[name] ?? null]));
  const output = outputOf(trace, input);
  return output === undefined ? { variables } : { variables, output };
}

/**
 * What a run gave: the call's result, all that was printed, or the type of the exception that ended it; undefined where
 * it did not end or has no fixed form.
 */
export function outputOf(trace: Trace, input: ProgramInput): Json | undefined {
  if (trace.outputNondeterministic) return undefined;
  if (trace.status.startsWith("error:")) return trace.status.slice("error:".length);
  if (trace.status !== "ok" && trace.status !== "exit") return undefined;
  const output = input.kind === "call" ? trace.returned : trace.stdout;
  return output === undefined || isTooBig(output) ? undefined : output;
}
