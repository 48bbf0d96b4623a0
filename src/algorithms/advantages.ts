// Advantages from rewards: how much better a rollout did than the others of its prompt. Not the loss.

import { ShapeError } from "../core/errors.js";
import { mean, standardDeviation } from "../core/maths.js";

const EPSILON = 1e-6;

/**
 * How many standard deviations each rollout lies above the mean of its group.
 *
 * A_i = (r_i - mean(r)) / (std(r) + 1e-6), std with G - 1   (GRPO, arXiv 2402.03300 §4.1.2; epsilon and G - 1 as in
 * verl core_algos.py: a group of one has mean 0 and std 1)
 *
 * @param rewards  [G] one per rollout of the same prompt, unitless
 * @returns        [G] advantages; all 0 where the group is constant
 * @throws ShapeError if G < 1
 * @example groupAdvantages([1, 0, 0, 0]) // [1.5, -0.5, -0.5, -0.5] to within 3e-6
 */
export function groupAdvantages(rewards: readonly number[]): number[] {
  if (rewards.length === 0) throw new ShapeError("a group needs at least one rollout");
  if (rewards.length === 1) return rewards.map((reward) => reward / (1 + EPSILON));
  if (rewards.every((reward) => reward === rewards[0])) return rewards.map(() => 0);
  const centre = mean(rewards);
  const spread = standardDeviation(rewards) + EPSILON;
  return rewards.map((reward) => (reward - centre) / spread);
}
