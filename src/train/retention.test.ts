import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvaluationRecord } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { bestSchema } from "../runs/schemas.js";
import { applySettings, resolveConfig } from "./config/resolve.js";
import { bestCheckpoint, removable, tidyCheckpoints } from "./retention.js";

const evaluation = (step: number, value: number): EvaluationRecord => ({
  benchmark: "family",
  step,
  problems: 1,
  metrics: { all_right: { value, standardError: 0.1 } },
});

describe("the checkpoints that are kept", () => {
  it("are the newest", () => {
    expect(removable([2, 4, 6, 8], { keepCheckpoints: 2, keepEvery: null }, null)).toEqual([2, 4]);
    expect(removable([2], { keepCheckpoints: 1, keepEvery: null }, null)).toEqual([]);
    expect(removable([], { keepCheckpoints: 1, keepEvery: null }, null)).toEqual([]);
  });

  it("are also those of every so many steps, and the best", () => {
    expect(removable([2, 4, 6, 8, 10], { keepCheckpoints: 1, keepEvery: 4 }, 6)).toEqual([2]);
  });
});

describe("the best checkpoint", () => {
  it("has the highest value, the earlier of equals, and is there", () => {
    const evaluations = [evaluation(0, 0.9), evaluation(2, 0.5), evaluation(4, 0.7), evaluation(6, 0.7)];
    expect(bestCheckpoint(evaluations, [2, 4, 6], "all_right")).toEqual({
      measure: "all_right",
      step: 4,
      value: 0.7,
      standardError: 0.1,
    });
    expect(bestCheckpoint(evaluations, [6], "all_right")?.step).toBe(6);
    expect(bestCheckpoint(evaluations, [], "all_right")).toBeNull();
  });

  it("survives all that come after it, and best.json names it", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "coderlplus-retention-")), "run");
    mkdirSync(path);
    writeFileSync(join(path, "run.json"), "{}");
    const run = RunDirectory.open(path);
    const config = resolveConfig(
      applySettings({}, ["train.keepBest=all_right", "train.keepCheckpoints=1", "evaluation.every=1"]),
      "test",
    );
    run.writeEvaluation(evaluation(0, 0.99), []);
    for (const [i, value] of [0.1, 0.8, 0.3, 0.4, 0.9].entries()) {
      await run.writeCheckpoint(i + 1, (folder) => Promise.resolve(writeFileSync(join(folder, "x"), "")));
      tidyCheckpoints(run, config);
      run.writeEvaluation(evaluation(i + 1, value), []);
      tidyCheckpoints(run, config);
      expect(run.readBest()?.step).toBe([1, 2, 2, 2, 5][i]);
      expect(run.checkpointSteps()).toEqual([[1], [2], [2, 3], [2, 4], [5]][i]);
    }
    expect(bestSchema.parse(JSON.parse(readFileSync(join(path, "best.json"), "utf8"))).value).toBe(0.9);
  });

  it("is refused where the problems give no such measure", () => {
    const path = mkdtempSync(join(tmpdir(), "coderlplus-retention-"));
    writeFileSync(join(path, "run.json"), "{}");
    const run = RunDirectory.open(path);
    run.writeEvaluation(evaluation(0, 0), []);
    const config = resolveConfig(applySettings({}, ["train.keepBest=code_pass_at_1", "evaluation.every=1"]), "test");
    expect(() => tidyCheckpoints(run, config)).toThrow(/give no such measure; they give all_right/);
  });
});
