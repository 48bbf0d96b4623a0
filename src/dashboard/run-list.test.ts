import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import { runList } from "./api/runs.js";
import { openFolder } from "./folder.js";
import { openRunLister, type RunLister } from "./run-list.js";
import { removeTestRuns, testFolder, testMetrics, writeTestRun, writeTestScores } from "./test-runs.js";

afterEach(removeTestRuns);

function listerOf(root: string): RunLister {
  return openRunLister(openFolder(root));
}

describe("the list of runs", () => {
  it("says how far a run is and what it has reached, from the ends of its files", () => {
    const root = testFolder();
    writeTestRun(root, "run", { running: true, info: { steps: 10 }, scores: { 0: [0, 0], 2: [1, 0], 3: [1, 1] } });
    const [run] = runList.parse(listerOf(root).list()).runs;
    expect(run).toMatchObject({
      run: "run",
      status: "running",
      steps: 10,
      stepsDone: 3,
      stepSeconds: 2,
      secondsLeft: 14,
      latest: { "code/reward_mean": 0.3, "code/pass_rate": 0.3, "policy/kl": null },
      headline: { code_pass_at_1: { before: { value: 0 }, after: { value: 1 } } },
    });
  });

  it("calls a run interrupted that no process holds any more, and running again when one does", () => {
    const root = testFolder();
    const run = writeTestRun(root, "run", { running: true });
    const lister = listerOf(root);
    const status = (): string => lister.summary("run").status;
    expect(status()).toBe("running");
    // The number of a process that has ended.
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(join(run.path, "run.lock"), String(pid));
    expect(status()).toBe("interrupted");
    expect(lister.summary("run").secondsLeft).toBeNull();
    writeFileSync(join(run.path, "run.lock"), String(process.pid));
    expect(status()).toBe("running");
    rmSync(join(run.path, "run.lock"));
    expect(status()).toBe("interrupted");
    expect(lister.list().runs[0]?.status).toBe("interrupted");
  });

  it("reads a run again when its files have changed, and only then", () => {
    const root = testFolder();
    const run = writeTestRun(root, "run", { scores: { 0: [0] } });
    const lister = listerOf(root);
    const first = lister.summary("run");
    expect(lister.summary("run")).toBe(first);
    run.appendMetrics(testMetrics(4));
    expect(lister.summary("run").stepsDone).toBe(4);
    writeTestScores(run, 4, [1]);
    expect(lister.summary("run").headline["code_pass_at_1"]?.after?.value).toBe(1);
    run.cutBackTo(2);
    expect(lister.summary("run").stepsDone).toBe(2);
  });

  it("gives seeds of one setting the same name, and another setting another", () => {
    const root = testFolder();
    for (const [name, config] of [
      ["a", "seed: 0\nalignment:\n  share: 0.4\n"],
      ["b", "seed: 1\nalignment:\n  share: 0.4\n"],
      ["c", "seed: 0\nalignment:\n  share: 0\n"],
    ] as const) {
      writeTestRun(root, name, { config });
    }
    const lister = listerOf(root);
    const [a, b, c] = ["a", "b", "c"].map((name) => lister.summary(name).setting);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it("lists what is damaged with what is wrong, and the rest all the same", () => {
    const root = testFolder();
    writeTestRun(root, "good");
    const damage = (name: string, file: string, text: string): void =>
      writeFileSync(join(writeTestRun(root, name).path, file), text);
    damage("cut", "run.json", '{"name": "cut", "sta');
    damage("typed", "run.json", '{"name": "typed", "status": "done"}');
    damage("binary", "run.json", "\u0000");
    damage("config", "config.yaml", "a: [1");
    const { runs } = runList.parse(listerOf(root).list());
    const byName = Object.fromEntries(runs.map((run) => [run.run, run]));
    expect(byName["good"]?.status).toBe("finished");
    for (const name of ["cut", "typed", "binary", "config"]) expect(byName[name]?.status, name).toBe("damaged");
    expect(byName["cut"]?.problem).toMatch(/cut\/run\.json: not JSON: /);
    expect(byName["typed"]?.problem).toMatch(/run\.json: status: expected .*; found "done"/);
    expect(byName["config"]?.problem).toMatch(/config\.yaml: not YAML: /);
  });

  it("makes do with metrics that are cut off, missing or foreign, and with an evaluation that is none", () => {
    const root = testFolder();
    appendFileSync(join(writeTestRun(root, "cut").path, "metrics.jsonl"), '{"step": 4, "code/rew');
    truncateSync(join(writeTestRun(root, "empty").path, "metrics.jsonl"));
    rmSync(join(writeTestRun(root, "none").path, "metrics.jsonl"));
    writeFileSync(join(writeTestRun(root, "foreign").path, "metrics.jsonl"), '[1]\n{"step": "x"}\nnull\n');
    const evaluated = writeTestRun(root, "evaluated", { scores: { 0: [0], 3: [1] } });
    writeFileSync(join(evaluated.path, "eval/family-step-000003.json"), "{}");
    const lister = listerOf(root);
    const done = (name: string): number => lister.summary(name).stepsDone;
    expect(["cut", "empty", "none", "foreign"].map(done)).toEqual([3, 3, 3, 3]);
    expect(lister.summary("empty")).toMatchObject({ status: "finished", stepSeconds: null, latest: {} });
    expect(lister.summary("evaluated").headline["code_pass_at_1"]).toMatchObject({ after: null });
  });

  it("names evaluations with their policy, and leaves out a folder whose info is damaged", () => {
    const root = testFolder();
    writeTestEvaluation(join(root, "base"), testInfo({ tasks: 2 }), testSamples({ a: "r", b: "w" }));
    writeTestEvaluation(join(root, "bad"), testInfo(), testSamples({ a: "r" }));
    writeFileSync(join(root, "bad/toy-step-000000.info.json"), "{");
    expect(listerOf(root).list().evaluations).toEqual([
      { place: "base", policy: "model", benchmarks: [{ benchmark: "toy", step: 0, tasks: 2 }] },
    ]);
  });

  it("has the newest run first, and forgets one that is deleted", () => {
    const root = testFolder();
    writeTestRun(root, "old");
    const run = writeTestRun(root, "new", { info: { startedAt: "2026-02-01T00:00:00.000Z" } });
    const lister = listerOf(root);
    expect(lister.list().runs.map(({ run: place }) => place)).toEqual(["new", "old"]);
    rmSync(run.path, { recursive: true });
    expect(lister.list().runs.map(({ run: place }) => place)).toEqual(["old"]);
    expect(() => lister.summary("new")).toThrow('"new": no run there');
  });
});
