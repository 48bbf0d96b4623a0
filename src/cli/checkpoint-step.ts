// Which checkpoint of a run is meant: the newest, the best, or that of a step.

import { UsageError } from "../core/errors.js";
import type { RunDirectory } from "../runs/run-directory.js";

/** @throws UsageError naming those there are */
export function checkpointStep(run: RunDirectory, wanted: number | "best" | undefined): number {
  const steps = run.checkpointSteps();
  const best = wanted === "best" ? run.readBest() : null;
  if (wanted === "best" && best === null) {
    throw new UsageError(`${run.path}: has no best checkpoint: train.keepBest was not set; name one by its step`);
  }
  const chosen = wanted === "best" ? best?.step : (wanted ?? steps.at(-1));
  if (chosen !== undefined && steps.includes(chosen)) return chosen;
  const there = steps.length === 0 ? "none" : `those of steps ${steps.join(", ")}`;
  throw new UsageError(
    `${run.path}: has no checkpoint${wanted === undefined ? "" : ` of step ${chosen}`}; it has ${there}`,
  );
}
