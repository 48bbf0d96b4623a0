// Decoupled clip and dynamic sampling (DAPO, arXiv 2503.14476): GRPO's advantages with room upwards, a mean over tokens,
// no KL, groups that teach, and a price on completions that are nearly too long. See docs/algorithms/dapo.md.

import { groupAdvantages, inGroups } from "./advantages.js";
import type { Algorithm } from "./algorithm.js";

export const dapo = {
  advantages: inGroups(groupAdvantages),
  baseline: "group",
  objective: "token-ratio",
  defaults: {
    aggregation: "token-mean",
    clipLow: 0.2,
    clipHigh: 0.28,
    dualClip: null,
    dynamicSampling: { maximumBatches: 10 },
    overlong: { bufferShare: 0.2, factor: 1 },
  },
} as const satisfies Algorithm;
