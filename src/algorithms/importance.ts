// Truncated importance weights between the policy that sampled and the one that is trained, where these differ: other
// kernels, or a policy that has been updated since. The ratio of the policy loss is not here (policy-loss.ts).

import { clamp, sum } from "../core/maths.js";

export const importanceLevels = ["token", "sequence"] as const;

export interface ImportanceOptions {
  readonly level: (typeof importanceLevels)[number];
  /** No weight is larger. */
  readonly cap: number;
}

/**
 * How much likelier the tokens of a completion are under the trained policy, at most `cap`.
 *
 * token: min(exp(logprob_t - sampled_t), cap); sequence: min(exp(sum over t), cap) for every token; the exponents
 * clamped to +-20   (verl rollout_corr_helper.py, compute_rollout_correction_weights)
 *
 * @param logprobs  [T] of the trained policy before the step's first update
 * @param sampled   [T] of the policy that sampled
 * @returns         [T]
 */
export function importanceWeights(
  logprobs: Float32Array,
  sampled: Float32Array,
  { level, cap }: ImportanceOptions,
): number[] {
  const weight = (difference: number): number => Math.min(Math.exp(clamp(difference, -20, 20)), cap);
  const differences = Array.from(logprobs, (logprob, t) => logprob - sampled[t]);
  switch (level) {
    case "token":
      return differences.map(weight);
    case "sequence":
      return differences.fill(sum(differences)).map(weight);
    default:
      return level satisfies never;
  }
}
