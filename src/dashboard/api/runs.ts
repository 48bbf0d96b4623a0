// What the dashboard says of runs as wholes: the list, one run, its curves, its evaluations. Every number is the run
// directory's own; values of programs are text, as their language writes them, so that 2.0 stays 2.0 in a browser.

import { z } from "zod";

const count = z.int().nonnegative();
const number = z.number();
/** Where a run or an evaluation lies under the served folder, with `/` between names; `.` is the folder itself. */
export const place = z.string();

const measure = z.strictObject({ value: number, standardError: number });

const runSummary = z.strictObject({
  run: place,
  name: z.string(),
  recipe: z.string(),
  /** "interrupted": run.json says running, and no process holds the run's lock. */
  status: z.enum(["running", "finished", "stopped", "failed", "interrupted", "damaged"]),
  /** What is wrong with a damaged run, or what of another could not be read; for people. */
  problem: z.string().optional(),
  seed: count,
  /** Equal for runs that differ in nothing but their seed. */
  setting: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  steps: count,
  stepsDone: count,
  /** Median wall-clock seconds of the newest steps, and what is left by it; null before the first step. */
  stepSeconds: number.nullable(),
  secondsLeft: number.nullable(),
  /** The newest step's value of the list's metrics, null where undefined. */
  latest: z.record(z.string(), number.nullable()),
  /** The family evaluation's measures at its first and last step so far. */
  headline: z.record(z.string(), z.strictObject({ before: measure, after: measure.nullable() })),
});

/** A folder that `coderlplus eval` wrote. */
const evaluationFolder = z.strictObject({
  place,
  policy: z.string(),
  benchmarks: z.array(z.strictObject({ benchmark: z.string(), step: count, tasks: count })),
});

export const runList = z.strictObject({
  /** Name of the served folder, for the page's title. */
  folder: z.string(),
  runs: z.array(runSummary),
  evaluations: z.array(evaluationFolder),
  /** Whether there is more than the list holds. */
  truncated: z.boolean(),
});

export const runDetail = z.strictObject({
  summary: runSummary,
  /** config.yaml as it is. */
  config: z.string(),
  /** The same, flat: `rollouts.groupSize` -> `8`. */
  settings: z.record(z.string(), z.string()),
  versions: z.record(z.string(), z.string()),
  host: z.record(z.string(), z.union([z.string(), number])),
  gitRevision: z.string().nullable(),
  dataHashes: z.record(z.string(), z.string()),
  /** Metrics that have a number in some step, in the catalogue's order. */
  metrics: z.array(z.string()),
  evaluations: z.array(z.strictObject({ benchmark: z.string(), steps: z.array(count) })),
  rollouts: z.strictObject({ first: count, last: count, steps: count }).nullable(),
  best: z.strictObject({ measure: z.string(), step: count, ...measure.shape }).nullable(),
});

/** Columns of equal length; null where a metric is undefined. */
export const metricColumns = z.strictObject({
  run: place,
  steps: z.array(count),
  columns: z.record(z.string(), z.array(number.nullable())),
});

/** What every metric and every measure of the family evaluation means. */
export const catalogue = z.strictObject({
  metrics: z.record(z.string(), z.string()),
  measures: z.record(z.string(), z.string()),
});

/** What could not be read and was left out: where, and what is wrong; for people. */
const skipped = z.array(z.string());

export const evaluationTable = z.strictObject({
  run: place,
  benchmark: z.string(),
  records: z.array(z.strictObject({ step: count, problems: count, metrics: z.record(z.string(), measure) })),
  skipped,
});

/** One measure, problem by problem: 1 right, 0 wrong, between for a mean; null where a run did not meet the problem. */
export const matrix = z.strictObject({
  benchmark: z.string(),
  measure: z.string(),
  /** The measures there are to choose from. */
  measures: z.array(z.string()),
  problems: z.array(z.string()),
  columns: z.array(z.strictObject({ run: place, step: count, scores: z.array(number.nullable()) })),
  /** Runs that have no column: why. */
  skipped,
});

/** One problem of an evaluation. */
export const evaluatedProblem = z.strictObject({
  run: place,
  benchmark: z.string(),
  step: count,
  problem: z.string(),
  scores: z.record(z.string(), number),
  /** What was written, by question: text of a model. */
  completions: z.array(
    z.strictObject({ question: z.string(), prompt: z.string().nullable(), completion: z.string(), note: z.string() }),
  ),
});

const interval = z.strictObject({ difference: number, low: number, high: number });

/** As `coderlplus compare` says it, of runs or of folders of evaluations; those have no seeds and nothing before. */
export const comparison = z.strictObject({
  groups: z.array(
    z.strictObject({ name: z.string(), runs: z.array(place), seeds: z.array(count), against: z.string().nullable() }),
  ),
  measures: z.array(
    z.strictObject({
      measure: z.string(),
      base: number.nullable(),
      groups: z.array(
        z.strictObject({
          before: number.nullable(),
          value: number,
          spread: number,
          rewarded: z.boolean(),
          against: interval.nullable(),
        }),
      ),
    }),
  ),
  /** Why there is nothing to compare; for people. Null where there is. */
  refusal: z.string().nullable(),
  /** Runs that are not finished, or cannot be read. */
  skipped,
});

/** One line of the stream of events: what has changed since the last. */
export const runEvent = z.strictObject({
  run: place,
  kind: z.enum(["step", "status", "evaluation", "new", "gone"]),
  stepsDone: count,
  status: runSummary.shape.status,
});

export type RunSummary = z.infer<typeof runSummary>;
export type RunList = z.infer<typeof runList>;
export type RunDetail = z.infer<typeof runDetail>;
export type MetricColumns = z.infer<typeof metricColumns>;
export type EvaluationTable = z.infer<typeof evaluationTable>;
export type EvaluationFolder = z.infer<typeof evaluationFolder>;
export type EvaluatedProblem = z.infer<typeof evaluatedProblem>;
export type Matrix = z.infer<typeof matrix>;
export type ComparisonTable = z.infer<typeof comparison>;
export type RunEvent = z.infer<typeof runEvent>;
