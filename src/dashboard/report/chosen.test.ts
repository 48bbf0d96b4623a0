import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { heldRollouts } from "../report-rollouts.js";
import { type Candidate, inTurn } from "./choose-groups.js";
import { hostileRun } from "./test-hostile-run.js";
import { thinned } from "./thin.js";

const group = (step: number, task: Candidate["task"], number: number, rewards: number[]): Candidate => ({
  step,
  task,
  group: number,
  rewards,
});

describe("the groups of a report", () => {
  it("are those whose rewards differ most, in turn of each step and task", () => {
    const chosen = inTurn([
      group(1, "code", 0, [0, 0]),
      group(1, "code", 1, [0, 0, 0, 1]),
      group(1, "code", 2, [0, 1]),
      group(1, "alignment", 3, [0.2, 0.9]),
      group(9, "alignment", 0, [1, 1]),
      group(9, "alignment", 1, []),
    ]);
    expect(chosen.map(({ step, group: number }) => [step, number])).toEqual([
      [9, 0],
      [1, 2],
      [1, 3],
      [1, 1],
    ]);
  });

  it("are as many as there is room for", async () => {
    const { path } = hostileRun();
    const all = await heldRollouts(path, "r", [1, 2]);
    expect(all.groups.map(({ step, group: number }) => [step, number])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
    const size = (held: typeof all): number => JSON.stringify(held.groups).length;
    const few = await heldRollouts(path, "r", [1, 2], size(all) / 2);
    expect(few).toMatchObject({ of: 4 });
    expect(few.groups.length).toBeGreaterThan(0);
    expect(size(few)).toBeLessThan(size(all) / 2 + 500);
    expect((await heldRollouts(path, "r", [1, 2], 10)).groups).toEqual([]);
    expect(await heldRollouts(mkdtempSync(join(tmpdir(), "coderlplus-empty-")), "r", [1])).toMatchObject({ of: 0 });
  });
});

describe("a long run's curves", () => {
  it("keep whole values of every so many steps, the first and the last among them", () => {
    const steps = Array.from({ length: 10_000 }, (_, i) => i + 1);
    const { columns, every } = thinned({ run: "r", steps, columns: { m: steps.map((step) => step / 7) } });
    expect(columns.steps.length).toBeLessThanOrEqual(1001);
    expect([every, columns.steps[0], columns.steps.at(-1)]).toEqual([11, 1, 10_000]);
    expect(columns.columns["m"]).toEqual(columns.steps.map((step) => step / 7));
    expect(thinned({ run: "r", steps: [1, 2], columns: { m: [null, 1] } })).toMatchObject({ every: 1 });
  });
});
