// What stops a run that is coming apart: numbers that are not finite, always, and the config's limits, where set. It only
// looks; that nothing of such a step is kept is the caller's doing (run.ts): no checkpoint is written after an error.

import { DivergenceError } from "../core/errors.js";
import type { LossOutput } from "../engines/engine.js";
import type { StepMetrics } from "../runs/metrics.js";
import type { Advantages } from "./advantages.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup } from "./grade.js";

const GENTLER = "lower optimizer.learningRate, or raise optimizer.warmUpSteps";

/** Before the first update. @throws DivergenceError for a reward, an advantage or a logprob that is not finite */
export function checkRollouts(step: number, groups: readonly GradedGroup[], advantages: Advantages): void {
  for (const [g, { rollouts }] of groups.entries()) {
    for (const [i, { reward, sample }] of rollouts.entries()) {
      const where = `rollout ${i} of group ${g}`;
      checkFinite(step, `the reward of ${where}`, reward ?? 0);
      for (const advantage of [advantages[g]?.[i] ?? 0].flat())
        checkFinite(step, `the advantage of ${where}`, advantage);
      for (const logprob of sample.logprobs) checkFinite(step, `a logprob of ${where}`, logprob);
    }
  }
}

/** Of an update. @throws DivergenceError for a loss, a logprob or an entropy that is not finite */
export function checkLoss(step: number, { loss, logprobs, entropies }: LossOutput): void {
  for (const array of logprobs) for (const logprob of array) checkFinite(step, "a logprob of the policy", logprob);
  for (const array of entropies ?? [])
    for (const entropy of array) checkFinite(step, "an entropy of the policy", entropy);
  checkFinite(step, "the loss", loss);
}

function checkFinite(step: number, what: string, value: number): void {
  if (Number.isFinite(value)) return;
  throw new DivergenceError(`step ${step}: ${what} is ${value}; ${GENTLER}`);
}

/** After the optimiser's step. @throws DivergenceError for a norm over guards.maximumGradientNorm */
export function checkGradient(step: number, norm: number | null, { maximumGradientNorm }: Config["guards"]): void {
  if (maximumGradientNorm === null || norm === null || norm <= maximumGradientNorm) return;
  throw new DivergenceError(
    `step ${step}: the gradient's norm is ${norm.toPrecision(4)}, over guards.maximumGradientNorm (${maximumGradientNorm}); ${GENTLER}`,
  );
}

/** After the step's updates. @throws DivergenceError for a mean over or under the config's limits */
export function checkUpdate(step: number, metrics: Omit<StepMetrics, "step">, guards: Config["guards"]): void {
  const { maximumOldKl, minimumEntropy } = guards;
  const oldKl = metrics["policy/old_kl"] ?? 0;
  const entropy = metrics["policy/entropy"] ?? Number.POSITIVE_INFINITY;
  if (maximumOldKl !== null && oldKl > maximumOldKl) {
    throw new DivergenceError(
      `step ${step}: the KL to the policy that sampled is ${oldKl.toPrecision(4)}, over guards.maximumOldKl (${maximumOldKl}); ` +
        "lower optimizer.learningRate, train.miniBatches or train.epochs, or set policy.maximumOldKl, which leaves out a step's further updates",
    );
  }
  if (minimumEntropy !== null && entropy < minimumEntropy) {
    throw new DivergenceError(
      `step ${step}: the entropy is ${entropy.toPrecision(4)}, under guards.minimumEntropy (${minimumEntropy}): the policy has stopped trying anything else; ` +
        "lower optimizer.learningRate, or set policy.klCoefficient",
    );
  }
}
