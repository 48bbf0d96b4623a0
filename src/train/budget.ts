// The time a run may take: `train.maximumMinutes`, over all its resumes. Its other budget is `train.steps`.

import { UsageError } from "../core/errors.js";
import type { RunDirectory } from "../runs/run-directory.js";
import type { Config } from "./config/schema.js";

/** Seconds that the steps the run has kept took, with the evaluations and checkpoints between them. */
export function secondsUsed(run: RunDirectory): number {
  return run.readMetrics().at(-1)?.["time/run_seconds"] ?? 0;
}

export function isBudgetSpent({ train }: Config, seconds: number): boolean {
  return train.maximumMinutes !== null && seconds >= 60 * train.maximumMinutes;
}

/** @throws UsageError where no time is left to go on */
export function checkBudget(config: Config, run: RunDirectory): void {
  if (!isBudgetSpent(config, secondsUsed(run))) return;
  throw new UsageError(
    `${run.path}: its ${config.train.maximumMinutes} minutes are used up; give it more in all with --set train.maximumMinutes=N`,
  );
}
