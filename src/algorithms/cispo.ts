// Clipped importance-sampling weights (CISPO, MiniMax-M1, arXiv 2506.13585): the ratio only weighs a token, clipped and
// without a gradient of its own, so that no token is silenced. See docs/algorithms/cispo.md.

import { groupAdvantages, inGroups } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

export const cispo = {
  advantages: inGroups(groupAdvantages),
  baseline: "group",
  objective: "clipped-weight",
  // A clipLow of 1 is no floor at all.
  defaults: { aggregation: "token-mean", clipLow: 1, clipHigh: 0.2, dualClip: null },
} as const satisfies Algorithm;
