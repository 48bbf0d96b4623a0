import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openCurveReader } from "./curves.js";
import { removeTestRuns, testFolder, testMetrics, writeTestRun } from "./test-runs.js";

afterEach(removeTestRuns);

const REWARD = "code/reward_mean";

describe("a run's curves", () => {
  it("are columns of the names asked for, null where a metric is undefined, of later steps alone where asked", async () => {
    const run = writeTestRun(testFolder(), "run");
    const reader = openCurveReader();
    const names = [REWARD, "policy/kl", "of/nobody"];
    expect(await reader.columns(run.path, "here", names, -1)).toEqual({
      run: "here",
      steps: [1, 2, 3],
      columns: { [REWARD]: [0.1, 0.2, 0.3], "policy/kl": [null, null, null], "of/nobody": [null, null, null] },
    });
    expect(await reader.columns(run.path, "here", [REWARD], 2)).toMatchObject({
      steps: [3],
      columns: { [REWARD]: [0.3] },
    });
    expect(await reader.columns(run.path, "here", [REWARD], 3)).toMatchObject({ steps: [], columns: { [REWARD]: [] } });
    expect((await reader.overview(run.path)).metrics).toEqual([REWARD, "code/pass_rate", "time/step_seconds"]);
  });

  it("go on where they were left: a line that is being written waits for its end", async () => {
    const run = writeTestRun(testFolder(), "run");
    const reader = openCurveReader();
    const steps = async (): Promise<readonly number[]> => (await reader.columns(run.path, "", [REWARD], -1)).steps;
    expect(await steps()).toEqual([1, 2, 3]);
    const line = `${JSON.stringify({ ...testMetrics(4), "new/metric": 7 })}\n`;
    appendFileSync(join(run.path, "metrics.jsonl"), line.slice(0, 20));
    expect(await steps()).toEqual([1, 2, 3]);
    appendFileSync(join(run.path, "metrics.jsonl"), line.slice(20));
    const whole = [1, 2, 3, 4];
    expect(await Promise.all([steps(), steps(), steps()])).toEqual([whole, whole, whole]);
    expect((await reader.columns(run.path, "", ["new/metric"], -1)).columns).toEqual({
      "new/metric": [null, null, null, 7],
    });
  });

  it("are read anew where a resume has cut them back, also to as long as they were", async () => {
    const run = writeTestRun(testFolder(), "run", { steps: 70 });
    const reader = openCurveReader();
    const last = async (): Promise<unknown> => {
      const { steps, columns } = await reader.columns(run.path, "", [REWARD], -1);
      return [steps.length, steps.at(-1), columns[REWARD]?.at(-1)];
    };
    expect(await last()).toEqual([70, 70, 7]);
    run.cutBackTo(68);
    expect(await last()).toEqual([68, 68, 6.8]);
    run.appendMetrics({ step: 69, [REWARD]: 1 });
    run.cutBackTo(68);
    run.appendMetrics({ step: 69, [REWARD]: 2 });
    expect(await last()).toEqual([69, 69, 2]);
    rmSync(join(run.path, "metrics.jsonl"));
    expect(await last()).toEqual([0, undefined, undefined]);
  });

  it("leave out what is no line of metrics, and say where the first is", async () => {
    const run = writeTestRun(testFolder(), "run");
    const path = join(run.path, "metrics.jsonl");
    appendFileSync(path, `garbage\n{"step": 2}\n{"step": 5, "${REWARD}": "high", "policy/kl": 1}\n`);
    const reader = openCurveReader();
    expect(await reader.columns(run.path, "", [REWARD, "policy/kl"], 3)).toEqual({
      run: "",
      steps: [5],
      columns: { [REWARD]: [null], "policy/kl": [1] },
    });
    expect((await reader.overview(run.path)).problem).toBe(`${path}:4: not a step's metrics; left out`);
    writeFileSync(path, `${"x".repeat(3 << 20)}\n${JSON.stringify(testMetrics(1))}\n`);
    expect((await reader.columns(run.path, "", [], -1)).steps).toEqual([1]);
  });

  it("of many runs are kept within a limit", async () => {
    const root = testFolder();
    const reader = openCurveReader(1000);
    for (const name of ["a", "b", "c"]) {
      const run = writeTestRun(root, name);
      expect((await reader.columns(run.path, "", [REWARD], -1)).steps).toEqual([1, 2, 3]);
    }
    expect(reader.kept()).toBeLessThanOrEqual(1000);
    expect((await reader.columns(join(root, "a"), "", [REWARD], -1)).steps).toEqual([1, 2, 3]);
  });
});
