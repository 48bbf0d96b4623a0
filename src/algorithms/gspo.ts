// Group Sequence Policy Optimization (arXiv 2507.18071): the ratio is that of the whole completion, and so is the
// clipping. See docs/algorithms/gspo.md.

import { groupAdvantages, inGroups } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

export const gspo = {
  advantages: inGroups(groupAdvantages),
  baseline: "group",
  objective: "sequence-ratio",
  defaults: { aggregation: "seq-mean-token-mean", clipLow: 3e-4, clipHigh: 4e-4, dualClip: null },
} as const satisfies Algorithm;
