// The list's rows: filter, order, seeds together; and compared runs: groups, their names, what sets them apart.

import { describe, expect, test } from "vitest";
import type { RunDetail, RunSummary } from "../../src/dashboard/api/runs.js";
import { comparedGroups, curveRuns, settingDifference } from "./compared-groups.js";
import { groupedRuns, keptRuns, sortedRuns } from "./run-rows.js";

function summary(run: string, own: Partial<RunSummary> = {}): RunSummary {
  return {
    run,
    name: run,
    recipe: "coderlplus",
    status: "finished",
    seed: 0,
    setting: run,
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: null,
    steps: 10,
    stepsDone: 10,
    stepSeconds: null,
    secondsLeft: null,
    latest: {},
    headline: {},
    ...own,
  };
}

describe("the list", () => {
  const runs = [
    summary("a/s-0", { setting: "x", startedAt: "2026-01-03", latest: { "code/pass_rate": 0.2 } }),
    summary("b", { status: "running", stepsDone: 1, startedAt: "2026-01-02", latest: { "code/pass_rate": null } }),
    summary("a/s-1", { setting: "x", seed: 1, startedAt: "2026-01-01", latest: { "code/pass_rate": 0.9 } }),
  ];

  test("keeps runs that have every word of the filter", () => {
    expect(keptRuns(runs, { text: "coderl SEED 1", status: "" }).map(({ run }) => run)).toEqual(["a/s-1"]);
    expect(keptRuns(runs, { text: "", status: "running" }).map(({ run }) => run)).toEqual(["b"]);
  });

  test("puts seeds of one setting together where the first of them stands", () => {
    const groups = groupedRuns(runs, { column: "started", isDescending: true });
    expect(groups.map(({ name, runs }) => [name, runs.map(({ run }) => run)])).toEqual([
      ["a", ["a/s-0", "a/s-1"]],
      ["b", ["b"]],
    ]);
  });

  test("has runs without the value last, whichever way it is sorted", () => {
    for (const [isDescending, order] of [
      [true, ["a/s-1", "a/s-0", "b"]],
      [false, ["a/s-0", "a/s-1", "b"]],
    ] as const) {
      expect(sortedRuns(runs, { column: "code", isDescending }).map(({ run }) => run)).toEqual(order);
    }
  });
});

describe("compared runs", () => {
  const runs = [
    summary("study/grpo/seed-0", { setting: "g", recipe: "grpo" }),
    summary("study/grpo/seed-1", { setting: "g", recipe: "grpo", seed: 1 }),
    summary("study/full/seed-0", { setting: "f" }),
  ];

  test("are groups with names without the folders that all are in", () => {
    const groups = comparedGroups(runs, true);
    expect(groups.map(({ name, runs }) => [name, runs.length])).toEqual([
      ["grpo", 2],
      ["full/seed-0", 1],
    ]);
    expect(curveRuns(groups).map(({ group }) => group)).toEqual(["grpo", "grpo", "full/seed-0"]);
  });

  test("are each a group where that is asked", () => {
    expect(comparedGroups(runs, false).map(({ name }) => name)).toEqual(["grpo/seed-0", "grpo/seed-1", "full/seed-0"]);
  });

  test("of two settings in one folder have two names", () => {
    const same = ["s", "s", "t", "t"].map((setting, i) => summary(`all/run-${i}`, { setting }));
    const names = comparedGroups(same, true).map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
  });

  test("differ in the keys that have not one value everywhere", () => {
    const detail = (settings: Record<string, string>): RunDetail => ({ settings }) as unknown as RunDetail;
    const rows = settingDifference([
      [detail({ share: "0", lr: "1", seed: "0" }), detail({ share: "0", lr: "1", seed: "1" })],
      [detail({ share: "0.4", lr: "1", seed: "0", extra: "x" })],
    ]);
    expect(rows).toEqual([
      { key: "share", values: ["0", "0.4"] },
      { key: "seed", values: ["0, 1", "0"] },
      { key: "extra", values: [null, "x"] },
    ]);
  });
});
