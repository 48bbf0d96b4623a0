// REINFORCE++ with the group's mean as a first baseline (arXiv 2501.03262): the batch still sets the scale. See
// docs/algorithms/reinforce-plus-plus-baseline.md.

import { centredAdvantages, totalReward } from "./advantages.js";
import type { Advantage, Algorithm, ScoredRollout } from "./algorithm.js";
import { whitenedGroups } from "./whitening.js";

/** r_i - mean(r) on every token, then whitened over all tokens of the batch, so that a long completion weighs more. */
function centredThenWhitened(groups: ReadonlyArray<readonly ScoredRollout[]>): Advantage[][] {
  const centred = groups.map((group) => centredAdvantages(group.map(totalReward)));
  const tiled = groups.map((group, g) => group.map(({ length }, i) => Array<number>(length).fill(centred[g][i])));
  return whitenedGroups(tiled).map((group) => group.map((tokens) => tokens[0] ?? 0));
}

export const reinforcePlusPlusBaseline = {
  advantages: centredThenWhitened,
  baseline: "group",
  objective: "token-ratio",
  defaults: { aggregation: "token-mean", clipLow: 0.2, clipHigh: 0.2, dualClip: null, klEstimator: "k2" },
} as const satisfies Algorithm;
