import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawToken } from "./draw.js";

/** Straight from the definition: sort, normalise, add up, stop at p; then a walk over the ids. */
function plainDraw(probabilities: readonly number[], temperature: number, uniform: number, topP: number): number {
  const powers = probabilities.map((probability) => probability ** (1 / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  const order = powers.map((power, id) => ({ share: power / total, id })).sort((a, b) => b.share - a.share);
  const sums = order.map((_, i) => order.slice(0, i + 1).reduce((sum, { share }) => sum + share, 0));
  const kept = order.slice(0, sums.findIndex((sum) => sum >= topP - 1e-12) + 1 || order.length);
  const mass = kept.reduce((sum, { share }) => sum + share, 0);
  let passed = 0;
  for (const { share, id } of kept.sort((a, b) => a.id - b.id)) {
    passed += share;
    if (uniform * mass < passed) return id;
  }
  return kept[kept.length - 1].id;
}

/** Weights that are far from equal, so that rounding decides nothing. */
const weights = fc.uniqueArray(fc.integer({ min: 1, max: 4000 }), { minLength: 2, maxLength: 60 });

function distribution(numbers: readonly number[]): Float32Array {
  const total = numbers.reduce((sum, number) => sum + number, 0);
  return Float32Array.from(numbers, (number) => number / total);
}

describe("drawing a token", () => {
  it("keeps the fewest likeliest tokens that reach topP", () => {
    const probabilities = Float32Array.of(0.1, 0.5, 0.15, 0.25);
    const drawn = (topP: number): number[] => [
      ...new Set(Array.from({ length: 100 }, (_, i) => drawToken(probabilities, 1, i / 100, topP))),
    ];
    expect(drawn(0.4)).toEqual([1]);
    expect(drawn(0.74)).toEqual([1, 3]);
    expect(drawn(0.76)).toEqual([1, 2, 3]);
    expect(drawn(0.95)).toEqual([0, 1, 2, 3]);
  });

  it("takes the nucleus of the tempered distribution", () => {
    const probabilities = Float32Array.of(0.5, 0.3, 0.2);
    // Squared and normalised: 0.66, 0.24, 0.11.
    expect(drawToken(probabilities, 0.5, 0.999, 0.6)).toBe(0);
    expect(drawToken(probabilities, 1, 0.999, 0.6)).toBe(1);
  });

  it("prefers the lower id among equals", () => {
    const probabilities = Float32Array.of(0.25, 0.25, 0.25, 0.25);
    expect(drawToken(probabilities, 1, 0.999, 0.5)).toBe(1);
  });

  it("draws what the definition says, for any distribution, temperature and topP", () => {
    const shares = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100 + 0.00371);
    fc.assert(
      fc.property(weights, fc.constantFrom(0.2, 0.7, 1, 1.5), shares, shares, (numbers, temperature, uniform, topP) => {
        const probabilities = distribution(numbers);
        const expected = plainDraw([...probabilities], temperature, uniform, topP);
        expect(drawToken(probabilities, temperature, uniform, topP)).toBe(expected);
      }),
    );
  });

  it("draws the same with topP 1 as without it", () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 0.999, noNaN: true }), (numbers, uniform) => {
        const probabilities = distribution(numbers);
        expect(drawToken(probabilities, 0.8, uniform, 1)).toBe(drawToken(probabilities, 0.8, uniform));
      }),
    );
  });
});
