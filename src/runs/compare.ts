// Runs side by side: seeds of the same setting are grouped, groups are compared problem by problem with intervals.

import { UsageError } from "../core/errors.js";
import { mean, quantile, standardDeviation } from "../core/maths.js";
import { Rng } from "../core/rng.js";
import type { EvaluationSample, RunInfo } from "./records.js";
import type { RunDirectory } from "./run-directory.js";

const BOOTSTRAP_DRAWS = 2000;

export interface ComparedRun {
  readonly path: string;
  readonly info: RunInfo;
  /** What of the reward a run was trained on. */
  readonly trainedOn: { readonly code: boolean; readonly alignment: boolean };
  readonly before: readonly EvaluationSample[];
  readonly after: readonly EvaluationSample[];
}

interface Interval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

export interface GroupMeasure {
  /** Mean over seeds of the mean over problems. */
  readonly value: number;
  /** Standard deviation over seeds; 0 for one seed. */
  readonly spread: number;
  /** Whether the group's own reward contains this measure. */
  readonly rewarded: boolean;
  /** Against the first group, paired by seed and problem; null for the first group, or without a common seed. */
  readonly against: Interval | null;
}

export interface Comparison {
  readonly groups: ReadonlyArray<{ readonly name: string; readonly seeds: readonly number[] }>;
  readonly base: Readonly<Record<string, number>>;
  /** [measure][group] */
  readonly measures: Readonly<Record<string, readonly GroupMeasure[]>>;
}

/** What a finished run has to say. @throws UsageError where its last evaluation is missing */
export function readCompared(run: RunDirectory, benchmark = "family"): ComparedRun {
  const info = run.readInfo();
  const steps = run.evaluationSteps(benchmark);
  const last = steps.at(-1);
  if (last === undefined || steps[0] !== 0 || (last === 0 && info.steps > 0)) {
    throw new UsageError(
      `${run.path}: has no evaluation before and after training (status: ${info.status}); finish it with: coderlplus train --run ${run.path} --resume`,
    );
  }
  const share = /^alignment:\n(?: {2}.*\n)*? {2}share: (\S+)/m.exec(run.readConfig())?.[1] ?? "0";
  return {
    path: run.path,
    info,
    trainedOn: { code: Number(share) < 1, alignment: Number(share) > 0 },
    before: run.readEvaluationSamples(benchmark, 0),
    after: run.readEvaluationSamples(benchmark, last),
  };
}

/** Groups by recipe, in the order given; the first group is what the others are compared with. */
export function compareRuns(runs: readonly ComparedRun[]): Comparison {
  const names = [...new Set(runs.map(({ info }) => info.recipe))];
  const groups = names.map((name) => runs.filter(({ info }) => info.recipe === name));
  const measures = [...new Set(runs.flatMap(({ after }) => after.flatMap(({ scores }) => Object.keys(scores))))];
  return {
    groups: groups.map((group, i) => ({ name: names[i], seeds: group.map(({ info }) => info.seed) })),
    base: Object.fromEntries(measures.map((name) => [name, mean(runs.map(({ before }) => scoreOf(before, name)))])),
    measures: Object.fromEntries(
      measures.map((name) => [
        name,
        groups.map((group, i) => groupMeasure(name, group, i === 0 ? null : (groups[0] ?? null))),
      ]),
    ),
  };
}

function groupMeasure(
  name: string,
  group: readonly ComparedRun[],
  baseline: readonly ComparedRun[] | null,
): GroupMeasure {
  const values = group.map(({ after }) => scoreOf(after, name));
  const { code, alignment } = group[0]?.trainedOn ?? { code: false, alignment: false };
  const rewarded = name.startsWith("code_") ? code : /^(variables|all|output)_right$/.test(name) && alignment;
  return {
    value: mean(values),
    spread: standardDeviation(values),
    rewarded,
    against: baseline === null ? null : pairedInterval(name, group, baseline),
  };
}

function scoreOf(samples: readonly EvaluationSample[], name: string): number {
  return mean(samples.flatMap(({ scores }) => scores[name] ?? []));
}

/**
 * Mean difference between runs of the same seed on the same problems, with a 95 % percentile interval from a
 * bootstrap that draws seeds and problems with replacement.
 */
function pairedInterval(
  name: string,
  group: readonly ComparedRun[],
  baseline: readonly ComparedRun[],
): Interval | null {
  const differences = group.flatMap((run) => {
    const other = baseline.find(({ info }) => info.seed === run.info.seed);
    if (!other) return [];
    const theirs = new Map(other.after.map(({ problem, scores }) => [problem, scores[name]]));
    const paired = run.after.flatMap(({ problem, scores }) => {
      const [ours, theirScore] = [scores[name], theirs.get(problem)];
      return ours === undefined || theirScore === undefined ? [] : [ours - theirScore];
    });
    return paired.length === 0 ? [] : [paired];
  });
  if (differences.length === 0) return null;
  const rng = Rng.of("compare", name);
  const draws = Array.from({ length: BOOTSTRAP_DRAWS }, () => {
    const problems = Array.from({ length: differences[0]?.length ?? 0 }, () => rng.uniform());
    const seeds = differences.map(() => rng.pick(differences));
    return mean(seeds.map((row) => mean(problems.map((u) => row[Math.floor(u * row.length)]))));
  });
  return { difference: mean(differences.map(mean)), low: quantile(draws, 0.025), high: quantile(draws, 0.975) };
}
