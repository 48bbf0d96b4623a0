// The learning rate of a step: a warm-up, then constant, linear or cosine. A function of the step alone, so a resumed
// run needs no state for it. It knows no optimiser.

import type { Config } from "./config/schema.js";

type Scheduled = Pick<Config, "optimizer" | "train" | "alignment">;

/**
 * Step n of those that learn (collecting steps do not count), of N in the run, W of them warm-up, final share f:
 *
 * n <= W: rate n / W; then with p = (n - W) / (N - W), which is 1 at the last step,
 * constant: rate; linear: rate (1 - (1 - f) p); cosine: rate (f + (1 - f) (1 + cos(pi p)) / 2)
 * (cosine: Loshchilov & Hutter 2017, arXiv 1608.03983, eq. 5 without restarts; linear warm-up: Goyal et al. 2017)
 *
 * @param step  from 1
 * @returns     0 for a step that only collects
 */
export function learningRateAt(step: number, { optimizer, train, alignment }: Scheduled): number {
  const { learningRate, warmUpSteps, schedule, finalShare } = optimizer;
  const n = step - alignment.collectSteps;
  if (n <= 0) return 0;
  if (n <= warmUpSteps) return learningRate * (n / warmUpSteps);
  const progress = Math.min(1, (n - warmUpSteps) / (train.steps - alignment.collectSteps - warmUpSteps));
  switch (schedule) {
    case "constant":
      return learningRate;
    case "linear":
      return learningRate * (1 - (1 - finalShare) * progress);
    case "cosine":
      return learningRate * (finalShare + (1 - finalShare) * ((1 + Math.cos(Math.PI * progress)) / 2));
    default:
      return schedule satisfies never;
  }
}

/**
 * What a person should know who extends a run: the steps made stay as they were made, the others follow the schedule
 * of the longer run, to which the learning rate jumps. Null where it does not.
 */
export function extensionNotice(config: Scheduled, stepsBefore: number, stepsDone: number): string | null {
  const { optimizer, train } = config;
  if (train.steps === stepsBefore || optimizer.schedule === "constant") return null;
  const before = learningRateAt(stepsDone, { ...config, train: { ...train, steps: stepsBefore } });
  const after = learningRateAt(stepsDone + 1, config);
  return `train.steps was ${stepsBefore} and is ${train.steps}: from here on the learning rate follows the ${optimizer.schedule} schedule of the longer run, from ${before.toPrecision(3)} to ${after.toPrecision(3)} at step ${stepsDone + 1}`;
}
