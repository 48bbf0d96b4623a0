// The shapes of what we write, for programs that read it: exported as schemas/*.json. Tests hold real records to them.

import { z } from "zod";
import { dropReasons } from "../alignment/example.js";
import { value } from "../problems/problem.js";
import { questionKinds } from "../prompts/question.js";
import { metricCatalogue } from "./metrics.js";

const count = z.int().nonnegative();
const finite = z.number();
const spent = { cpuMs: finite.nonnegative() };

const testOutcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["passed", "passed-within-tolerance"]), ...spent }),
  z.strictObject({ kind: z.literal("wrong-answer"), expected: value, got: value, ...spent }),
  z.strictObject({
    kind: z.literal("raised"),
    error: z.string(),
    message: z.string(),
    reason: z.literal("unsupported").optional(),
    ...spent,
  }),
  z.strictObject({ kind: z.literal("exited"), exitCode: z.int(), ...spent }),
  z.strictObject({
    kind: z.enum(["timed-out", "out-of-memory", "output-limit", "denied", "crashed"]),
    message: z.string().optional(),
    ...spent,
  }),
  z.strictObject({ kind: z.literal("not-run") }),
]);

const verdict = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("passed"), passed: count, total: count }),
  z.strictObject({ kind: z.literal("failed"), reason: z.string(), passed: count, total: count }),
  z.strictObject({ kind: z.literal("unparsable"), message: z.string(), passed: count, total: count }),
  z.strictObject({ kind: z.literal("infrastructure"), message: z.string() }),
]);

export const verdictSchema = z.strictObject({
  problem: z.string(),
  index: count,
  programSha256: z.string().nullable(),
  verdict,
  tests: z.array(testOutcome),
  engine: z.string(),
  cpuMs: finite.nonnegative(),
  protection: z.literal("weaker").optional(),
  metadata: z.unknown().optional(),
});

const variables = z.record(z.string(), value);

export const traceSchema = z.strictObject({
  status: z.string().regex(/^(ok|exit|error:.+|unparsable|timed-out|out-of-memory|output-limit|denied|crashed)$/),
  variables,
  recursive: z.array(z.string()),
  ambiguous: z.array(z.string()),
  nondeterministic: z.array(z.string()),
  tampered: z.boolean(),
  stdout: z.string(),
  returned: value.optional(),
  history: z
    .strictObject({
      steps: z.record(z.string(), z.array(value)),
      lines: z.array(z.tuple([count, count.nullable()])),
      executed: z.array(count),
      statements: z.array(z.tuple([count, z.string()])),
    })
    .nullable()
    .optional(),
  engine: z.string(),
});

const input = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stdio"), stdin: z.string() }),
  z.strictObject({
    kind: z.literal("call"),
    function: z.string(),
    arguments: z.array(value),
    keywords: variables.optional(),
  }),
]);
const truth = z.strictObject({ variables, output: value.optional(), input: value.optional() });
const target = z.enum(questionKinds);

export const alignmentExampleSchema = z.strictObject({
  id: z.string(),
  problem: z.string(),
  step: count,
  program: z.string(),
  input,
  target: target.default("finalValues"),
  asked: z.array(z.string()),
  truth,
  prompt: z.string(),
  funnel: z.enum(["kept", ...dropReasons]),
});

export const rolloutSchema = z.strictObject({
  step: count,
  task: z.enum(["code", "alignment"]),
  problem: z.string(),
  group: count,
  sample: count,
  prompt: z.string(),
  completion: z.string(),
  stopReason: z.enum(["stop", "length"]),
  program: z.string().optional(),
  verdict: verdict.optional(),
  tests: z.array(testOutcome).optional(),
  alignment: z
    .strictObject({
      program: z.string(),
      input,
      target: target.default("finalValues"),
      asked: z.array(z.string()),
      truth,
      predicted: truth.nullable(),
    })
    .optional(),
  reward: finite.nullable(),
  rewardParts: z.record(z.string(), finite),
  advantage: finite.nullable(),
  tokens: count,
});

export const evaluationSchema = z.strictObject({
  benchmark: z.string(),
  step: count,
  problems: count,
  metrics: z.record(z.string(), z.strictObject({ value: finite, standardError: finite })),
});

export const bestSchema = z.strictObject({
  measure: z.string(),
  step: z.int().positive(),
  value: finite,
  standardError: finite,
});

const metric = finite.nullable().optional();
export const metricsSchema = z.strictObject({
  step: z.int().positive(),
  ...Object.fromEntries(Object.keys(metricCatalogue).map((name) => [name, metric])),
});

export const runSchema = z.strictObject({
  name: z.string(),
  status: z.enum(["running", "finished", "stopped", "failed"]),
  seed: count,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  recipe: z.string(),
  versions: z.record(z.string(), z.string()),
  gitRevision: z.string().nullable(),
  host: z.record(z.string(), z.union([z.string(), finite])),
  steps: count,
  stepsDone: count,
  dataHashes: z.record(z.string(), z.string()),
});
