// What the dashboard says of rollouts: rows to choose from, a group in full, the way from a failed program to the
// questions made of it, a program traced again. Text of a model is text here: what shows it decides how, never it.

import { z } from "zod";
import { place } from "./runs.js";

const count = z.int().nonnegative();
const number = z.number();

/** One rollout of a run. */
const rolloutPlace = z.strictObject({ step: count, group: count, sample: count });

const rolloutRow = z.strictObject({
  ...rolloutPlace.shape,
  task: z.enum(["code", "alignment"]),
  problem: z.string(),
  /** The verdict's kind; null for alignment. */
  verdict: z.enum(["passed", "failed", "unparsable", "infrastructure"]).nullable(),
  /** Of a failed one: the kind of the test that failed. */
  reason: z.string().nullable(),
  reward: number.nullable(),
  advantage: number.nullable(),
  tokens: count,
  stopReason: z.enum(["stop", "length"]),
});

/** How far the index beside the records has come: it is built while the page is used. */
const indexProgress = z.strictObject({
  steps: count,
  of: count,
  rollouts: count,
  /** Lines that are no rollouts, and were left out; a group's answer names those of its step. */
  skipped: count,
  /** Why the index is not kept on the disk; for people. Null where it is, or need not be. */
  note: z.string().nullable(),
});

export const rolloutPage = z.strictObject({
  /** Rollouts that the filter keeps, of those indexed so far. */
  total: count,
  offset: count,
  rows: z.array(rolloutRow),
  index: indexProgress,
});

/** Rollouts whose prompt, completion or program holds a text, as far as was searched in the time one answer may take. */
export const searchPage = z.strictObject({
  rows: z.array(z.strictObject({ ...rolloutRow.shape, excerpt: z.string() })),
  /** Where the next request goes on; null at the end. */
  cursor: count.nullable(),
  /** Steps, all answers up to this one together. */
  searched: count,
  of: count,
});

export const problemTable = z.strictObject({
  problems: z.array(
    z.strictObject({
      problem: z.string(),
      code: count,
      /** Of the code rollouts that have a verdict. */
      passRate: number.nullable(),
      alignment: count,
      alignmentReward: number.nullable(),
      firstPassed: count.nullable(),
    }),
  ),
  index: indexProgress,
});

const testDetail = z.strictObject({
  kind: z.string(),
  /** Values as text in the program's language; standard output as it is. */
  expected: z.string().optional(),
  got: z.string().optional(),
  /** Whether both are printed output, to be compared line by line. */
  isOutput: z.boolean(),
  error: z.string().optional(),
  message: z.string().optional(),
  cpuMs: number.nullable(),
});

/** One value that was asked for. */
const askedValue = z.strictObject({
  /** Scope path and name; `output` and `input` for those. */
  name: z.string(),
  type: z.string(),
  truth: z.string(),
  predictedType: z.string().nullable(),
  /** Null where the answer did not have it. */
  predicted: z.string().nullable(),
  right: z.boolean(),
});

/** Columns of equal length, one entry a token of the completion. */
const tokenColumns = z.strictObject({
  /** End of each token's text in the completion, in UTF-16 units; a token inside a character ends where it begins. */
  ends: z.array(count),
  /** Natural logarithm of the token's probability where it was sampled. */
  logprobs: z.array(number),
  /** Of the newest update of this step that the rollout was in: exp(logprob there - logprob before the first). Null where there was none. */
  ratios: z.array(number).nullable(),
  /** With every weight that the loss gave it; null where the rollout was not learnt from. */
  advantages: z.array(number).nullable(),
});

const rolloutDetail = z.strictObject({
  ...rolloutRow.shape,
  language: z.enum(["python", "javascript"]),
  prompt: z.string(),
  completion: z.string(),
  /** Of a code rollout: what was run; null where the completion holds none. Of alignment: what it asks about. */
  program: z.string().nullable(),
  rewardParts: z.record(z.string(), number),
  /** What a verdict that is not `passed` or `failed` says. */
  message: z.string().nullable(),
  tests: z.array(testDetail),
  alignment: z
    .strictObject({
      /** As text: standard input, or the call. */
      input: z.string(),
      inputKind: z.enum(["stdio", "call"]),
      target: z.string(),
      values: z.array(askedValue),
      /** Whether the completion's last line was an answer at all. */
      answered: z.boolean(),
    })
    .nullable(),
  /** Null where the run recorded none for this rollout. */
  tokenDetail: tokenColumns.nullable(),
});

export const groupDetail = z.strictObject({
  run: place,
  step: count,
  group: count,
  /** Its neighbours in the step, for paging. */
  groups: count,
  rollouts: z.array(rolloutDetail),
  /** Lines of the step's file that are no rollouts, the first of them: where, and what is wrong; for people. */
  skipped: z.array(z.string()),
});

/** From a failed program to the alignment rollouts made from it, and back. */
export const rolloutLinks = z.strictObject({ links: z.array(rolloutRow), index: indexProgress });

/** A problem as the run's data has it. */
export const problemDetail = z.strictObject({
  problem: z.string(),
  /** Why there is nothing to show; for people. */
  missing: z.string().nullable(),
  language: z.enum(["python", "javascript"]),
  prompt: z.string(),
  reference: z.string().nullable(),
  tests: z.array(z.strictObject({ kind: z.string(), input: z.string(), expected: z.string() })),
});

/** What a program is traced on: the rollout's own input, one of its problem's tests, or an input of the reader's. */
const traceInput = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("own") }),
  z.strictObject({ kind: z.literal("test"), test: count }),
  z.strictObject({ kind: z.literal("stdin"), stdin: z.string().max(100_000) }),
  z.strictObject({ kind: z.literal("expression"), expression: z.string().max(10_000), stdin: z.string().max(100_000) }),
]);

export const traceRequest = z.strictObject({ run: place, ...rolloutPlace.shape, input: traceInput });

/** One executed line, with what became different while it was. */
const moment = z.strictObject({
  line: count,
  /** Path of the function; empty for the module. */
  scope: z.string(),
  /** Tells calls of one function apart; 0 is the module. */
  activation: count,
  /** Calls that are open around it. */
  depth: count,
  /** UTF-16 units of `stdout` that were written before. */
  printed: count,
  /** Index into `names`, and the new value as text; null where there is none any more. */
  changes: z.array(z.tuple([count, z.string().nullable()])),
});

/** A recorded run, to be stepped through. */
export const traceDetail = z.strictObject({
  program: z.string(),
  language: z.enum(["python", "javascript"]),
  /** As text: standard input, or the call. */
  input: z.string(),
  inputKind: z.enum(["stdio", "call"]),
  /** Where the input is that of a test: what the test expects, as text. */
  expected: z.string().nullable(),
  status: z.string(),
  message: z.string(),
  stdout: z.string(),
  returned: z.string().nullable(),
  /** Final values, as text. */
  variables: z.array(z.strictObject({ name: z.string(), type: z.string(), text: z.string(), note: z.string() })),
  /** Executed lines in the order of time over all functions; null where nothing could be recorded. */
  moments: z.array(moment).nullable(),
  /** Variables by scope path and name; `f()` is what a call of f gave back. */
  names: z.array(z.string()),
  /** Whether the recording ended before the program did. */
  cut: z.boolean(),
  /** Whether the recorded run went as the program goes alone; what is recorded may depend on chance, clock or depth. */
  agrees: z.boolean(),
  engine: z.string(),
  cpuMs: number,
});

export type RolloutPlace = z.infer<typeof rolloutPlace>;
export type RolloutRow = z.infer<typeof rolloutRow>;
export type RolloutPage = z.infer<typeof rolloutPage>;
export type IndexProgress = z.infer<typeof indexProgress>;
export type SearchPage = z.infer<typeof searchPage>;
export type ProblemTable = z.infer<typeof problemTable>;
export type RolloutDetail = z.infer<typeof rolloutDetail>;
export type TestDetail = z.infer<typeof testDetail>;
export type AskedValue = z.infer<typeof askedValue>;
export type TokenColumns = z.infer<typeof tokenColumns>;
export type GroupDetail = z.infer<typeof groupDetail>;
export type RolloutLinks = z.infer<typeof rolloutLinks>;
export type ProblemDetail = z.infer<typeof problemDetail>;
export type TraceInput = z.infer<typeof traceInput>;
export type TraceRequest = z.infer<typeof traceRequest>;
export type TraceMoment = z.infer<typeof moment>;
export type TraceDetail = z.infer<typeof traceDetail>;
