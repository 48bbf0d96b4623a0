import { describe, expect, it } from "vitest";
import { sha256 } from "../../../core/files.js";
import { sum } from "../../../core/maths.js";
import { Rng } from "../../../core/rng.js";
import type { OptimStep } from "../../engine.js";
import type { Layout } from "../decoder/layout.js";
import { adamStep, type OptimizerState, squares, stretches } from "./optimizer.js";

const part = (offset: number, shape: readonly number[]) => ({
  name: `at ${offset}`,
  shape,
  offset,
  length: shape.reduce((a, b) => a * b, 1),
  parts: [],
});
/** A matrix, a gap, a vector. */
const LAYOUT: Layout = { tensors: [part(0, [2, 3]), part(16, [4])], length: 20, parameters: 10 };
const OPTIONS = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, gradientClip: 1 };

function state() {
  const rng = Rng.of("adam");
  const used = (index: number): boolean => index < 6 || index >= 16;
  const numbers = (of: () => number): Float32Array => Float32Array.from({ length: 20 }, (_, i) => (used(i) ? of() : 0));
  return {
    weights: numbers(() => rng.normal()),
    gradient: numbers(() => rng.normal()),
    ...zeros(20),
  };
}

function zeros(length: number) {
  return { firstMoment: new Float32Array(length), secondMoment: new Float32Array(length) };
}

/** A step as `count` workers share it. @returns the gradient's norm */
function stepAll(layout: Layout, of: OptimizerState, options: OptimStep, step: number, count = 1): number {
  const shares = stretches(layout.length, count);
  const norm = Math.sqrt(sum(shares.flatMap((stretch) => squares(of.gradient, stretch))));
  for (const stretch of shares) adamStep(layout, of, stretch, { options, step, norm });
  return norm;
}

describe("AdamW", () => {
  it("follows the published algorithm, weight by weight", () => {
    const actual = state();
    const expected = Array.from(actual.weights);
    const [m, v] = [new Float64Array(20), new Float64Array(20)];
    const rng = Rng.of("gradients");
    for (let step = 1; step <= 5; step++) {
      for (let i = 0; i < 20; i++) if (i < 6 || i >= 16) actual.gradient[i] = rng.normal();
      const norm = Math.hypot(...actual.gradient);
      const clipped = Array.from(actual.gradient, (g) => g * Math.min(1, 1 / (norm + 1e-6)));
      for (let i = 0; i < 20; i++) {
        m[i] = 0.9 * m[i] + 0.1 * clipped[i];
        v[i] = 0.99 * v[i] + 0.01 * clipped[i] ** 2;
        const decayed = expected[i] * (i < 6 ? 1 - 0.1 * 0.1 : 1);
        expected[i] = decayed - (0.1 * (m[i] / (1 - 0.9 ** step))) / (Math.sqrt(v[i] / (1 - 0.99 ** step)) + 1e-8);
      }
      expect(stepAll(LAYOUT, actual, OPTIONS, step)).toBeCloseTo(norm, 12);
      expect([...actual.gradient].every((g) => g === 0)).toBe(true);
    }
    for (let i = 0; i < 20; i++) expect(actual.weights[i]).toBeCloseTo(i < 6 || i >= 16 ? expected[i] : 0, 5);
  });

  it("leaves a gradient below the limit as it is", () => {
    const [small, tiny] = [state(), state()];
    small.gradient.fill(0.01, 0, 6).fill(0, 16);
    tiny.gradient.set(small.gradient);
    stepAll(LAYOUT, small, OPTIONS, 1);
    stepAll(LAYOUT, tiny, { ...OPTIONS, gradientClip: 100 }, 1);
    expect(small.weights).toEqual(tiny.weights);
  });

  it("gives the same bits however the work is shared", () => {
    const length = 200_000;
    const whole: Layout = { tensors: [{ ...part(0, [length]), length }], length, parameters: length };
    const results = [1, 2, 3, 50].map((count) => {
      const rng = Rng.of("stretches");
      const arrays = Array.from({ length: 2 }, () => Float32Array.from({ length }, () => rng.normal()));
      const shared = { ...zeros(length), weights: arrays[0], gradient: arrays[1] };
      const norm = stepAll(whole, shared, OPTIONS, 1, count);
      const hashes = [shared.weights, shared.secondMoment].map(({ buffer }) => sha256(new Uint8Array(buffer)));
      return { norm, hashes };
    });
    for (const result of results.slice(1)) expect(result).toEqual(results[0]);
    expect(stretches(length, 3).map(({ from, to }) => to - from)).toEqual([65536, 65536, 68928]);
    expect(stretches(10, 4)).toEqual([{ from: 0, to: 10 }]);
  });
});
