import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateFamily } from "../../problems/family/family.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import { Distribution } from "./distribution.js";
import { type DataStats, StatsCounter } from "./stats.js";

function statsOf(problems: readonly Problem[], countTokens?: (text: string) => number): DataStats {
  const counter = new StatsCounter(countTokens);
  for (const problem of problems) counter.add(problem);
  return counter.result();
}

const problem = (id: string, prompt: string): Problem =>
  problemSchema.parse({ id, language: "python", prompt, tests: [{ kind: "assert", code: "assert 1" }] });

describe("the statistics of a data set", () => {
  it("count a family file by split, subset, style and composition", () => {
    const stats = statsOf(generateFamily({ seed: 1, count: 50, split: "held-out", subset: "full" }));
    expect(stats).toMatchObject({
      problems: 50,
      withReference: 50,
      tests: 300,
      hiddenTests: 200,
      bySplit: { "held-out": 50 },
      bySubset: { full: 50 },
      byLanguage: { python: 50 },
    });
    expect(Object.keys(stats.byStyle).sort()).toEqual(["function", "stdin"]);
    expect(Object.keys(stats.byCompositionLength).sort()).toEqual(["2", "3"]);
    expect(stats.lengths.testsPerProblem).toMatchObject({ count: 50, min: 6, p50: 6, max: 6 });
  });

  it("count a file from elsewhere, and how often its prompts repeat", () => {
    const stats = statsOf([
      problem("a", "Add two."),
      problem("b", "Add two."),
      problem("c", " add\n TWO."),
      problem("d", "x"),
    ]);
    expect(stats).toMatchObject({
      withReference: 0,
      byTestKind: { assert: 4 },
      byStyle: { "(none)": 4 },
      duplicatePrompts: 1,
      duplicateNormalisedPrompts: 2,
    });
    expect(stats.lengths.referenceCharacters).toBeNull();
    expect(stats.lengths.promptTokens).toBeNull();
  });

  it("measure prompts in tokens where a tokenizer is given", () => {
    const stats = statsOf([problem("a", "one two three")], (text) => text.split(" ").length);
    expect(stats.lengths.promptTokens).toMatchObject({ count: 1, min: 3, p99: 3 });
  });

  it("count rows that are no problems by their reason", () => {
    const counter = new StatsCounter();
    const where = { file: "f", unit: "line", number: 1 } as const;
    counter.addItem({ kind: "skipped", where, reason: "mathematics", detail: "" });
    counter.addItem({ kind: "malformed", where, reason: "row: not JSON", detail: "column 3" });
    expect(counter.result()).toMatchObject({ skipped: { mathematics: 1 }, malformed: { "row: not JSON": 1 } });
  });
});

describe("a distribution", () => {
  it("has every quantile within half a percent, whatever the numbers and their order", () => {
    const lengths = fc.array(fc.oneof(fc.nat(200), fc.nat(10_000_000)), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(lengths, (values) => {
        const distribution = new Distribution();
        for (const value of values) distribution.add(value);
        const backwards = new Distribution();
        for (const value of [...values].reverse()) backwards.add(value);
        const summary = distribution.summary();
        expect(backwards.summary()).toEqual(summary);
        const sorted = [...values].sort((a, b) => a - b);
        for (const [name, q] of [
          ["p50", 0.5],
          ["p90", 0.9],
          ["p99", 0.99],
        ] as const) {
          const exact = sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
          expect(Math.abs((summary?.[name] ?? -1) - exact)).toBeLessThanOrEqual(0.5 + 0.0051 * exact);
        }
        expect([summary?.min, summary?.max]).toEqual([sorted[0], sorted.at(-1)]);
      }),
    );
  });
});
