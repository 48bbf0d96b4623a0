// How much one policy is better than another on the same tasks, with what is only chance: paired differences with
// bootstrap intervals. Not here: which two may be compared (pair.ts), how it is shown.

import { mean } from "../../core/maths.js";
import { type Interval, pairedInterval, type SeedScores } from "../../runs/compare.js";
import type { PromptStyle } from "../benchmarks/benchmark.js";
import { type Change, changes, commonEvaluations, pairTasks } from "./pair.js";
import type { Evaluation } from "./read.js";
import { countTasks, type Metric, metrics, scoresAt } from "./task-scores.js";

interface MetricDifference {
  /** Means over the tasks that both have a score of. */
  readonly base: number;
  readonly other: number;
  /** other - base, with a 95 % interval from drawing tasks with replacement. */
  readonly against: Interval;
}

interface BenchmarkComparison {
  readonly benchmark: string;
  readonly prompts: PromptStyle;
  /** Of the checkpoints. */
  readonly steps: { readonly base: number; readonly other: number };
  readonly tasks: number;
  readonly metrics: Readonly<Record<string, MetricDifference>>;
  /** Tasks by what became of them, by strict grading. */
  readonly changes: Readonly<Record<Change, number>>;
}

export interface EvaluationComparison {
  readonly base: string;
  readonly other: string;
  readonly benchmarks: readonly BenchmarkComparison[];
  /** Benchmarks that only one of the two has. */
  readonly alone: readonly string[];
}

/** One policy's evaluations under the name they are shown by. */
export interface Named {
  readonly name: string;
  readonly evaluations: readonly Evaluation[];
}

/** @throws UsageError where nothing is common, or what is common was asked in different ways */
export function compareEvaluations(base: Named, other: Named): EvaluationComparison {
  const { pairs, alone } = commonEvaluations(base.evaluations, other.evaluations);
  return {
    base: base.name,
    other: other.name,
    benchmarks: pairs.map((pair) => compareBenchmark(pair.base, pair.other)),
    alone,
  };
}

function compareBenchmark(base: Evaluation, other: Evaluation): BenchmarkComparison {
  const paired = pairTasks(base, other);
  const { benchmark, prompts } = base.info;
  return {
    benchmark,
    prompts,
    steps: { base: base.info.step, other: other.info.step },
    tasks: paired.length,
    metrics: Object.fromEntries(
      metrics.flatMap((metric) => {
        const difference = metricDifference(metric, base, other);
        return difference === null ? [] : [[metric.name, difference]];
      }),
    ),
    changes: Object.fromEntries(
      changes.map((change) => [change, paired.filter((task) => task.change === change).length]),
    ) as Record<Change, number>,
  };
}

function metricDifference({ name, grading, k }: Metric, base: Evaluation, other: Evaluation): MetricDifference | null {
  const [before, after] = [base, other].map(({ samples }) => scoresAt(k, countTasks(samples, grading)));
  const common = [...before].flatMap(([problem, score]) => {
    const otherScore = after.get(problem);
    return otherScore === undefined ? [] : [{ problem, base: score, other: otherScore }];
  });
  const side = (key: "base" | "other"): SeedScores[] => [
    { seed: 0, samples: common.map((row) => ({ problem: row.problem, scores: { [name]: row[key] } })) },
  ];
  const against = pairedInterval(name, side("other"), side("base"));
  if (against === null) return null;
  return { base: mean(common.map((row) => row.base)), other: mean(common.map((row) => row.other)), against };
}
