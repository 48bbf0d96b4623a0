// AdamW and gradient clipping over one flat array of weights. Plain JavaScript: at a few nanoseconds a weight it costs
// less than any transfer to a kernel. It does not know where a gradient came from.

import { EngineError } from "../../../core/errors.js";
import type { OptimStep } from "../../engine.js";
import type { Layout } from "../decoder/layout.js";

/** Flat arrays of the layout's length. */
export interface OptimizerState {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** PyTorch's clip_grad_norm_ adds it to the norm. */
const NORM_EPSILON = 1e-6;

/**
 * One step in place; clears the gradient.
 *
 * g = gradient * min(1, clip / (norm + 1e-6)); m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * w = w - rate * decay * w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 * (Loshchilov & Hutter 2019, alg. 2; deviates: decay on matrices only, not on norms and biases, as is usual)
 *
 * @param step  t, from 1
 * @returns     the gradient's norm before clipping
 * @throws EngineError where the gradient is not finite; nothing has changed then but the gradient, which is cleared
 */
export function adamStep(layout: Layout, state: OptimizerState, options: OptimStep, step: number): number {
  const { weights, gradient, firstMoment, secondMoment } = state;
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i] * gradient[i];
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) {
    gradient.fill(0);
    throw notFinite(norm, step);
  }
  const scale = clipScale(norm, options.gradientClip);
  const { beta1, beta2, epsilon, learningRate } = options;
  const rate = learningRate / (1 - beta1 ** step);
  const correction = 1 / (1 - beta2 ** step);
  for (const { offset, length, shape } of layout.tensors) {
    const kept = 1 - learningRate * (shape.length > 1 ? options.weightDecay : 0);
    for (let i = offset; i < offset + length; i++) {
      const slope = gradient[i] * scale;
      const first = beta1 * firstMoment[i] + (1 - beta1) * slope;
      const second = beta2 * secondMoment[i] + (1 - beta2) * slope * slope;
      firstMoment[i] = first;
      secondMoment[i] = second;
      weights[i] = weights[i] * kept - (rate * first) / (Math.sqrt(second * correction) + epsilon);
    }
  }
  gradient.fill(0);
  return norm;
}

/** What a gradient of this norm is multiplied by. */
export function clipScale(norm: number, gradientClip: number): number {
  return Math.min(1, gradientClip / (norm + NORM_EPSILON));
}

export function notFinite(norm: number, step: number): EngineError {
  return new EngineError(`step ${step}: the gradient's norm is ${norm}; lower the learning rate or clip it`);
}
