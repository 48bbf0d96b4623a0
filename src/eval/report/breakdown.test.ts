import { describe, expect, it } from "vitest";
import { breakDown } from "./breakdown.js";
import { interval } from "./intervals.js";
import { testInfo, testSamples } from "./test-samples.js";

const tenths = { samples: 10, temperature: 0.2, topP: 0.95, maximumTokens: 64, stop: [] };

describe("the interval of a mean over tasks", () => {
  it("is Wilson's for a plain proportion, with its published values, and has a width at 0 and at 1", () => {
    // Wilson 81 of 263 at z = 1.96: 0.2553 to 0.3662 (Newcombe 1998, table I).
    const found = interval([...Array<number>(81).fill(1), ...Array<number>(182).fill(0)], "k");
    expect(found.method).toBe("wilson");
    expect(found.low).toBeCloseTo(0.2553, 4);
    expect(found.high).toBeCloseTo(0.3662, 4);
    // 0 of n: from 0 to z² / (n + z²).
    const none = interval(Array<number>(20).fill(0), "k");
    expect(none.low).toBe(0);
    expect(none.high).toBeCloseTo(1.959964 ** 2 / (20 + 1.959964 ** 2), 6);
    expect(interval([1, 1, 1], "k").high).toBe(1);
  });

  it("is a bootstrap over tasks for means of several completions, the same for the same key, near the normal one", () => {
    const scores = Array.from({ length: 400 }, (_, i) => (i % 11) / 10);
    const found = interval(scores, "k");
    expect(found).toEqual(interval(scores, "k"));
    expect(found).not.toEqual(interval(scores, "other"));
    expect(found.method).toBe("bootstrap");
    const deviation = Math.sqrt(0.1);
    const middle = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    expect(found.low).toBeCloseTo(middle - (1.96 * deviation) / 20, 2);
    expect(found.high).toBeCloseTo(middle + (1.96 * deviation) / 20, 2);
  });
});

describe("the breakdown of an evaluation", () => {
  it("has the same scores by difficulty in the set's order, and by month in time's order", () => {
    const samples = [
      ...testSamples({ a: "r", b: "w" }, {}, { difficulty: "hard", date: "2024-02-01" }),
      ...testSamples({ c: "r" }, {}, { difficulty: "easy", date: "2023-12-31" }),
      ...testSamples({ d: "w" }, {}, { difficulty: "easy", date: "2024-02-29" }),
    ];
    const { byDifficulty, byMonth, scores } = breakDown(testInfo({ tasks: 4 }), samples);
    expect(Object.keys(byDifficulty)).toEqual(["hard", "easy"]);
    expect(byDifficulty["hard"]["pass_at_1"]).toMatchObject({ value: 0.5, tasks: 2 });
    expect(Object.keys(byMonth)).toEqual(["2023-12", "2024-02"]);
    expect(byMonth["2024-02"]["official_pass_at_1"]).toMatchObject({ tasks: 3 });
    expect(scores["pass_at_1"]).toMatchObject({ value: 0.5, tasks: 4, interval: { method: "wilson" } });
    expect(breakDown(testInfo(), testSamples({ a: "r" }))).toMatchObject({ byDifficulty: {}, byMonth: {} });
  });

  it("counts what went wrong by reason, most frequent first, apart from what the grader failed on", () => {
    const { reasons, infrastructure } = breakDown(testInfo(), testSamples({ a: "w", b: "t", c: "t", d: "i" }));
    expect(Object.entries(reasons.strict)).toEqual([
      ["timed-out", 2],
      ["wrong-answer", 1],
    ]);
    expect(infrastructure).toEqual({ strict: 1, official: 1 });
  });

  it("names the tasks where the gradings disagree, with how often each alone says right", () => {
    const samples = testSamples({ a: "rrww", b: "rwww", c: "rwri" }, { a: "rwrr", c: "wwri" });
    expect(breakDown(testInfo({ decoding: { ...tenths, samples: 4 } }), samples).disagreements).toEqual([
      { task: "a", onlyStrict: 1, onlyOfficial: 2 },
      { task: "c", onlyStrict: 1, onlyOfficial: 0 },
    ]);
    // Nothing is known of a completion that one of them failed on.
    expect(breakDown(testInfo(), testSamples({ a: "r" }, { a: "i" })).disagreements).toEqual([]);
  });

  it("counts completions cut off, prompts without room, completions without a program, and tokens where told", () => {
    const [sample] = testSamples({ a: "w" });
    const samples = [
      { ...sample, stopReason: "length" as const, promptTokens: null },
      { ...sample, stopReason: "no-room" as const, completionTokens: 0 },
      { ...sample, grade: { ...sample.grade, extracted: null } },
    ];
    expect(breakDown(testInfo(), samples)).toMatchObject({
      completions: 3,
      truncated: 1,
      noRoom: 1,
      nothingExtracted: 1,
      tokens: { prompt: 20, completion: 10 },
      cpuMs: 3,
    });
    const silent = { ...sample, promptTokens: null, completionTokens: null };
    expect(breakDown(testInfo(), [silent]).tokens).toEqual({ prompt: null, completion: null });
  });
});
