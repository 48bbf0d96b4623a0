// Whole runs of the real thing at small size: what an outsider would check of a run's folder.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { groupAdvantages } from "../src/algorithms/advantages.js";
import { stringifyJson } from "../src/core/json.js";
import { readLines } from "../src/core/jsonl.js";
import { explain } from "../src/core/schema.js";
import { renderReport } from "../src/dashboard/report.js";
import { layoutOf } from "../src/engines/embedded/decoder/layout.js";
import {
  readCompanions,
  readWeights,
  writeCompanions,
  writeWeights,
} from "../src/engines/embedded/model/checkpoint.js";
import { readConfig } from "../src/engines/embedded/model/config.js";
import { bundled } from "../src/problems/bundled.js";
import { readProblems } from "../src/problems/problem.js";
import { compareRuns, readCompared } from "../src/runs/compare.js";
import { metricCatalogue } from "../src/runs/metrics.js";
import type { RolloutRecord } from "../src/runs/records.js";
import { RunDirectory } from "../src/runs/run-directory.js";
import {
  alignmentExampleSchema,
  evaluationSchema,
  metricsSchema,
  rolloutSchema,
  runSchema,
} from "../src/runs/schemas.js";
import { openSandbox, type Sandbox } from "../src/sandbox/sandbox.js";
import { trace } from "../src/tracer/tracer.js";
import { applySettings, resolveConfig } from "../src/train/config/resolve.js";
import { recipe } from "../src/train/recipes/recipes.js";
import { train } from "../src/train/run.js";
import { command, deterministic, exited, killWhen, output, rolloutText, seen, weights } from "./train-child.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-runs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const small = [
  "train.steps=4",
  "rollouts.prompts=10",
  "rollouts.groupSize=4",
  "evaluation.problems=4",
  "train.checkpointEvery=2",
  "judge.workers=1",
  "sandbox.wall=off",
];
/** As it is set up where nobody says otherwise. */
const usual = ["judge.workers=2", "sandbox.wall=auto"];

async function runSmall(
  name: string,
  settings: readonly string[] = [],
  recipeName = "coderlplus",
): Promise<RunDirectory> {
  const config = resolveConfig(applySettings(recipe(recipeName), [...small, ...settings]), name);
  return (await train(config, { path: join(root, name) })).run;
}

const allRollouts = (run: RunDirectory): RolloutRecord[] =>
  run.rolloutSteps().flatMap((step) => run.readRollouts(step));

describe("a run of CodeRL+", () => {
  let run: RunDirectory;
  let sandbox: Sandbox;
  beforeAll(async () => {
    run = await runSmall("reference", usual);
    sandbox = await openSandbox({ workers: 1 });
  });
  afterAll(() => sandbox.close());

  it("finishes with its whole folder", () => {
    expect(run.readInfo()).toMatchObject({ status: "finished", steps: 4, stepsDone: 4, seed: 0 });
    for (const file of [
      "config.yaml",
      "metrics.jsonl",
      "report.html",
      "eval/family-step-000000.json",
      "eval/family-step-000004.json",
    ]) {
      expect(existsSync(join(run.path, file)), file).toBe(true);
    }
    expect(readdirSync(join(run.path, "checkpoints"))).toEqual(["step-000002", "step-000004"]);
  });

  it("writes records of the published shapes", () => {
    const hold = (schema: z.ZodType, value: unknown): void => {
      const result = schema.safeParse(value);
      expect(result.success ? "" : explain(result.error, value, schema)).toBe("");
    };
    const lines = (path: string): unknown[] => readLines(join(run.path, path)).map(({ value }) => value);
    const plain = (path: string): unknown => JSON.parse(readFileSync(join(run.path, path), "utf8"));
    hold(runSchema, plain("run.json"));
    hold(evaluationSchema, plain("eval/family-step-000004.json"));
    for (const line of run.readMetrics()) hold(metricsSchema, line);
    for (const line of rolloutText(run).trim().split("\n")) hold(rolloutSchema, JSON.parse(line));
    for (const entry of lines("checkpoints/step-000004/training-state/pool.jsonl")) {
      hold(alignmentExampleSchema, (entry as { example: unknown }).example);
    }
  });

  it("writes only metrics of the catalogue, one line a step", () => {
    const metrics = run.readMetrics();
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    for (const key of metrics.flatMap(Object.keys)) expect(key === "step" || key in metricCatalogue, key).toBe(true);
  });

  it("has a sampler and a trainer that agree to 1e-5 every step", () => {
    for (const line of run.readMetrics()) expect(line["policy/first_ratio_error"]).toBeLessThanOrEqual(1e-5);
  });

  it("mixes 40 % alignment once the pool can fill it", () => {
    const shares = run.readMetrics().map((line) => line["alignment/share"]);
    expect(shares[0]).toBe(0);
    expect(shares.at(-1)).toBe(0.4);
  });

  it("counts every candidate of the funnel once", () => {
    for (const line of run.readMetrics()) {
      const dropped = Object.entries(line).filter(([key]) => key.startsWith("alignment/dropped_"));
      const total = dropped.reduce((sum, [, count]) => sum + (count ?? 0), line["alignment/kept"] ?? 0);
      expect(total).toBe(line["alignment/candidates"]);
    }
  });

  it("asks only about programs that failed earlier in the run, with a truth that a fresh trace gives", async () => {
    const rollouts = allRollouts(run);
    const aligned = rollouts.filter(({ task }) => task === "alignment");
    expect(aligned.length).toBeGreaterThan(0);
    for (const { step, alignment } of aligned) {
      const source = rollouts.find(
        (other) => other.step < step && other.task === "code" && other.program === alignment?.program,
      );
      expect(source?.verdict?.kind).toBe("failed");
    }
    const distinct = new Map(
      aligned.map(({ alignment }) => [stringifyJson([alignment?.program, alignment?.input]), alignment]),
    );
    for (const alignment of distinct.values()) {
      if (!alignment) continue;
      const fresh = await trace(sandbox, alignment.program, alignment.input);
      const variables = Object.fromEntries(alignment.asked.map((name) => [name, fresh.variables[name]]));
      expect(stringifyJson(alignment.truth)).toBe(stringifyJson({ variables, output: fresh.returned }));
    }
  });

  it("keeps advantages that can be recomputed from its rewards", () => {
    for (const step of run.rolloutSteps()) {
      const rollouts = run.readRollouts(step);
      for (const group of new Set(rollouts.map((rollout) => rollout.group))) {
        const members = rollouts.filter((rollout) => rollout.group === group);
        const expected = groupAdvantages(members.map(({ reward }) => reward ?? Number.NaN));
        for (const [i, { advantage }] of members.entries()) expect(advantage ?? Number.NaN).toBeCloseTo(expected[i], 9);
      }
    }
  });

  it("gives other metrics for another seed", async () => {
    const other = await runSmall("other", ["seed=1", "train.steps=1"]);
    expect(deterministic(run).startsWith(deterministic(other))).toBe(false);
  });

  it("changes nothing at learning rate 0", async () => {
    const few = ["train.steps=3", "train.checkpointEvery=1", "rollouts.prompts=5"];
    const still = await runSmall("still", ["optimizer.learningRate=0", "train.keepCheckpoints=5", ...few]);
    const [first, last] = [1, 3].map((step) => readFileSync(join(still.checkpointPath(step), "model.safetensors")));
    expect(first?.equals(last as Buffer)).toBe(true);
    const scores = [0, 3].map((step) => still.readEvaluation("family", step)?.metrics);
    expect(scores[1]).toEqual(scores[0]);
  });

  it("stops after the step under way at Ctrl-C, and resumes to the same metrics, rollouts and weights", async () => {
    const path = join(root, "stopped");
    const child = command(["train", ...small.flatMap((setting) => ["--set", setting]), "--run", path]);
    await seen(child, /step 1\//);
    child.kill("SIGINT");
    expect(await exited(child)).toBe(0);
    const stopped = RunDirectory.open(path);
    const { status, stepsDone } = stopped.readInfo();
    expect(status).toBe("stopped");
    expect(stopped.checkpointSteps().at(-1)).toBe(stepsDone);
    expect(await exited(command(["train", "--run", path, "--resume"]))).toBe(0);
    expect(deterministic(stopped)).toBe(deterministic(run));
    expect(rolloutText(stopped)).toBe(rolloutText(run));
    expect(weights(stopped).equals(weights(run))).toBe(true);
  });

  it("writes a report of one file, with no script but ours and no outside resource", async () => {
    const html = readFileSync(join(run.path, "report.html"), "utf8");
    expect(html).toContain("default-src 'none'; script-src 'sha256-");
    const [head = "", ...scripts] = html.split(/<script/i);
    expect(head).not.toMatch(/src=|href=|@import|url\(/i);
    expect(scripts.map((text) => text.slice(0, text.indexOf(">")))).toEqual([
      ' type="application/json" id="answers"',
      "",
    ]);
    expect(html).toContain("alignment/reward_mean");
    expect(html).toBe(await renderReport(run));
  });

  it("says in one line what is wrong with a damaged checkpoint", async () => {
    const path = join(root, "damaged");
    cpSync(run.path, path, { recursive: true });
    writeFileSync(join(path, "checkpoints/step-000004/model.safetensors"), "not tensors");
    const { code, stderr } = await output(command(["train", "--run", path, "--resume", "--set", "train.steps=5"]));
    expect(code).toBe(1);
    expect(stderr.trim().split("\n").at(-1)).toMatch(/model\.safetensors/);
  });
});

describe("a run that trains adapters", () => {
  const lora = ["engine.lora.rank=4", "policy.klCoefficient=0.01"];
  const few = [
    "train.steps=3",
    "rollouts.prompts=5",
    "rollouts.groupSize=4",
    "evaluation.problems=2",
    "train.checkpointEvery=1",
  ];

  it("leaves the model's files as they are and equals an unbroken run after kill -9", async () => {
    const base = join(bundled("bundled", "model"), "model.safetensors");
    const before = readFileSync(base);
    const run = await runSmall("adapters", [...few, ...lora]);
    const path = join(root, "adapters-killed");
    await killWhen(/step 2\//, ["train", ...[...few, ...lora].flatMap((key) => ["--set", key]), "--run", path]);
    await exited(command(["train", "--run", path, "--resume"]));
    const killed = RunDirectory.open(path);
    expect(deterministic(killed)).toBe(deterministic(run));
    expect(weights(killed).equals(weights(run))).toBe(true);
    expect(weights(run).equals(before)).toBe(false);
    expect(readFileSync(base).equals(before)).toBe(true);
    expect(run.readMetrics().every((line) => Number(line["policy/first_ratio_error"]) < 1e-5)).toBe(true);
  });
});

describe("the other recipes", () => {
  it("grpo never asks for final values", async () => {
    const run = await runSmall("grpo", ["train.steps=2", "rollouts.prompts=4"], "grpo");
    expect(allRollouts(run).every(({ task }) => task === "code")).toBe(true);
  });

  it("alignment-only collects failures without learning, then learns from alignment alone", async () => {
    const run = await runSmall("alignment-only", ["alignment.collectSteps=2", "rollouts.prompts=6"], "alignment-only");
    const updates = run.readMetrics().map((line) => line["policy/updates"] ?? 0);
    expect(updates.slice(0, 2)).toEqual([0, 0]);
    expect(updates.slice(2).every((count) => count > 0)).toBe(true);
    expect(run.readRollouts(4).every(({ task }) => task === "alignment")).toBe(true);
  });
});

describe("the baselines", () => {
  const few = [
    "train.steps=2",
    "rollouts.prompts=8",
    "rollouts.groupSize=8",
    "evaluation.problems=2",
    "train.miniBatches=1",
  ];

  it("reasoning-only asks about reference programs from the first step, and writes no code", async () => {
    const references = new Set(readProblems(bundled("bundled", "train")).map(({ reference }) => reference));
    const rollouts = allRollouts(await runSmall("reasoning-only", [...few, "rollouts.groupSize=2"], "reasoning-only"));
    expect(rollouts.length).toBe(32);
    expect(rollouts.every(({ alignment }) => alignment && references.has(alignment.program))).toBe(true);
  });

  it("error-aware asks what the run's own programs give, on empty inputs too, and some raise", async () => {
    const aligned = allRollouts(await runSmall("error-aware", few, "error-aware")).filter(({ alignment }) => alignment);
    const outputs = new Set(aligned.map(({ alignment }) => stringifyJson(alignment?.truth.output)));
    expect(aligned.some(({ prompt }) => prompt.endsWith("# f([]) -> output\n"))).toBe(true);
    expect([...outputs].some((output) => /^"(Value|Index)Error"$/.test(output))).toBe(true);
  });
});

describe("a supervised run", () => {
  const data = join(root, "demonstrations.jsonl");
  const few = ["supervised.epochs=0.8", "supervised.batch=16", "evaluation.problems=4", "train.checkpointEvery=2"];
  const start = ["sft", "--data", data, ...few.flatMap((setting) => ["--set", setting])];
  beforeAll(async () => {
    const args = ["data", "demonstrate", "--task", "code", "--count", "100", "--out", data];
    expect(await exited(command(args))).toBe(0);
  });

  it("keeps the folder of every run, and equals an unbroken run after kill -9", async () => {
    const [whole, path] = [join(root, "supervised"), join(root, "supervised-killed")];
    expect(await exited(command([...start, "--run", whole]))).toBe(0);
    const run = RunDirectory.open(whole);
    expect(run.readInfo()).toMatchObject({ recipe: "sft", status: "finished", steps: 5, stepsDone: 5 });
    const losses = run.readMetrics().map((line) => line["supervised/loss"] ?? Number.NaN);
    expect(losses.every((loss) => loss > 0)).toBe(true);
    for (const line of run.readMetrics()) expect(() => metricsSchema.parse(line)).not.toThrow();
    expect(run.evaluationSteps("family")).toEqual([0, 5]);
    expect(run.readConfig()).not.toContain("alignment");

    await killWhen(/step 3\//, [...start, "--run", path]);
    expect(await exited(command(["sft", "--run", path, "--resume"]))).toBe(0);
    const killed = RunDirectory.open(path);
    expect(deterministic(killed)).toBe(deterministic(run));
    expect(weights(killed).equals(weights(run))).toBe(true);

    const { groups, measures } = compareRuns([readCompared(run), readCompared(killed)]);
    expect(groups).toMatchObject([{ name: "sft", seeds: [0, 0] }]);
    expect(Object.values(measures).some(([group]) => group?.rewarded)).toBe(false);
  });

  it("will not go on with other demonstrations", async () => {
    writeFileSync(data, '{"prompt": "a", "answer": "b"}\n');
    const args = ["sft", "--run", join(root, "supervised"), "--resume", "--set", "train.steps=30"];
    const { code, stderr } = await output(command(args));
    expect(code).toBe(2);
    expect(stderr).toContain("its train data has changed");
  });
});

describe("a model whose weights lie in several files", () => {
  it("is trained, and missed when one of them has changed", async () => {
    const model = join(root, "sharded");
    const bundle = bundled("bundled", "model");
    const layout = layoutOf(readConfig(bundle));
    const weights = new Float32Array(layout.length);
    readWeights(bundle, layout, weights);
    writeCompanions(model, readCompanions(bundle), "F32");
    writeWeights(model, layout, weights, "F32", 1_000_000);
    const few = ["train.steps=1", "rollouts.prompts=2", "evaluation.problems=2", `engine.model=${model}`];
    const run = await runSmall("of-shards", few);
    expect(run.readInfo().status).toBe("finished");
    writeWeights(
      model,
      layout,
      weights.map((weight) => 2 * weight),
      "F32",
      1_000_000,
    );
    const config = resolveConfig(applySettings(recipe("coderlplus"), [...small, ...few, "train.steps=2"]), "of-shards");
    await expect(train(config, { path: run.path, resume: true })).rejects.toThrow("its model data has changed");
  });
});

describe("the bundled problems", () => {
  it("share no composition between training and held-out", () => {
    const compositions = (split: "train" | "held-out"): Set<unknown> =>
      new Set(readProblems(bundled("bundled", split)).map(({ metadata }) => metadata["composition"]));
    const train = compositions("train");
    expect([...compositions("held-out")].filter((key) => train.has(key))).toEqual([]);
  });
});
