// Which checkpoints a run keeps: the newest, those of every so many steps, and the best. What is best follows from the
// evaluations alone, so nothing has to be remembered over a kill; best.json says it to others.

import { UsageError } from "../core/errors.js";
import type { BestCheckpoint, EvaluationRecord } from "../runs/records.js";
import type { RunDirectory } from "../runs/run-directory.js";
import type { Config } from "./config/schema.js";

/**
 * Names the best checkpoint, then removes those that can go: whatever is removed, what stands for it is on the disk.
 *
 * @param onGone  told of each folder just before it is removed
 */
export function tidyCheckpoints(
  run: RunDirectory,
  { train }: Config,
  onGone: (folder: string) => void = () => {},
): void {
  const steps = run.checkpointSteps();
  const best = train.keepBest === null ? null : nameBest(run, steps, train.keepBest);
  for (const step of removable(steps, train, best)) {
    onGone(run.checkpointPath(step));
    run.removeCheckpoint(step);
  }
}

/** @returns its step; null before the first evaluation of a checkpoint */
function nameBest(run: RunDirectory, steps: readonly number[], measure: string): number | null {
  const evaluations = run.evaluationSteps("family").flatMap((step) => run.readEvaluation("family", step) ?? []);
  const without = evaluations.find(({ metrics }) => !(measure in metrics));
  if (without) {
    throw new UsageError(
      `train.keepBest is ${measure}, but the held-out problems give no such measure; they give ${Object.keys(without.metrics).join(", ")}`,
    );
  }
  const best = bestCheckpoint(evaluations, steps, measure);
  if (best !== null && JSON.stringify(best) !== JSON.stringify(run.readBest())) run.writeBest(best);
  return best?.step ?? null;
}

/**
 * The best evaluation of those whose checkpoint is there; the earlier of equals. Every measure there is (eval/family/family.ts)
 * is a share that is right: higher is better.
 */
export function bestCheckpoint(
  evaluations: readonly EvaluationRecord[],
  steps: readonly number[],
  measure: string,
): BestCheckpoint | null {
  let best: BestCheckpoint | null = null;
  for (const { step, metrics } of evaluations) {
    const found = metrics[measure];
    if (!found || !steps.includes(step) || (best && best.value >= found.value)) continue;
    best = { measure, step, ...found };
  }
  return best;
}

/** Those of `steps` (in order) that can go. The newest always stays: it may be about to become the best. */
export function removable(
  steps: readonly number[],
  { keepCheckpoints, keepEvery }: Pick<Config["train"], "keepCheckpoints" | "keepEvery">,
  best: number | null,
): number[] {
  return steps
    .slice(0, -keepCheckpoints)
    .filter((step) => step !== best && (keepEvery === null || step % keepEvery !== 0));
}
