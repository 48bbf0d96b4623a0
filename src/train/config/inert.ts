// What of a config means nothing to a supervised run: setting it is refused, and it is not written into the run. Which
// combinations make no sense in reinforcement is in refusals.ts.

import { ConfigError } from "../../core/errors.js";

type Keys = Readonly<Record<string, unknown>>;

/** Sections, or keys of one, that only reinforcement reads; of `rollouts`, evaluation reads the longest completion. */
const INERT = [
  "data.train",
  "rollouts.prompts",
  "rollouts.groupSize",
  "rollouts.temperature",
  "rollouts.dynamicSampling",
  "rollouts.stepsBehind",
  "reward",
  "alignment",
  "pool",
  "algorithm",
  "policy",
  "train.miniBatches",
  "train.epochs",
  "guards.maximumOldKl",
  "guards.minimumEntropy",
] as const;

/** What was probably meant. */
const INSTEAD: Readonly<Record<string, string>> = {
  "data.train": "supervised.data",
  "rollouts.prompts": "supervised.batch",
  "train.miniBatches": "supervised.batch",
  "train.epochs": "supervised.epochs",
};

/** @throws ConfigError for the first key of the input that a supervised run would not read */
export function refuseInert(input: unknown, where: string): void {
  // A key that is null sets nothing: runs of before have written some down.
  const path = INERT.find((key) => (valueAt(input as Keys, key) ?? null) !== null);
  if (path !== undefined) {
    const instead = INSTEAD[path] ? `; set ${INSTEAD[path]} instead` : "; leave it out";
    throw new ConfigError(`${where}: ${path} means nothing to a supervised run${instead}`);
  }
  const epochs = valueAt(input as Keys, "supervised.epochs");
  if (epochs !== undefined && epochs !== null && valueAt(input as Keys, "train.steps") !== undefined) {
    throw new ConfigError(`${where}: supervised.epochs and train.steps both say how long; set one of them`);
  }
}

/** @param key  with its sections, as --set has it */
export function isInert(key: string): boolean {
  return INERT.some((path) => key === path || key.startsWith(`${path}.`));
}

export function withoutInert(config: object): object {
  const copy = structuredClone(config) as Record<string, Record<string, unknown>>;
  for (const path of INERT) {
    const [section, key] = path.split(".") as [string, string?];
    if (key === undefined) delete copy[section];
    else delete copy[section]?.[key];
  }
  return copy;
}

function valueAt(input: Keys, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Keys | null | undefined)?.[key], input);
}
