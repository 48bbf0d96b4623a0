import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { objectives } from "./policy-loss.js";
import { type WeightedObjective, type WeightedTokens, weightedLoss, weightedSlopes } from "./weighted-loss.js";

const H = 1e-6;
const value = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const token = fc.record({
  logprob: value(-6, 0),
  moved: value(-1.5, 1.5),
  off: fc.oneof(value(-3, 3), value(-30, 30)),
  advantage: value(-2, 2),
  weight: fc.oneof(fc.constant(0), value(0.1, 1)),
});
const terms = fc.record({
  objective: fc.constantFrom(...objectives),
  clipLow: value(0.05, 0.5),
  clipHigh: value(0.05, 0.5),
  dualClip: fc.option(value(1, 3)),
  klCoefficient: fc.constantFrom(0, 0.3),
  // The slope of k1 is not the derivative of its value.
  klEstimator: fc.constantFrom("k2", "k3"),
}) satisfies fc.Arbitrary<WeightedObjective>;

type Token = typeof token extends fc.Arbitrary<infer T> ? T : never;

function tokensOf(rows: readonly Token[], moved: readonly number[] = rows.map(() => 0)): WeightedTokens {
  return {
    logprobs: rows.map(({ logprob }, t) => logprob + moved[t]),
    oldLogprobs: rows.map(({ logprob, moved }) => logprob - moved),
    referenceLogprobs: rows.map(({ logprob, off }) => logprob - off),
    advantages: rows.map(({ advantage }) => advantage),
    weights: rows.map(({ weight }) => weight),
  };
}

/** [T] differences to the left and to the right; where they are not the same, a bound lies in between. */
function differences(loss: (moved: readonly number[]) => number, length: number): Array<[number, number]> {
  return Array.from({ length }, (_, t) => {
    const at = (by: number): number => loss(Array.from({ length }, (_, i) => (i === t ? by : 0)));
    return [(at(0) - at(-H)) / H, (at(H) - at(0)) / H];
  });
}

describe("the slopes of the weighted loss", () => {
  it("are its derivatives by the logprobs, CISPO's weight held still", () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 5 }), terms, (rows, asked) => {
        const still = tokensOf(rows);
        const slopes = weightedSlopes(still, asked);
        const loss = (moved: readonly number[]): number => {
          // The ratio of a clipped weight does not move with the logprob, the logprob that it weighs does.
          const isHeld = asked.objective === "clipped-weight";
          const tokens = tokensOf(rows, moved);
          const oldLogprobs = isHeld ? Array.from(still.oldLogprobs, (old, t) => old + moved[t]) : tokens.oldLogprobs;
          return weightedLoss({ ...tokens, oldLogprobs }, asked);
        };
        for (const [t, [left, right]] of differences(loss, rows.length).entries()) {
          if (Math.abs(left - right) > 1e-4) continue;
          expect(slopes[t]).toBeCloseTo((left + right) / 2, 3);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("of k1 are those of k2, and 0 where a token does not count", () => {
    const [rows] = fc.sample(fc.array(token, { minLength: 4, maxLength: 4 }), { numRuns: 1, seed: 1 });
    const one: WeightedObjective = {
      objective: "token-ratio",
      clipLow: 0.2,
      clipHigh: 0.2,
      dualClip: 3,
      klCoefficient: 0.1,
      klEstimator: "k1",
    };
    const tokens = tokensOf(rows.map((row, t) => ({ ...row, weight: t === 2 ? 0 : 0.5 })));
    const slopes = weightedSlopes(tokens, one);
    expect(slopes).toEqual(weightedSlopes(tokens, { ...one, klEstimator: "k2" }));
    expect(slopes[2]).toBe(0);
  });

  it("are 0 past the clip and the dual clip", () => {
    const slopeOf = (logprob: number, advantage: number, objective: WeightedObjective["objective"]): number =>
      weightedSlopes(
        { logprobs: [logprob], oldLogprobs: [-30], advantages: [advantage], weights: [1] },
        { objective, clipLow: 0.2, clipHigh: 0.2, dualClip: 3, klCoefficient: 0, klEstimator: "k3" },
      )[0];
    for (const objective of ["token-ratio", "sequence-ratio"] as const) {
      expect(slopeOf(-30 + Math.log(1.25), 1, objective)).toBeCloseTo(0, 12);
      expect(slopeOf(-30 + Math.log(1.25), -1, objective)).toBeCloseTo(1.25, 9);
      expect(slopeOf(-30 + Math.log(3.1), -1, objective)).toBeCloseTo(0, 12);
      expect(slopeOf(-30 + Math.log(0.75), -1, objective)).toBeCloseTo(0, 12);
      expect(slopeOf(-30 + Math.log(0.75), 1, objective)).toBeCloseTo(-0.75, 9);
    }
  });
});
