import { describe, expect, it } from "vitest";
import type { WireSampleResponse } from "../protocol/records.js";
import { completionLogprobs, completionOutputs, gradientNorm, scoredCompletion } from "./outputs.js";
import { profiles } from "./profile.js";

const SEQUENCE = { prompt: [1, 2, 3], completion: [4, 5] };
const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const output = (...outputs: Array<Record<string, Float32Array>>) => ({ outputs, metrics: {} });
const scored = (...values: number[]): WireSampleResponse => ({
  sequences: [],
  promptLogprobs: floats(...values),
  topkPromptLogprobs: null,
});

describe("what a server answers to a pass", () => {
  it("is cut back to the completions", () => {
    expect(completionLogprobs(output({ logprobs: floats(-9, -9, -1, -2) }), [SEQUENCE])).toEqual([floats(-1, -2)]);
    expect(completionOutputs(output({ logprobs: floats(-9) }), "entropies", [SEQUENCE])).toBeNull();
  });

  it("is an error where it is not of the shape that was asked for, or not a number", () => {
    const read = (...values: number[]) => completionLogprobs(output({ logprobs: floats(...values) }), [SEQUENCE]);
    expect(() => read(-1, -2)).toThrow("datum 0: expected 4 logprobs, found 2");
    expect(() => read(-9, -9, -1, Number.NaN)).toThrow("datum 0: a token's logprob is NaN");
    expect(() => completionLogprobs(output(), [SEQUENCE])).toThrow("over 1 datums has outputs for 0");
    expect(() => completionLogprobs(output({}), [SEQUENCE])).toThrow("gives no logprobs");
  });

  it("tells of a prompt's tokens with the first or without it", () => {
    expect(scoredCompletion(scored(Number.NaN, -9, -9, -1, -2), SEQUENCE, "sequence 0")).toEqual(floats(-1, -2));
    expect(scoredCompletion(scored(-9, -9, -1, -2), SEQUENCE, "sequence 0")).toEqual(floats(-1, -2));
    expect(() => scoredCompletion(scored(-1, -2), SEQUENCE, "sequence 0")).toThrow(
      "expected 4 prompt logprobs, found 2",
    );
  });

  it("has a gradient's norm under the name that the profile says, which is finite or an error", () => {
    const { coderlplus, tuft } = profiles;
    expect(gradientNorm({ grad_norm: 2 }, coderlplus)).toBe(2);
    expect(gradientNorm({}, coderlplus)).toBeNull();
    expect(gradientNorm({ grad_norm: 2 }, tuft)).toBeNull();
    expect(() => gradientNorm({ grad_norm: Number.NaN }, coderlplus)).toThrow("the gradient's norm is NaN");
  });
});
