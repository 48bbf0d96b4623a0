// What makes one RL algorithm differ from another: how rewards become advantages and how token losses add up.
// To add one: a file like grpo.ts, a line in `algorithms`, a page in docs/algorithms, its golden cases.

import type { Aggregation } from "./aggregation.js";
import { grpo } from "./grpo.js";
import type { Clipping } from "./policy-loss.js";

export interface Algorithm {
  /**
   * @param groups  rewards of each prompt's rollouts, [G] each
   * @returns       an advantage per rollout, in the same shape
   */
  advantages(groups: ReadonlyArray<readonly number[]>): number[][];
  readonly aggregation: Aggregation;
  readonly clipping: Clipping;
}

export const algorithms = { grpo } satisfies Record<string, Algorithm>;
export type AlgorithmName = keyof typeof algorithms;
