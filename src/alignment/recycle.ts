// Recycling: failed programs become alignment examples. Each program that gives none is counted with its reason. How one
// becomes an example is build.ts's business, keeping them the pool's.

import { Rng } from "../core/rng.js";
import type { Judgement, TestKind, Verdict } from "../judge/verdict.js";
import { inputOf } from "../problems/examples.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { type BuildOptions, type BuildTools, buildExample } from "./build.js";
import { emptied } from "./emptied.js";
import { type AlignmentExample, type DropReason, dropReasons, type Funnel } from "./example.js";
import { type AlignmentPool, exampleKey } from "./pool.js";
import { kindsOf } from "./target.js";

export const sources = ["failed", "all", "passed", "references"] as const;
export const passedTests = ["any", "some", "none"] as const;

export interface RecycleOptions extends BuildOptions {
  readonly source: (typeof sources)[number];
  /** Of failed programs: those that pass some tests, those that pass none, or any. */
  readonly passedTests: (typeof passedTests)[number];
  /** New examples a step; null takes every one. */
  readonly maximumPerStep: number | null;
  /** Share of the programs that are asked about an emptied input instead of their own. */
  readonly emptiedInputs: number;
}

/** A judged code rollout, or a reference program, which nobody has judged. */
export interface Candidate {
  readonly problem: Problem;
  readonly program: string | null;
  readonly judgement: Judgement | null;
  /** What to run it on; without it the verdict decides. */
  readonly input?: ProgramInput | undefined;
}

type Outcome = AlignmentExample | DropReason;

/**
 * Examples from a step's code rollouts, in their order, and the count of what became of each candidate.
 *
 * @param pool  only asked for what it already holds; adding is the caller's
 * @param seed  decides which candidates are traced where the step has more than its limit
 * @param first  how many candidates of the step came before these: each has draws of its own
 */
export async function recycle(
  candidates: readonly Candidate[],
  options: RecycleOptions,
  pool: AlignmentPool,
  tools: BuildTools,
  step: number,
  seed: number,
  first = 0,
): Promise<{ readonly examples: AlignmentExample[]; readonly funnel: Funnel }> {
  const inStep = new Set<string>();
  const sifted = candidates.map((candidate, i) => {
    const empties = Rng.of(seed, "emptied", step, first + i).uniform() < options.emptiedInputs;
    return sift(candidate, options, pool, inStep, empties);
  });
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
      const { problem, program } = candidates[i];
      const job = { problem, program: program as string, input: outcome, step };
      const without = pool.asked(job.program, outcome);
      return buildExample({ ...job, without }, options, tools, Rng.of(seed, "select", step, first + i));
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
  empties: boolean,
): ProgramInput | DropReason {
  const verdict = candidate.judgement?.verdict;
  if (verdict?.kind === "infrastructure") return "infrastructure";
  if (candidate.program === null || verdict?.kind === "unparsable") return "unparsable";
  if (verdict && !isWanted(verdict, options)) return "passed";
  const { input: given, outcome } = firstInput(candidate);
  if (!given) return "no-input";
  const input = empties ? emptied(given) : given;
  if (!empties && outcome !== undefined && endless.has(outcome)) return "timed-out";
  const key = exampleKey(candidate.program, input);
  const asked = new Set(pool.asked(candidate.program, input));
  if (inStep.has(key) || kindsOf(options.target).every((kind) => asked.has(kind))) return "duplicate";
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
