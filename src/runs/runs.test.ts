import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lineChart } from "./chart.js";
import { type ComparedRun, compareRuns } from "./compare.js";
import { metricCatalogue } from "./metrics.js";
import type { EvaluationRecord, EvaluationSample, RunInfo } from "./records.js";
import { RunDirectory } from "./run-directory.js";

const info = (recipe: string, seed: number): RunInfo => ({
  name: `${recipe}-${seed}`,
  status: "finished",
  seed,
  startedAt: "2026-01-01T00:00:00.000Z",
  recipe,
  versions: {},
  gitRevision: null,
  host: {},
  steps: 1,
  stepsDone: 1,
  dataHashes: {},
});

const fresh = (): RunDirectory =>
  RunDirectory.create(join(mkdtempSync(join(tmpdir(), "coderlplus-run-")), "run"), info("test", 0), "");

describe("a run's folder", () => {
  it("takes the next free number", () => {
    const root = mkdtempSync(join(tmpdir(), "coderlplus-runs-"));
    mkdirSync(join(root, "grpo-1"));
    expect(RunDirectory.next(root, "grpo")).toBe(join(root, "grpo-2"));
  });

  it("leaves out a metrics line that a kill cut off, and cuts back to a step", async () => {
    const run = fresh();
    for (const step of [1, 2, 3]) {
      run.appendMetrics({ step, "code/reward_mean": 0.5 });
      run.writeRollouts(step, []);
      await run.writeCheckpoint(step, (folder) => Promise.resolve(writeFileSync(join(folder, "x"), "")));
    }
    appendFileSync(join(run.path, "metrics.jsonl"), '{"step": 4, "code/rew');
    expect(run.readMetrics().map(({ step }) => step)).toEqual([1, 2, 3]);
    run.cutBackTo(2);
    expect(readFileSync(join(run.path, "metrics.jsonl"), "utf8")).not.toContain('"step": 3');
    expect(run.rolloutSteps()).toEqual([1, 2]);
    expect(run.checkpointSteps()).toEqual([1, 2]);
  });

  it("cuts back evaluations too, and what was being written", () => {
    const run = fresh();
    const record = (step: number): EvaluationRecord => ({ benchmark: "family", step, problems: 0, metrics: {} });
    for (const step of [0, 2, 4]) run.writeEvaluation(record(step), []);
    writeFileSync(join(run.path, "eval", "family-step-000006.json.tmp-9"), "{");
    run.cutBackTo(2);
    expect(run.evaluationSteps("family")).toEqual([0, 2]);
    expect(readdirSync(join(run.path, "eval", "samples"))).toHaveLength(2);
    expect(readdirSync(join(run.path, "eval"))).toHaveLength(3);
  });

  it("begins where a process was killed before its run began, and not among files of others", () => {
    const path = mkdtempSync(join(tmpdir(), "coderlplus-run-"));
    writeFileSync(join(path, "config.yaml"), "seed: 1");
    expect(() => RunDirectory.create(path, info("test", 0), "")).toThrow("not empty and holds no run");
    writeFileSync(join(path, "run.lock"), "");
    writeFileSync(join(path, "config.yaml.tmp-7"), "se");
    expect(RunDirectory.create(path, info("test", 0), "seed: 2").readConfig()).toBe("seed: 2");
  });

  it("does not take a half-written checkpoint for one", async () => {
    const run = fresh();
    await expect(run.writeCheckpoint(1, () => Promise.reject(new Error("killed")))).rejects.toThrow("killed");
    expect(run.checkpointSteps()).toEqual([]);
  });
});

describe("the comparison", () => {
  const samples = (scores: readonly number[]): EvaluationSample[] =>
    scores.map((score, i) => ({
      problem: `p/${i}`,
      scores: { code_pass_at_1: score, all_right: score },
      completions: {},
    }));
  const run = (recipe: string, seed: number, scores: readonly number[], alignment: boolean): ComparedRun => ({
    path: "",
    info: info(recipe, seed),
    setting: { "alignment.share": alignment ? "0.4" : "0" },
    trainedOn: { code: true, variables: alignment, output: alignment },
    before: samples(scores.map(() => 0)),
    after: samples(scores),
  });

  const result = compareRuns([
    run("grpo", 0, [1, 0, 0, 0, 1, 0, 0, 0], false),
    run("grpo", 1, [1, 0, 0, 0, 0, 0, 0, 0], false),
    run("coderlplus", 0, [1, 1, 1, 1, 1, 1, 1, 0], true),
    run("coderlplus", 1, [1, 1, 1, 1, 1, 1, 0, 0], true),
  ]);

  it("groups seeds and compares with the first group, paired", () => {
    expect(result.groups).toEqual([
      { name: "grpo", seeds: [0, 1], against: null },
      { name: "coderlplus", seeds: [0, 1], against: "grpo" },
    ]);
    const [grpo, ours] = result.measures["code_pass_at_1"] ?? [];
    expect(grpo?.value).toBeCloseTo(3 / 16, 12);
    expect(grpo?.against).toBeNull();
    expect(ours?.against?.difference).toBeCloseTo(10 / 16, 12);
    expect(ours?.against?.low).toBeGreaterThan(0.2);
    expect(ours?.against?.high).toBeLessThanOrEqual(1);
  });

  it("keeps settings of one recipe apart, and says by what", () => {
    const apart = compareRuns([run("coderlplus", 0, [1], true), run("coderlplus", 0, [1], false)]);
    expect(apart.groups.map(({ name }) => name)).toEqual(["coderlplus", "coderlplus alignment.share=0"]);
  });

  it("refuses runs that were evaluated on different problems", () => {
    const other = run("grpo", 0, [1], false);
    const elsewhere = { ...other, info: { ...other.info, dataHashes: { evaluation: "x" } } };
    expect(() => compareRuns([other, elsewhere])).toThrow("different problems");
  });

  it("says whether a run's own reward contains the measure", () => {
    expect(result.measures["all_right"]?.map(({ rewarded }) => rewarded)).toEqual([false, true]);
    expect(result.measures["code_pass_at_1"]?.map(({ rewarded }) => rewarded)).toEqual([true, true]);
  });
});

describe("a chart", () => {
  it("draws a flat line and a single point", () => {
    for (const points of [
      [{ x: 1, y: 0.5 }],
      [
        { x: 1, y: 0 },
        { x: 2, y: 0 },
      ],
    ]) {
      expect(lineChart([{ name: "n", points }])).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe("the metric catalogue", () => {
  it("is the table of docs/metrics.md", () => {
    const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    for (const [name, meaning] of Object.entries(metricCatalogue))
      expect(page).toContain(`| \`${name}\` | ${meaning} |`);
  });
});
