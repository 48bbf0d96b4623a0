// Datums as the protocol has them, for tests that speak it without our engine.

import type { Tensor, WireDatum } from "../../src/engines/tinker/protocol/records.js";

export const ADAM = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  gradientClip: 0,
} as const;

/** A whole sequence, shifted. @param inputs  [length - 1] each */
export function datum(tokens: readonly number[], inputs: Readonly<Record<string, readonly number[]>> = {}): WireDatum {
  const lossInputs: Record<string, Tensor> = { target_tokens: { dtype: "int64", data: tokens.slice(1) } };
  for (const [name, data] of Object.entries(inputs)) {
    lossInputs[name] = { dtype: "float32", data: Float32Array.from(data) };
  }
  return { modelInput: tokens.slice(0, -1), lossInputs };
}

export const constant = (length: number, value: number): number[] => Array.from({ length }, () => value);

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}
