// The default recipe learns: a small run whose code reward and alignment reward must rise by a stated margin.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mean } from "../src/core/maths.js";
import { applySettings, resolveConfig } from "../src/train/config/resolve.js";
import { recipe } from "../src/train/recipes/recipes.js";
import { train } from "../src/train/run.js";

const STEPS = 24;
const MARGIN = 0.12;

it("CodeRL+ raises the share of programs that pass", async () => {
  const settings = [`train.steps=${STEPS}`, "evaluation.problems=4", "optimizer.learningRate=5e-4"];
  const config = resolveConfig(applySettings(recipe("coderlplus"), settings), "test");
  const { run } = await train(config, { path: join(mkdtempSync(join(tmpdir(), "coderlplus-learning-")), "run") });
  const rewards = run.readMetrics().map((line) => line["code/reward_mean"] ?? 0);
  expect(mean(rewards.slice(-6)) - mean(rewards.slice(0, 6))).toBeGreaterThan(MARGIN);
});
