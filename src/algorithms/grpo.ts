// Group Relative Policy Optimization (DeepSeekMath, arXiv 2402.03300): no critic, the group is the baseline.
// The equations, our lines and the deviations are on docs/algorithms/grpo.md.

import { groupAdvantages } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

export const grpo = {
  advantages: (groups) => groups.map(groupAdvantages),
  aggregation: "token-mean",
  clipping: { clipLow: 0.2, clipHigh: 0.2, dualClip: null },
} satisfies Algorithm;
