// What a study's finished runs say: the comparison of its variants, and their learning curves. Read from the run
// directories alone, so that it can be made again at any time and comes out the same.

import { mean, standardDeviation } from "../../core/maths.js";
import type { Series } from "../../runs/chart.js";
import { type ComparedRun, type Comparison, compareGroups, readCompared } from "../../runs/compare.js";
import type { MetricName, StepMetrics } from "../../runs/metrics.js";
import { RunDirectory } from "../../runs/run-directory.js";
import type { Job, Plan } from "./plan.js";
import { stateOf } from "./state.js";
import type { SwapCell } from "./swap.js";

interface Curve {
  readonly title: string;
  readonly series: readonly Series[];
}

export interface StudyResults {
  readonly study: string;
  readonly question: string;
  readonly comparison: Comparison;
  readonly curves: readonly Curve[];
  readonly swap: readonly SwapCell[];
  /** Runs that the study still lacks. */
  readonly missing: readonly string[];
}

/** Null as long as no run has finished. */
export function resultsOf({ study, jobs }: Plan, swap: readonly SwapCell[]): StudyResults | null {
  const finished = jobs.filter(({ tasks }) => tasks.every((task) => stateOf(task).kind === "finished"));
  if (finished.length === 0) return null;
  const names = [study.baseline, ...Object.keys(study.variants).filter((name) => name !== study.baseline)];
  const variants = names.flatMap((name) => {
    const own = finished.filter(({ variant }) => variant === name);
    return own.length === 0 ? [] : [{ name, jobs: own }];
  });
  const comparison = compareGroups(
    variants.map(({ name, jobs: own }) => {
      const against = study.variants[name]?.against ?? study.baseline;
      return { name, runs: own.map(comparedJob), against: against === name ? null : against };
    }),
  );
  const wanted = study.measures.flatMap((name) => {
    const row = comparison.measures[name];
    return row ? [[name, row] as const] : [];
  });
  return {
    study: study.name,
    question: study.question,
    comparison: { ...comparison, measures: Object.fromEntries(wanted) },
    curves: curves.flatMap((curve) => curveOf(curve, variants)),
    swap,
    missing: jobs.filter((job) => !finished.includes(job)).map(({ variant, seed }) => `${variant} seed ${seed}`),
  };
}

/** The last training's outcome, what stood before the first, and what any of them was rewarded for. */
function comparedJob({ tasks }: Job): ComparedRun {
  const runs = tasks.map(({ path }) => readCompared(RunDirectory.open(path)));
  const [first, last] = [runs[0], runs.at(-1)] as [ComparedRun, ComparedRun];
  const trained = runs.filter(({ info }) => info.steps > 0);
  const any = (of: (run: ComparedRun) => boolean): boolean => trained.some(of);
  return {
    ...last,
    before: first.before,
    trainedOn: {
      code: any(({ trainedOn }) => trainedOn.code),
      variables: any(({ trainedOn }) => trainedOn.variables),
      output: any(({ trainedOn }) => trainedOn.output),
    },
  };
}

const curves: ReadonlyArray<{ readonly title: string; readonly metric: MetricName }> = [
  { title: "Code: programs that pass", metric: "code/pass_rate" },
  { title: "Code: mean reward", metric: "code/reward_mean" },
  { title: "Alignment: mean reward", metric: "alignment/reward_mean" },
  { title: "Alignment: all variables right", metric: "alignment/all_right_rate" },
  { title: "Entropy (nats)", metric: "policy/entropy" },
];

interface FinishedVariant {
  readonly name: string;
  readonly jobs: readonly Job[];
}

function curveOf({ title, metric }: (typeof curves)[number], variants: readonly FinishedVariant[]): Curve[] {
  const series = variants
    .map(({ name, jobs }, place) => ({ name, place, points: meanCurve(jobs.map(metricsOf), metric) }))
    .filter(({ points }) => points.length > 0);
  return series.length === 0 ? [] : [{ title, series }];
}

/** A job's steps, those of a later training counted on. */
function metricsOf({ tasks }: Job): StepMetrics[] {
  let before = 0;
  return tasks.flatMap(({ path, config }) => {
    const offset = before;
    before += config.train.steps;
    return RunDirectory.open(path)
      .readMetrics()
      .map((line) => ({ ...line, step: line.step + offset }));
  });
}

/** Mean and standard deviation over seeds at each step that has a value. */
function meanCurve(runs: ReadonlyArray<readonly StepMetrics[]>, metric: MetricName): Series["points"] {
  const bySteps = new Map<number, number[]>();
  for (const line of runs.flat()) {
    const value = line[metric];
    if (typeof value === "number") bySteps.set(line.step, [...(bySteps.get(line.step) ?? []), value]);
  }
  return [...bySteps]
    .sort(([a], [b]) => a - b)
    .map(([x, values]) => ({ x, y: mean(values), spread: standardDeviation(values) }));
}
