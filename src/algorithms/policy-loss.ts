// The clipped policy loss of one token: its definition in plain numbers, and what a step's metrics say about it.
// Engines compute the same in their own graphs and are tested against this.

import { clamp } from "../core/maths.js";

export interface Clipping {
  readonly clipLow: number;
  readonly clipHigh: number;
  /** For A < 0 the loss is at most -A * dualClip; null switches it off. */
  readonly dualClip: number | null;
}

/** r = exp(logprob - old), the log-ratio clamped to +-20. */
export function ratioOf(logprob: number, oldLogprob: number): number {
  return Math.exp(clamp(logprob - oldLogprob, -20, 20));
}

/**
 * max(-A r, -A clip(r, 1 - clipLow, 1 + clipHigh)); for A < 0 at most -A * dualClip
 * (PPO, arXiv 1707.06347 eq. 7; dual clip arXiv 1912.09729 eq. 5; as in verl core_algos.py compute_policy_loss)
 */
export function tokenLoss(ratio: number, advantage: number, clipping: Clipping): number {
  const clipped = clamp(ratio, 1 - clipping.clipLow, 1 + clipping.clipHigh);
  const loss = Math.max(-advantage * ratio, -advantage * clipped);
  return advantage < 0 && clipping.dualClip !== null ? Math.min(loss, -advantage * clipping.dualClip) : loss;
}

/** Whether the clipped branch is the larger one, so that the token gives no gradient. */
export function isClipped(ratio: number, advantage: number, clipping: Clipping): boolean {
  return -advantage * clamp(ratio, 1 - clipping.clipLow, 1 + clipping.clipHigh) > -advantage * ratio;
}
