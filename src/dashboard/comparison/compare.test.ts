import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { testInfo, testSamples, writeTestEvaluation } from "../../eval/report/test-samples.js";
import { comparison } from "../api/runs.js";
import { removeTestRuns, testFolder, writeTestRun } from "../test-runs.js";
import { type Compared, comparisonOf } from "./compare.js";
import { Comparer } from "./comparer.js";

afterEach(removeTestRuns);

function run(root: string, name: string, share: number, after: readonly number[]): Compared {
  const { path } = writeTestRun(root, name, {
    config: `alignment:\n  share: ${share}\n`,
    scores: { 0: after.map(() => 0), 3: after },
  });
  return { place: name, path };
}

describe("a comparison", () => {
  it("of runs groups seeds and is what coderlplus compare says, each group with its places", async () => {
    const root = testFolder();
    const compared = [
      run(root, "grpo", 0, [1, 0, 0, 0]),
      run(root, "ours", 0.4, [1, 1, 1, 0]),
      run(root, "again", 0, [1, 0, 0, 0]),
    ];
    const comparer = new Comparer();
    const table = comparison.parse(await comparer.compare(compared));
    expect(table.groups.map(({ runs, against }) => ({ runs, against }))).toEqual([
      { runs: ["grpo", "again"], against: null },
      { runs: ["ours"], against: "test" },
    ]);
    expect(table.measures[0]).toMatchObject({
      measure: "code_pass_at_1",
      base: 0,
      groups: [
        { before: 0, value: 0.25, against: null },
        { value: 0.75, against: { difference: 0.5 } },
      ],
    });
    // Until a run changes it is not made again.
    expect(comparer.compare(compared)).toBe(comparer.compare(compared));
    await comparer.close();
  });

  it("leaves out and names what is not finished or damaged, and compares the rest", () => {
    const root = testFolder();
    const good = run(root, "good", 0, [1, 0]);
    const unfinished = { place: "unfinished", path: writeTestRun(root, "unfinished", { scores: { 0: [0] } }).path };
    const broken = run(root, "broken", 0, [1, 1]);
    writeFileSync(join(broken.path, "eval/samples/family-step-000003.jsonl"), "5\n");
    const cut = run(root, "cut", 0, [1, 1]);
    writeFileSync(join(cut.path, "run.json"), '{"na');
    const table = comparisonOf([good, unfinished, broken, cut]);
    expect(table.groups.map(({ runs }) => runs)).toEqual([["good"]]);
    expect(table.skipped).toEqual([
      expect.stringContaining("has no evaluation before and after training"),
      expect.stringContaining("an evaluation of it is damaged"),
      expect.stringContaining("not JSON"),
    ]);
    expect(comparisonOf([unfinished]).refusal).toBe(
      "none of these runs has an evaluation before and after its training",
    );
  });

  it("of evaluations of benchmarks is paired by task, against the first", () => {
    const root = testFolder();
    const evaluation = (name: string, marks: Record<string, string>, changes = {}): Compared => {
      writeTestEvaluation(join(root, name), testInfo({ tasks: 3, ...changes }), testSamples(marks));
      return { place: name, path: join(root, name) };
    };
    const base = evaluation("base", { a: "r", b: "w", c: "w" });
    const better = evaluation("better", { a: "r", b: "r", c: "w" });
    const unlike = evaluation("unlike", { a: "r", b: "r", c: "w" }, { dataSha256: "1" });
    const table = comparison.parse(comparisonOf([base, better, unlike]));
    expect(table.groups.map(({ runs, against }) => [runs, against])).toEqual([
      [["base"], null],
      [["better"], "model (base)"],
    ]);
    const row = table.measures.find(({ measure }) => measure === "toy pass_at_1");
    expect(row?.base).toBeNull();
    expect(row?.groups.map(({ value }) => value)).toEqual([expect.closeTo(1 / 3), expect.closeTo(2 / 3)]);
    expect(row?.groups[1]?.against?.difference).toBeCloseTo(1 / 3);
    expect(table.skipped[0]).toContain("their task files differ");
    expect(comparisonOf([base, run(root, "run", 0, [1])]).refusal).toContain("choose one kind");
    expect(comparisonOf([base]).refusal).toBe("expected two evaluations or more");
  });
});
