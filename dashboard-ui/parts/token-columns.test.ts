import { describe, expect, it } from "vitest";
import { heatStep, overview, STRONGEST, valueAt } from "./heat.js";
import { chunksOf, scaleOf, tokenSpans, valuesOf } from "./token-columns.js";

describe("tokens of a completion", () => {
  it("Each token's text begins where the one before ended", () => {
    expect(tokenSpans([2, 5, 6], 6)).toEqual([
      { start: 0, end: 2 },
      { start: 2, end: 5 },
      { start: 5, end: 6 },
    ]);
  });

  it("A token inside a character has no text, and the character goes to the one that completes it", () => {
    expect(tokenSpans([1, 1, 3], 3)).toEqual([
      { start: 0, end: 1 },
      { start: 1, end: 1 },
      { start: 1, end: 3 },
    ]);
  });

  it("Ends that make no sense lose no text and repeat none", () => {
    const text = "abcdef";
    const spans = tokenSpans([4, 2, 99, 5], text.length);
    expect(spans.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
  });

  it("Chunks hold every token once", () => {
    const chunks = chunksOf(8192);
    expect(chunks).toHaveLength(128);
    expect(chunks.reduce((sum, { first, end }) => sum + end - first, 0)).toBe(8192);
    expect(chunksOf(65)).toEqual([
      { first: 0, end: 64 },
      { first: 64, end: 65 },
    ]);
    expect(chunksOf(0)).toEqual([]);
  });

  it("Surprise is the logprob in bits", () => {
    const detail = { ends: [1, 2], logprobs: [Math.log(0.5), 0], ratios: null, advantages: null };
    expect(valuesOf("surprise", detail)?.map((bits) => Math.abs(bits))).toEqual([1, 0]);
    expect(valuesOf("ratio", detail)).toBeNull();
    expect(valuesOf("advantage", detail)).toBeNull();
  });
});

describe("the colour scale", () => {
  const scale = { middle: 0, reach: 2, kind: "difference" } as const;

  it("Has no colour at the middle and the strongest at its reach and beyond", () => {
    expect([0, 0.1, 0.5, 2, 9].map((value) => heatStep(scale, value))).toEqual([0, 0, 1, 4, 4]);
    expect([-0.5, -2, -9].map((value) => heatStep(scale, value))).toEqual([-1, -4, -4]);
    expect(heatStep(scale, Number.NaN)).toBe(0);
    expect(heatStep(scale, Number.NEGATIVE_INFINITY)).toBe(-4);
  });

  it("Ratios are as strong at a half as at two", () => {
    const ratio = { middle: 1, reach: Math.log(2), kind: "ratio" } as const;
    expect(heatStep(ratio, 2)).toBe(STRONGEST);
    expect(heatStep(ratio, 0.5)).toBe(-STRONGEST);
    expect(valueAt(ratio, -STRONGEST)).toBeCloseTo(0.5);
  });

  it("The legend's values have the legend's colours", () => {
    for (const used of [scale, scaleOf("ratio", [0.9, 1.2]), scaleOf("surprise", [0, 1, 8])]) {
      for (let step = -STRONGEST; step <= STRONGEST; step++) expect(heatStep(used, valueAt(used, step))).toBe(step);
    }
  });

  it("Is made of a column's own numbers", () => {
    expect(scaleOf("advantage", [0.2, -0.4])).toEqual({ middle: 0, reach: 0.4, kind: "difference" });
    expect(scaleOf("advantage", [0, 0]).reach).toBe(1);
    expect(scaleOf("surprise", [1, 3]).middle).toBe(2);
  });

  it("One odd token among thousands is seen in the overview", () => {
    const values = new Array<number>(8192).fill(0.1);
    values[5000] = -2;
    const parts = overview(scale, values, 512);
    expect(parts).toHaveLength(512);
    expect(parts[Math.floor((5000 / 8192) * 512)]).toBe(-2);
    expect(overview(scale, [1, -1], 512)).toEqual([1, -1]);
  });
});
