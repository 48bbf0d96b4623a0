// Runs side by side: seeds of the same setting are grouped, groups are compared problem by problem with intervals.

import { parse as parseYaml } from "yaml";
import { UsageError } from "../core/errors.js";
import { mean, quantile, standardDeviation } from "../core/maths.js";
import { Rng } from "../core/rng.js";
import type { EvaluationSample, RunInfo } from "./records.js";
import type { RunDirectory } from "./run-directory.js";

const BOOTSTRAP_DRAWS = 2000;

export interface ComparedRun {
  readonly path: string;
  readonly info: RunInfo;
  /** The resolved config, flat, without what may differ between seeds of one setting. */
  readonly setting: Readonly<Record<string, string>>;
  /** What of the reward a run was trained on. */
  readonly trainedOn: { readonly code: boolean; readonly variables: boolean; readonly output: boolean };
  readonly before: readonly EvaluationSample[];
  readonly after: readonly EvaluationSample[];
}

export interface Interval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

export interface GroupMeasure {
  /** Mean over seeds of the mean over problems, before training. */
  readonly before: number;
  /** The same after it. */
  readonly value: number;
  /** Standard deviation over seeds; 0 for one seed. */
  readonly spread: number;
  /** Whether the group's own reward contains this measure. */
  readonly rewarded: boolean;
  /** Against the group's baseline, paired by seed and problem; null without one, or without a common seed. */
  readonly against: Interval | null;
}

/** Seeds of one setting. */
export interface ComparedGroup {
  readonly name: string;
  readonly runs: readonly ComparedRun[];
  /** The name of the group it is compared with. */
  readonly against: string | null;
}

export interface Comparison {
  readonly groups: ReadonlyArray<{
    readonly name: string;
    readonly seeds: readonly number[];
    readonly against: string | null;
  }>;
  /** Before training, mean over all runs. */
  readonly base: Readonly<Record<string, number>>;
  /** [measure][group] */
  readonly measures: Readonly<Record<string, readonly GroupMeasure[]>>;
}

/** What a finished run has to say. @throws UsageError where its last evaluation is missing */
export function readCompared(run: RunDirectory, benchmark = "family"): ComparedRun {
  const info = run.readInfo();
  const steps = run.evaluationSteps(benchmark);
  if (!steps.includes(0) || !steps.includes(info.steps)) {
    throw new UsageError(
      `${run.path}: has no evaluation before and after training (status: ${info.status}); finish it with: coderlplus train --run ${run.path} --resume`,
    );
  }
  const setting = flatConfig(parseYaml(run.readConfig()));
  return {
    path: run.path,
    info,
    setting: settingOf(setting),
    trainedOn: trainedOn(setting),
    before: run.readEvaluationSamples(benchmark, 0),
    after: run.readEvaluationSamples(benchmark, info.steps),
  };
}

/** What the run's rewards were for, of what is measured. */
function trainedOn(setting: Readonly<Record<string, string>>): ComparedRun["trainedOn"] {
  if ("supervised.data" in setting) return { code: false, variables: false, output: false };
  const scheduled = Object.keys(setting).filter((key) => /^alignment\.shareSchedule\.\d+\.share$/.test(key));
  const shares = (scheduled.length > 0 ? scheduled : ["alignment.share"]).map((key) => Number(setting[key] ?? 0));
  const aligned = Math.max(...shares) > 0;
  const target = setting["alignment.target"] ?? "finalValues";
  const variables = aligned && (target === "finalValues" || target === "mixed");
  const output = aligned && (target === "output" || (variables && setting["reward.alignment"] !== "paper"));
  return { code: Math.min(...shares) < 1, variables, output };
}

/** What seeds of one setting may differ in. */
const PER_SEED = new Set([
  "seed",
  "engine.threads",
  "judge.workers",
  "rollouts.recordTokens",
  "train.checkpointEvery",
  "train.keepCheckpoints",
]);

/** A flat config without what seeds of one setting may differ in. */
export function settingOf(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !PER_SEED.has(key)));
}

export function flatConfig(value: unknown, prefix = ""): Record<string, string> {
  if (typeof value !== "object" || value === null) return { [prefix]: String(value) };
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      Object.entries(flatConfig(item, prefix === "" ? key : `${prefix}.${key}`)),
    ),
  );
}

/**
 * Groups seeds of one setting, in the order given; the first group is what the others are compared with.
 *
 * @throws UsageError where the runs were not evaluated on the same problems
 */
export function compareRuns(runs: readonly ComparedRun[]): Comparison {
  const keys = runs.map(({ setting }) => JSON.stringify(setting));
  const groups = [...new Set(keys)].map((key) => runs.filter((_, i) => keys[i] === key));
  const names = groups.map((group) => nameOf(group, groups));
  return compareGroups(
    groups.map((group, i) => ({ name: names[i] ?? "", runs: group, against: i === 0 ? null : (names[0] ?? null) })),
  );
}

/** @throws UsageError where the runs were not evaluated on the same problems */
export function compareGroups(groups: readonly ComparedGroup[]): Comparison {
  const runs = groups.flatMap((group) => group.runs);
  const [first] = runs;
  const other = runs.find(({ info }) => info.dataHashes["evaluation"] !== first?.info.dataHashes["evaluation"]);
  if (first && other) throw new UsageError(`${first.path} and ${other.path} were evaluated on different problems`);
  const measures = [...new Set(runs.flatMap(({ after }) => after.flatMap(({ scores }) => Object.keys(scores))))];
  return {
    groups: groups.map(({ name, runs, against }) => ({ name, seeds: runs.map(({ info }) => info.seed), against })),
    base: Object.fromEntries(measures.map((name) => [name, mean(runs.map(({ before }) => scoreOf(before, name)))])),
    measures: Object.fromEntries(
      measures.map((name) => [
        name,
        groups.map(({ runs, against }) =>
          groupMeasure(name, runs, groups.find((group) => group.name === against)?.runs ?? null),
        ),
      ]),
    ),
  };
}

/** The recipe, and where several groups have the same one, what sets this group apart from the first of them. */
function nameOf([run]: readonly ComparedRun[], groups: ReadonlyArray<readonly ComparedRun[]>): string {
  if (!run) return "";
  const namesake = groups.find(([other]) => other?.info.recipe === run.info.recipe)?.[0];
  const apart = Object.entries(run.setting).filter(([key, value]) => namesake?.setting[key] !== value);
  return [run.info.recipe, ...apart.map(([key, value]) => `${key}=${value}`)].join(" ");
}

function groupMeasure(
  name: string,
  group: readonly ComparedRun[],
  baseline: readonly ComparedRun[] | null,
): GroupMeasure {
  const values = group.map(({ after }) => scoreOf(after, name));
  const trainedOn = group[0]?.trainedOn ?? { code: false, variables: false, output: false };
  return {
    before: mean(group.map(({ before }) => scoreOf(before, name))),
    value: mean(values),
    spread: standardDeviation(values),
    rewarded: isRewarded(name, trainedOn),
    against: baseline === null ? null : pairedInterval(name, group.map(scored), baseline.map(scored)),
  };
}

function isRewarded(name: string, { code, variables, output }: ComparedRun["trainedOn"]): boolean {
  if (name === "code_pass_at_1") return code;
  if (name === "variables_right" || name === "all_right") return variables;
  return name === "output_right" && output;
}

function scoreOf(samples: readonly EvaluationSample[], name: string): number {
  return mean(samples.flatMap(({ scores }) => scores[name] ?? []));
}

/** One seed's scores, problem by problem. */
export interface SeedScores {
  readonly seed: number;
  readonly samples: ReadonlyArray<Pick<EvaluationSample, "problem" | "scores">>;
}

function scored({ info, after }: ComparedRun): SeedScores {
  return { seed: info.seed, samples: after };
}

/**
 * Mean difference between runs of the same seed on the same problems, with a 95 % percentile interval from a
 * bootstrap that draws seeds and problems with replacement. Null without a common seed.
 */
export function pairedInterval(
  name: string,
  group: readonly SeedScores[],
  baseline: readonly SeedScores[],
): Interval | null {
  const differences = group.flatMap(({ seed, samples }) => {
    const other = baseline.find((candidate) => candidate.seed === seed);
    if (!other) return [];
    const theirs = new Map(other.samples.map(({ problem, scores }) => [problem, scores[name]]));
    const paired = samples.flatMap(({ problem, scores }) => {
      const [ours, theirScore] = [scores[name], theirs.get(problem)];
      return ours === undefined || theirScore === undefined ? [] : [ours - theirScore];
    });
    return paired.length === 0 ? [] : [paired];
  });
  if (differences.length === 0) return null;
  const rng = Rng.of("compare", name);
  const places = new Float64Array(differences[0]?.length ?? 0);
  const draws = Array.from({ length: BOOTSTRAP_DRAWS }, () => {
    for (let i = 0; i < places.length; i++) places[i] = rng.uniform();
    const seeds = differences.map(() => rng.pick(differences));
    return mean(seeds.map((row) => meanAt(row, places)));
  });
  return { difference: mean(differences.map(mean)), low: quantile(draws, 0.025), high: quantile(draws, 0.975) };
}

/** Of the row's entries at these places, each in [0, 1). No array is made: it is asked for millions of entries. */
function meanAt(row: readonly number[], places: Float64Array): number {
  let total = 0;
  for (let i = 0; i < places.length; i++) total += row[Math.floor(places[i] * row.length)];
  return total / places.length;
}
