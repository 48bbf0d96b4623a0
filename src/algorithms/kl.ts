// Per-token estimators of KL(policy || reference) from samples of the policy (John Schulman, "Approximating KL
// divergence", 2020; clamps as in verl core_algos.py kl_penalty).

import { clamp } from "../core/maths.js";

export const klEstimators = ["k1", "k2", "k3"] as const;
export type KlEstimator = (typeof klEstimators)[number];

/** A term of the loss, or taken from the reward. */
export const klPlacements = ["loss", "reward"] as const;
export type KlPlacement = (typeof klPlacements)[number];

/** k1 = logprob - reference: unbiased, may be negative. */
export function k1(logprob: number, reference: number): number {
  return logprob - reference;
}

/** k2 = (logprob - reference)^2 / 2: biased, low variance. */
export function k2(logprob: number, reference: number): number {
  return (logprob - reference) ** 2 / 2;
}

/** k3 = exp(-d) + d - 1 with d = logprob - reference clamped to +-20, the result to at most 10: unbiased and never negative. */
export function k3(logprob: number, reference: number): number {
  const difference = clamp(logprob - reference, -20, 20);
  // Rounding can leave a little less than nothing.
  return clamp(Math.exp(-difference) + difference - 1, 0, 10);
}
