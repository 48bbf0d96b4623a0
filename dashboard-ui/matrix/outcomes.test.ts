import { describe, expect, it } from "vitest";
import { labelled, shownOf } from "./address.js";
import { agreementOf, type Column, joined, ordered, outcomesOf, signTest } from "./outcomes.js";

const column = (id: string, scores: readonly (number | null)[]): Column => ({
  id,
  run: id,
  step: 1,
  label: id,
  scores,
});
const problems = ["p/10", "p/9", "p/1", "p/2", "p/3"];
const before = column("a", [1, 0, 1, 0.5, null]);
const after = column("b", [1, 1, 0.5, 0, 1]);

describe("what became of problems", () => {
  it("is fixed and broken by whole scores alone; what one has not met is neither", () => {
    expect(outcomesOf(before, after)).toEqual(["both right", "fixed", "broken", "both wrong", null]);
  });

  it("is counted, with the agreement beyond chance and a sign test", () => {
    const { counts, problems: compared, agreement, kappa } = agreementOf(outcomesOf(before, after));
    expect(counts).toEqual({ fixed: 1, broken: 1, "both right": 1, "both wrong": 1 });
    expect([compared, agreement, kappa]).toEqual([4, 0.5, 0]);
  });

  it("is a matter of luck where as many were fixed as broken, and hardly where all went one way", () => {
    // min(1, 2 * sum(comb(n, k) for k in range(min(a, b) + 1)) / 2**n)
    expect(signTest(3, 3)).toBe(1);
    expect(signTest(0, 0)).toBe(1);
    expect(signTest(10, 0)).toBeCloseTo(2 / 1024, 12);
    expect(signTest(2, 8)).toBeCloseTo((2 * (1 + 10 + 45)) / 1024, 12);
    expect(signTest(400, 600)).toBeCloseTo(2.7e-10, 11);
  });
});

describe("the order of problems", () => {
  it("is by name as people count, by mean, or by what changed", () => {
    const names = (order: Parameters<typeof ordered>[2]): string[] =>
      ordered(problems, [before, after], order, [before, after]).map((i) => problems[i] ?? "");
    expect(names("id")).toEqual(["p/1", "p/2", "p/3", "p/9", "p/10"]);
    expect(names("worst")).toEqual(["p/2", "p/9", "p/1", "p/3", "p/10"]);
    expect(names("difference")).toEqual(["p/1", "p/2", "p/10", "p/9", "p/3"]);
  });
});

describe("the address of the matrix", () => {
  const shown = (query: string): string[] =>
    shownOf(new URLSearchParams(query), problems, [before, after]).rows.map((i) => problems[i] ?? "");

  it("says which problems are shown", () => {
    expect(shown("show=fixed")).toEqual(["p/9"]);
    expect(shown("a=b&b=a&show=fixed")).toEqual(["p/1"]);
    expect(shown("find=P/1&order=id")).toEqual(["p/1", "p/10"]);
    expect(shown("show=nonsense&order=nonsense").length).toBe(5);
  });

  it("compares nothing where there is one column", () => {
    expect(shownOf(new URLSearchParams("show=fixed"), problems, [before])).toMatchObject({ pair: null, outcome: null });
  });
});

describe("columns of several answers", () => {
  it("stand against one list of problems, each once", () => {
    const answer = (run: string, step: number, met: string[], scores: number[]) => ({
      benchmark: "family",
      measure: "m",
      measures: ["m"],
      problems: met,
      columns: [{ run, step, scores }],
      skipped: [],
    });
    const { problems: all, columns } = joined([
      answer("r", 0, ["x", "y"], [0, 1]),
      answer("r", 8, ["y", "z"], [1, 0.5]),
      answer("r", 8, ["y", "z"], [1, 0.5]),
    ]);
    expect(all).toEqual(["x", "y", "z"]);
    expect(columns.map(({ scores }) => scores)).toEqual([
      [0, 1, null],
      [null, 1, 0.5],
    ]);
    expect(labelled(columns, () => "name").map(({ label }) => label)).toEqual(["step 0", "step 8"]);
  });

  it("are named by their places where names are not enough", () => {
    const columns = ["grpo/seed-0", "dapo/seed-0"].map((run) => ({ id: run, run, step: 4, scores: [] }));
    expect(labelled(columns, () => "seed-0").map(({ label }) => label)).toEqual(["grpo/seed-0", "dapo/seed-0"]);
  });
});
