// What makes one RL algorithm differ from another: how rewards become advantages, which objective they enter, and what
// it fills in where a config says nothing. To add one: a file like grpo.ts, a line in `algorithms`, a page in
// docs/algorithms, recipes (train/recipes/algorithms.ts), its golden cases.

import type { Aggregation } from "./aggregation.js";
import { cispo } from "./cispo.js";
import { dapo } from "./dapo.js";
import { drGrpo } from "./dr-grpo.js";
import { grpo } from "./grpo.js";
import { gspo } from "./gspo.js";
import type { KlEstimator, KlPlacement } from "./kl.js";
import type { Clipping, Objective } from "./policy-loss.js";
import { reinforcePlusPlus } from "./reinforce-plus-plus.js";
import { reinforcePlusPlusBaseline } from "./reinforce-plus-plus-baseline.js";
import { rloo } from "./rloo.js";

/** What an algorithm is told of a rollout. */
export interface ScoredRollout {
  readonly reward: number;
  /** T, tokens of the completion. */
  readonly length: number;
  /** [T] what KL to the reference takes from each token's reward; absent where KL is not in the reward. */
  readonly penalties?: readonly number[];
}

/** One number for all tokens of a completion, or [T] one for each. */
export type Advantage = number | readonly number[];

export interface Algorithm {
  /**
   * @param groups  all rollouts of a step, those of one prompt together
   * @returns       an advantage per rollout, in the same shape
   */
  advantages(groups: ReadonlyArray<readonly ScoredRollout[]>): Advantage[][];
  /** Whether a rollout is compared with the others of its prompt, so that it needs some. */
  readonly baseline: "group" | "batch";
  readonly objective: Objective;
  readonly defaults: Defaults;
}

/** What holds where a config leaves it open. */
interface Defaults extends Clipping {
  readonly aggregation: Aggregation;
  readonly klCoefficient?: number;
  readonly klEstimator?: KlEstimator;
  readonly klPlacement?: KlPlacement;
  readonly dynamicSampling?: { readonly maximumBatches: number };
  /** The buffer as a share of the longest completion. */
  readonly overlong?: { readonly bufferShare: number; readonly factor: number };
}

export const algorithms = {
  grpo,
  "dr-grpo": drGrpo,
  rloo,
  "reinforce-plus-plus": reinforcePlusPlus,
  "reinforce-plus-plus-baseline": reinforcePlusPlusBaseline,
  dapo,
  gspo,
  cispo,
} as const satisfies Record<string, Algorithm>;
export type AlgorithmName = keyof typeof algorithms;

/** By name, without what is particular to one of them. */
export function algorithmOf(name: AlgorithmName): Algorithm {
  return algorithms[name];
}
