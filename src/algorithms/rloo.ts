// REINFORCE leave-one-out (arXiv 2402.14740; Kool et al. 2019): a rollout's baseline is the mean of the others. See
// docs/algorithms/rloo.md.

import { centredAdvantages, inGroups } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

/**
 * How far each rollout lies above the mean of the others of its group.
 *
 * A_i = r_i - mean of r_j, j != i = (r_i - mean(r)) * G / (G - 1)      (arXiv 2402.14740; a group of one keeps
 * its reward, as in verl core_algos.py)
 *
 * @param rewards  [G] one per rollout of the same prompt
 * @returns        [G] advantages; all 0 where the group is constant
 * @throws ShapeError if G < 1
 * @example leaveOneOutAdvantages([1, 1, 0, 0]) // [2/3, 2/3, -2/3, -2/3]
 */
export function leaveOneOutAdvantages(rewards: readonly number[]): number[] {
  const scale = rewards.length === 1 ? 1 : rewards.length / (rewards.length - 1);
  return centredAdvantages(rewards).map((distance) => distance * scale);
}

export const rloo = {
  advantages: inGroups(leaveOneOutAdvantages),
  baseline: "group",
  objective: "token-ratio",
  defaults: { aggregation: "token-mean", clipLow: 0.2, clipHigh: 0.2, dualClip: null },
} as const satisfies Algorithm;
