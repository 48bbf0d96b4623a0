// Runs that end early: those that come apart, and those whose time is up.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DivergenceError, RunError } from "../src/core/errors.js";
import { RunDirectory } from "../src/runs/run-directory.js";
import { applySettings, resolveConfig } from "../src/train/config/resolve.js";
import type { Config } from "../src/train/config/schema.js";
import { recipe } from "../src/train/recipes/recipes.js";
import { train } from "../src/train/run.js";
import { command, exited } from "./train-child.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-control-"));
const tiny = [
  "train.steps=4",
  "train.checkpointEvery=1",
  "rollouts.prompts=4",
  "rollouts.groupSize=4",
  "rollouts.maximumTokens=32",
  "evaluation.problems=1",
  "engine.threads=1",
  "judge.workers=1",
  "sandbox.wall=off",
];

const configOf = (...settings: string[]): Config =>
  resolveConfig(applySettings(recipe("coderlplus"), [...tiny, ...settings]), "test");

it("a run that an absurd learning rate tears apart ends with its last good checkpoint, and what to try", async () => {
  const path = join(root, "absurd");
  // Two steps that only collect leave good checkpoints; the third makes weights that give no probabilities.
  const config = configOf("optimizer.learningRate=1e30", "train.miniBatches=1", "alignment.collectSteps=2");
  const error = await train(config, { path }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RunError);
  expect((error as RunError).cause).toBeInstanceOf(DivergenceError);
  const lines = (error as RunError).message.split("\n");
  expect(lines[0]).toMatch(/failed after 3 whole steps: .*(NaN|Infinity)/);
  expect(lines[1]).toBe(`  last good checkpoint: ${join(path, "checkpoints", "step-000002")}`);
  expect(lines[2]).toBe(
    `  a gentler run from there: coderlplus train ${path}/config.yaml --set optimizer.learningRate=2.5e+29 --set engine.model=${join(path, "checkpoints", "step-000002")}`,
  );
  const run = RunDirectory.open(path);
  expect(run.readInfo()).toMatchObject({ status: "failed", stepsDone: 3 });
  expect(run.checkpointSteps()).toEqual([1, 2]);
});

it("a checkpoint with a weight that is not a number is refused by name, and the one before it resumed", async () => {
  const path = join(root, "poisoned");
  await train(configOf("train.steps=2"), { path });
  const run = RunDirectory.open(path);
  const weights = join(run.checkpointPath(2), "model.safetensors");
  const bytes = readFileSync(weights);
  bytes.writeFloatLE(Number.NaN, bytes.length - 4);
  writeFileSync(weights, bytes);
  await expect(train(configOf(), { path, resume: true })).rejects.toThrow(
    /step-000002: cannot be used: a weight is NaN; this checkpoint is damaged: delete \S+step-000002 to resume from step 1/,
  );
  expect(run.readInfo().status).toBe("failed");
  expect(run.readMetrics()).toHaveLength(2);
  rmSync(run.checkpointPath(2), { recursive: true });
  expect((await train(configOf(), { path, resume: true })).info.status).toBe("finished");
});

it("a run whose time is up stops after the step with a checkpoint, and goes on when it is given more", async () => {
  const path = join(root, "budget");
  const child = command([
    "train",
    "--run",
    path,
    ...[...tiny, "train.maximumMinutes=0.001"].flatMap((setting) => ["--set", setting]),
  ]);
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  expect(await exited(child)).toBe(0);
  expect(said).toContain(
    `stopped after step 1 of 4: its 0.001 minutes are used up\n  resume:    coderlplus train --run ${path} --resume --set train.maximumMinutes=0.002`,
  );
  const run = RunDirectory.open(path);
  expect(run.readInfo()).toMatchObject({ status: "stopped", stepsDone: 1 });
  expect(run.checkpointSteps()).toEqual([1]);
  const resume = { path, resume: true };
  await expect(train(configOf("train.maximumMinutes=0.001"), resume)).rejects.toThrow("are used up; give it more");
  const before = run.readMetrics()[0]?.["time/run_seconds"] ?? 0;
  expect((await train(configOf("train.maximumMinutes=60"), resume)).info.status).toBe("finished");
  expect(run.readMetrics()[1]?.["time/run_seconds"]).toBeGreaterThan(before);
});
