// Whole runs of CodeRL+ with a real SkyRL as the engine, on a toy task: sampling, judging, alignment, updates, checkpoints
// and evaluation, with everything that an engine elsewhere does over the wire.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mean } from "../../src/core/maths.js";
import { applySettings, resolveConfig } from "../../src/train/config/resolve.js";
import { recipe } from "../../src/train/recipes/recipes.js";
import { train } from "../../src/train/run.js";
import { isWithoutSkyrl, RANK, type SkyrlServer, startSkyrl } from "./server.js";
import { writeToyModel, writeToyProblems } from "./toy.js";

const STEPS = 20;
const MARGIN = 0.2;

describe.skipIf(isWithoutSkyrl("runs on SkyRL"))("a run on a real SkyRL", () => {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-skyrl-"));
  const model = join(folder, "model");
  let server: SkyrlServer;

  beforeAll(async () => {
    await writeToyModel(model);
    server = await startSkyrl({ model, folder });
  });
  afterAll(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it("raises the share of programs that pass", async () => {
    const problems = writeToyProblems(folder);
    const settings = {
      "engine.kind": "tinker",
      "engine.baseUrl": server.url,
      "engine.model": model,
      "engine.tokenizer": model,
      "engine.contextLength": 256,
      "engine.lora.rank": RANK,
      "data.train": problems,
      "data.evaluation": problems,
      "evaluation.problems": 3,
      "rollouts.prompts": 4,
      "rollouts.groupSize": 4,
      "rollouts.maximumTokens": 32,
      "train.steps": STEPS,
      "train.checkpointEvery": 10,
      // SkyRL takes no clip: at six times as much the model forgets to answer at all.
      "optimizer.learningRate": 0.0005,
      "judge.workers": 1,
    };
    const text = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    const config = resolveConfig(applySettings(recipe("coderlplus"), text), "test");
    const { run } = await train(config, { path: join(folder, "run") });
    const metrics = run.readMetrics();
    expect(metrics).toHaveLength(STEPS);
    const rewards = metrics.map((line) => line["code/reward_mean"] ?? 0);
    expect(mean(rewards.slice(-5)) - mean(rewards.slice(0, 3))).toBeGreaterThan(MARGIN);
    expect(metrics.some((line) => (line["alignment/reward_mean"] ?? 0) > 0)).toBe(true);
  });
});
