import { expect, test } from "vitest";
import { generateFamily } from "../problems/family/family.js";
import { problemSchema } from "../problems/problem.js";
import { dataStats } from "./data-stats.js";

test("a family file is counted by split, subset, style and composition", () => {
  const problems = generateFamily({ seed: 1, count: 50, split: "held-out", subset: "full" });
  const stats = dataStats(problems);
  expect(stats).toMatchObject({
    problems: 50,
    withReference: 50,
    tests: 300,
    hiddenTests: 200,
    bySplit: { "held-out": 50 },
    bySubset: { full: 50 },
  });
  expect(Object.keys(stats.byStyle).sort()).toEqual(["function", "stdin"]);
  expect(Object.keys(stats.byCompositionLength).sort()).toEqual(["2", "3"]);
});

test("a file from elsewhere is counted too", () => {
  const problem = problemSchema.parse({
    id: "a",
    language: "python",
    prompt: "# p",
    tests: [{ kind: "assert", code: "assert 1" }],
  });
  expect(dataStats([problem])).toMatchObject({ withReference: 0, byTestKind: { assert: 1 }, byStyle: { "(none)": 1 } });
});
