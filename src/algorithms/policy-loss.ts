// The policy losses of one completion: their definition in plain numbers, and what a step's metrics say about them.
// Engines compute the same in their own graphs and are tested against this.

import { clamp, mean } from "../core/maths.js";

/**
 * How the policy's move away from the one that sampled enters the loss: token by token and clipped (PPO), as one ratio
 * of the whole completion and clipped (GSPO), or only as a clipped weight without a gradient (CISPO).
 */
export const objectives = ["token-ratio", "sequence-ratio", "clipped-weight"] as const;
export type Objective = (typeof objectives)[number];

export interface Clipping {
  readonly clipLow: number;
  readonly clipHigh: number;
  /** For A < 0 the loss is at most -A * dualClip; null switches it off. */
  readonly dualClip: number | null;
}

export interface PolicyObjective extends Clipping {
  readonly objective: Objective;
}

/** [T] each. */
export interface CompletionTokens {
  readonly logprobs: ArrayLike<number>;
  readonly oldLogprobs: ArrayLike<number>;
  readonly advantages: ArrayLike<number>;
}

/** r = exp(logprob - old), the log-ratio clamped to +-20. */
export function ratioOf(logprob: number, oldLogprob: number): number {
  return Math.exp(clamp(logprob - oldLogprob, -20, 20));
}

/** s = exp(mean over tokens of logprob - old), the mean clamped to -20 .. 10   (GSPO, arXiv 2507.18071 eq. 7; clamp as in verl) */
export function sequenceRatio(logprobs: ArrayLike<number>, oldLogprobs: ArrayLike<number>): number {
  return Math.exp(clamp(mean(Array.from(logprobs, (logprob, t) => logprob - oldLogprobs[t])), -20, 10));
}

/**
 * The loss of each token of a completion before weighting.
 *
 * token-ratio: max(-A r, -A clip(r, 1 - clipLow, 1 + clipHigh)), for A < 0 at most -A * dualClip   (PPO, arXiv 1707.06347
 * eq. 7; dual clip arXiv 1912.09729 eq. 5; as in verl core_algos.py); sequence-ratio: the same of s instead of r (GSPO,
 * arXiv 2507.18071 eq. 5); clipped-weight: -clip(r) A logprob, the weight without a gradient (CISPO, arXiv 2506.13585 eq. 4)
 *
 * @returns  [T]
 */
export function tokenLosses(tokens: CompletionTokens, terms: PolicyObjective): number[] {
  const { logprobs, advantages } = tokens;
  return ratios(tokens, terms).map((ratio, t) => {
    const advantage = advantages[t];
    const clipped = clipRatio(ratio, terms);
    if (terms.objective === "clipped-weight") return -clipped * advantage * logprobs[t];
    const loss = Math.max(-advantage * ratio, -advantage * clipped);
    return advantage < 0 && terms.dualClip !== null ? Math.min(loss, -advantage * terms.dualClip) : loss;
  });
}

/** How many tokens are clipped: for PPO and GSPO those that give no gradient, for CISPO those whose weight is bounded. */
export function clippedTokens(tokens: CompletionTokens, terms: PolicyObjective): number {
  const { advantages } = tokens;
  const isClipped = (ratio: number, t: number): boolean => {
    const clipped = clipRatio(ratio, terms);
    return terms.objective === "clipped-weight" ? clipped !== ratio : -advantages[t] * clipped > -advantages[t] * ratio;
  };
  return ratios(tokens, terms).filter(isClipped).length;
}

function clipRatio(ratio: number, { clipLow, clipHigh }: Clipping): number {
  return clamp(ratio, 1 - clipLow, 1 + clipHigh);
}

/** [T] */
function ratios({ logprobs, oldLogprobs }: CompletionTokens, { objective }: PolicyObjective): number[] {
  if (objective === "sequence-ratio") {
    return Array<number>(logprobs.length).fill(sequenceRatio(logprobs, oldLogprobs));
  }
  return Array.from(logprobs, (logprob, t) => ratioOf(logprob, oldLogprobs[t]));
}
