import { describe, expect, it } from "vitest";
import { noteLines, policyRows, report, scoreRows } from "./table.js";
import { testInfo, testSamples } from "./test-samples.js";

const reported = (benchmark: string, policy: string, marks: string, official: string = marks, step = 0) => {
  const named = (letters: string) => Object.fromEntries(Array.from(letters, (letter, i) => [`t${i}`, letter]));
  const samples = testSamples(named(marks), named(official), { difficulty: "easy", date: "2024-01-01" });
  return report({ info: testInfo({ benchmark, policy, step, tasks: marks.length }), samples });
};

describe("the table of several policies", () => {
  it("has a row a policy and a column a benchmark, strict before official with the interval of strict", () => {
    const rows = policyRows([
      reported("humaneval", "base", "rwww", "rrww"),
      reported("humaneval", "base", "rrrw", "rrrw", 50),
      reported("mbpp", "base", "ww"),
    ]);
    // Wilson of 1, 3 of 4 and 0 of 2.
    expect(rows).toEqual([
      ["policy", "humaneval", "mbpp"],
      ["base", "25.0 / 50.0 [4.6, 69.9]", "0.0 / 0.0 [0.0, 65.8]"],
      ["base step 50", "75.0 / 75.0 [30.1, 95.4]", "-"],
    ]);
  });

  it("averages the three benchmarks that the paper averages, for those that have all three", () => {
    const rows = policyRows([
      reported("humaneval", "base", "rr"),
      reported("leetcode", "base", "rw"),
      reported("livecodebench", "base", "ww", "rw"),
      reported("humaneval", "other", "rr"),
    ]);
    expect(rows.map((row) => row.at(-1))).toEqual(["average", "50.0 / 66.7", "- / -"]);
  });
});

describe("the table of one policy", () => {
  it("has every pass@k, and pass@1 by difficulty and month", () => {
    const info = testInfo({ decoding: { ...testInfo().decoding, samples: 5 }, prompts: "upstream" });
    const samples = testSamples({ a: "rrrrr", b: "wwwww" }, {}, { difficulty: "hard" });
    expect(scoreRows([report({ info, samples }), reported("mbpp", "base", "rw")])).toEqual([
      ["benchmark", "measure", "tasks", "strict", "95 %", "official", "95 %"],
      ["toy (upstream)", "pass@1", "2", "50.0", "[9.5, 90.5]", "50.0", "[9.5, 90.5]"],
      ["toy (upstream)", "pass@5", "2", "50.0", "[9.5, 90.5]", "50.0", "[9.5, 90.5]"],
      ["toy (upstream)", "pass@1 hard", "2", "50.0", "[9.5, 90.5]", "50.0", "[9.5, 90.5]"],
      ["mbpp", "pass@1", "2", "50.0", "[9.5, 90.5]", "50.0", "[9.5, 90.5]"],
      ["mbpp", "pass@1 easy", "2", "50.0", "[9.5, 90.5]", "50.0", "[9.5, 90.5]"],
      ["mbpp", "pass@1 2024-01", "2", "50.0", "[9.5, 90.5]", "50.0", "[9.5, 90.5]"],
    ]);
  });

  it("says what the scores do not show: what went wrong, what was not graded, where the gradings disagree", () => {
    expect(noteLines([reported("mbpp", "base", "rwti", "wrti")])).toEqual([
      "mbpp: 4 completions, 1 not graded: the grader failed, 40 tokens of prompts, 20 of completions",
      "  wrong: 1 wrong-answer, 1 timed-out",
      "  the gradings disagree on 2 tasks: t0 (right: 1 only strict), t1 (right: 1 only official)",
    ]);
    const [, , line] = noteLines([reported("mbpp", "base", "w".repeat(12), "r".repeat(12))]);
    expect(line).toMatch(/disagree on 12 tasks: t0 .*t7 \(right: 1 only official\) and 4 more \(--json\)$/);
  });
});
