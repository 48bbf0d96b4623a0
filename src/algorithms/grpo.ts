// Group Relative Policy Optimization (DeepSeekMath, arXiv 2402.03300): no critic, the group is the baseline.
// The equations, our lines and the deviations are on docs/algorithms/grpo.md.

import { groupAdvantages, inGroups } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

export const grpo = {
  advantages: inGroups(groupAdvantages),
  baseline: "group",
  objective: "token-ratio",
  defaults: { aggregation: "token-mean", clipLow: 0.2, clipHigh: 0.2, dualClip: null },
} as const satisfies Algorithm;
