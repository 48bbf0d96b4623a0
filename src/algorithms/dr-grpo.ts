// GRPO done right (Dr. GRPO, arXiv 2503.20783): no division by the group's spread, which favours questions that are
// very easy or very hard, nor by a completion's own length, which favours long wrong ones. See docs/algorithms/dr-grpo.md.

import { centredAdvantages, inGroups } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

export const drGrpo = {
  advantages: inGroups(centredAdvantages),
  baseline: "group",
  objective: "token-ratio",
  defaults: { aggregation: "seq-mean-token-sum-norm", clipLow: 0.2, clipHigh: 0.2, dualClip: null },
} as const satisfies Algorithm;
