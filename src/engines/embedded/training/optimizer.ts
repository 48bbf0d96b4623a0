// AdamW and gradient clipping over one flat array of weights. Plain JavaScript: at a few nanoseconds a weight it costs
// less than any transfer to a kernel. It does not know where a gradient came from.

import type { OptimStep } from "../../engine.js";
import type { Layout } from "../decoder/layout.js";

/** Flat arrays of the layout's length. */
export interface OptimizerState {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** A stretch of the flat arrays, `to` not included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Sums are made chunk by chunk, so that their bits do not depend on how the work is shared. */
const CHUNK = 1 << 15;

/** Whole chunks, about as many for each of `count` workers; fewer stretches where there are not enough. */
export function stretches(length: number, count: number): Stretch[] {
  const chunks = Math.ceil(length / CHUNK);
  const at = (part: number): number => Math.min(length, Math.floor((part * chunks) / count) * CHUNK);
  const all = Array.from({ length: count }, (_, part) => ({ from: at(part), to: at(part + 1) }));
  return all.filter(({ from, to }) => from < to);
}

/** The sum of squares of each chunk. */
export function squares(gradient: Float32Array, { from, to }: Stretch): number[] {
  return Array.from({ length: Math.ceil((to - from) / CHUNK) }, (_, chunk) => {
    const start = from + chunk * CHUNK;
    return sumOfSquares(gradient, start, Math.min(to, start + CHUNK));
  });
}

/** Two sums, because an addition waits for the one before. */
function sumOfSquares(values: Float32Array, from: number, to: number): number {
  let even = 0;
  let odd = 0;
  let i = from;
  for (; i + 1 < to; i += 2) {
    even += values[i] * values[i];
    odd += values[i + 1] * values[i + 1];
  }
  if (i < to) even += values[i] * values[i];
  return even + odd;
}

export interface AdamStep {
  readonly options: OptimStep;
  /** t, from 1 */
  readonly step: number;
  /** Of the whole gradient: the root of all squares, summed in order. */
  readonly norm: number;
}

/** PyTorch's clip_grad_norm_ adds it to the norm. */
const NORM_EPSILON = 1e-6;

/**
 * One step of a stretch in place; clears its gradient.
 *
 * g = gradient * min(1, clip / (norm + 1e-6)); m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * w = w - rate * decay * w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 * (Loshchilov & Hutter 2019, alg. 2; deviates: decay on matrices only, not on norms and biases, as is usual)
 */
export function adamStep(
  layout: Layout,
  state: OptimizerState,
  { from, to }: Stretch,
  { options, step, norm }: AdamStep,
): void {
  const { weights, gradient, firstMoment, secondMoment } = state;
  const scale = clipScale(norm, options.gradientClip);
  const { beta1, beta2, epsilon, learningRate } = options;
  const rate = learningRate / (1 - beta1 ** step);
  const correction = 1 / (1 - beta2 ** step);
  for (const { offset, length, shape } of layout.tensors) {
    const kept = 1 - learningRate * (shape.length > 1 ? options.weightDecay : 0);
    const end = Math.min(to, offset + length);
    for (let i = Math.max(from, offset); i < end; i++) {
      const slope = gradient[i] * scale;
      const first = beta1 * firstMoment[i] + (1 - beta1) * slope;
      const second = beta2 * secondMoment[i] + (1 - beta2) * slope * slope;
      firstMoment[i] = first;
      secondMoment[i] = second;
      weights[i] = weights[i] * kept - (rate * first) / (Math.sqrt(second * correction) + epsilon);
    }
  }
  gradient.fill(0, from, to);
}

/** What a gradient of this norm is multiplied by. */
export function clipScale(norm: number, gradientClip: number): number {
  return Math.min(1, gradientClip / (norm + NORM_EPSILON));
}
