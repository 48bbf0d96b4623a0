import { describe, expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import type { Layout } from "../decoder/layout.js";
import { adamStep } from "./optimizer.js";

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
    firstMoment: new Float32Array(20),
    secondMoment: new Float32Array(20),
  };
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
      expect(adamStep(LAYOUT, actual, OPTIONS, step)).toBeCloseTo(norm, 12);
      expect([...actual.gradient].every((g) => g === 0)).toBe(true);
    }
    for (let i = 0; i < 20; i++) expect(actual.weights[i]).toBeCloseTo(i < 6 || i >= 16 ? expected[i] : 0, 5);
  });

  it("leaves a gradient below the limit as it is", () => {
    const [small, tiny] = [state(), state()];
    small.gradient.fill(0.01, 0, 6).fill(0, 16);
    tiny.gradient.set(small.gradient);
    adamStep(LAYOUT, small, OPTIONS, 1);
    adamStep(LAYOUT, tiny, { ...OPTIONS, gradientClip: 100 }, 1);
    expect(small.weights).toEqual(tiny.weights);
  });

  it("refuses a gradient that is not finite and keeps the weights", () => {
    const broken = state();
    const before = broken.weights.slice();
    broken.gradient[3] = Number.NaN;
    expect(() => adamStep(LAYOUT, broken, OPTIONS, 7)).toThrow("step 7: the gradient's norm is NaN");
    expect(broken.weights).toEqual(before);
  });
});
