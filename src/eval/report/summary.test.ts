import { describe, expect, it } from "vitest";
import { evaluationSchema } from "../../runs/schemas.js";
import { summarise } from "./summary.js";
import { testInfo, testSamples } from "./test-samples.js";

const drawn = (samples: number) => ({ samples, temperature: 0.2, topP: 0.95, maximumTokens: 64, stop: ["###"] });

describe("the summary of an evaluation", () => {
  it("is pass@1 of both gradings over tasks, with the standard error over tasks, in the contract's shape", () => {
    const samples = testSamples({ a: "r", b: "w", c: "r", d: "w" }, { b: "r" });
    const record = summarise(testInfo({ step: 7, tasks: 4 }), samples);
    expect(evaluationSchema.parse(record)).toEqual(record);
    // Of 1, 0, 1, 0: sd = sqrt(1/3), / sqrt(4). Of 1, 1, 1, 0: sd = 1/2, / 2.
    expect(record).toEqual({
      benchmark: "toy",
      step: 7,
      problems: 4,
      metrics: {
        pass_at_1: { value: 0.5, standardError: Math.sqrt(1 / 3) / 2 },
        official_pass_at_1: { value: 0.75, standardError: 0.25 },
      },
    });
  });

  it("has pass@k by the unbiased estimator for k up to the completions drawn, and no other", () => {
    const { metrics } = summarise(testInfo({ tasks: 1, decoding: drawn(10) }), testSamples({ a: "rrrwwwwwww" }));
    expect(Object.keys(metrics)).toEqual([
      "pass_at_1",
      "pass_at_5",
      "pass_at_10",
      "official_pass_at_1",
      "official_pass_at_5",
      "official_pass_at_10",
    ]);
    expect(metrics["pass_at_1"].value).toBeCloseTo(0.3, 12);
    // 1 - C(7, 5) / C(10, 5) = 1 - 21 / 252
    expect(metrics["pass_at_5"].value).toBeCloseTo(1 - 21 / 252, 12);
    expect(metrics["pass_at_10"].value).toBe(1);
  });

  it("counts a completion that the grader failed on in no mean, and a task in no pass@k that it is too few for", () => {
    const info = testInfo({ tasks: 3, decoding: drawn(5) });
    const { metrics } = summarise(info, testSamples({ a: "rriww", b: "iiiii", c: "wwwww" }));
    // a: 2 of 4; b: nothing known; c: 0 of 5.
    expect(metrics["pass_at_1"].value).toBeCloseTo(0.25, 12);
    expect(metrics["pass_at_5"].value).toBe(0);
  });

  it("leaves a metric out that nothing is known of, rather than give it a number", () => {
    expect(summarise(testInfo(), testSamples({ a: "i" })).metrics).toEqual({});
    expect(summarise(testInfo(), []).metrics).toEqual({});
  });
});
