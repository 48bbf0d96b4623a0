// How much better a rollout did than the others of its prompt: the baselines that algorithms share. Not the loss, and
// nothing that looks at more than one group (whitening.ts).

import { ShapeError } from "../core/errors.js";
import { mean, standardDeviation, sum } from "../core/maths.js";
import type { Algorithm, ScoredRollout } from "./algorithm.js";

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
  if (rewards.length === 1) return rewards.map((reward) => reward / (1 + EPSILON));
  const spread = standardDeviation(rewards) + EPSILON;
  return centredAdvantages(rewards).map((distance) => distance / spread);
}

/**
 * How far each rollout lies above the mean of its group.
 *
 * A_i = r_i - mean(r)   (Dr. GRPO, arXiv 2503.20783 §3.2; a group of one keeps its reward, as in verl core_algos.py)
 *
 * @param rewards  [G] one per rollout of the same prompt
 * @returns        [G] advantages; all 0 where the group is constant
 * @throws ShapeError if G < 1
 * @example centredAdvantages([1, 0, 0, 0]) // [0.75, -0.25, -0.25, -0.25]
 */
export function centredAdvantages(rewards: readonly number[]): number[] {
  if (rewards.length === 0) throw new ShapeError("a group needs at least one rollout");
  if (rewards.length === 1) return [...rewards];
  // A mean of equal numbers can miss them by a rounding.
  if (rewards.every((reward) => reward === rewards[0])) return rewards.map(() => 0);
  const centre = mean(rewards);
  return rewards.map((reward) => reward - centre);
}

/** What a rollout earned in all: its reward less what KL takes from its tokens. */
export function totalReward({ reward, penalties }: ScoredRollout): number {
  return reward - sum(penalties ?? []);
}

/** The advantages of an algorithm whose baseline is the group: one number a rollout. */
export function inGroups(of: (rewards: readonly number[]) => number[]): Algorithm["advantages"] {
  return (groups) => groups.map((group) => of(group.map(totalReward)));
}
