// REINFORCE++ (arXiv 2501.03262): no group at all; the KL penalty is part of each token's reward, a token is credited
// with what follows it, and the batch is the baseline. See docs/algorithms/reinforce-plus-plus.md.

import type { Algorithm, ScoredRollout } from "./algorithm.js";
import { whitenedGroups } from "./whitening.js";

/**
 * What each token of a completion is followed by, its own reward included.
 *
 * G_t = sum over s >= t of discount^(s - t) * (reward [s = T] - penalty_s)   (arXiv 2501.03262; verl core_algos.py
 * compute_reinforce_plus_plus_outcome_advantage)
 *
 * @returns  [T]
 */
export function returnsToGo({ reward, length, penalties }: ScoredRollout, discount = 1): number[] {
  const returns: number[] = Array.from({ length }, () => 0);
  let following = 0;
  for (let t = length - 1; t >= 0; t--) {
    following = (t === length - 1 ? reward : 0) - (penalties?.[t] ?? 0) + discount * following;
    returns[t] = following;
  }
  return returns;
}

export const reinforcePlusPlus = {
  advantages: (groups) => whitenedGroups(groups.map((group) => group.map((rollout) => returnsToGo(rollout)))),
  baseline: "batch",
  objective: "token-ratio",
  defaults: {
    aggregation: "token-mean",
    clipLow: 0.2,
    clipHigh: 0.2,
    dualClip: null,
    klCoefficient: 0.01,
    klEstimator: "k1",
    klPlacement: "reward",
  },
} as const satisfies Algorithm;
