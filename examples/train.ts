// A whole run from a program: three steps of CodeRL+ on the bundled model, watched step by step.
//   npx tsx examples/train.ts

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applySettings, recipes, resolveConfig, silent, train } from "coderlplus";

const settings = ["train.steps=3", "rollouts.prompts=8", "evaluation.problems=16"];
const config = resolveConfig(applySettings(recipes["coderlplus"], settings), "example");
const path = join(mkdtempSync(join(tmpdir(), "coderlplus-")), "run");

const { run, info } = await train(config, {
  path,
  reporter: {
    ...silent,
    step: (metrics) => console.log("step", metrics.step, "code reward", metrics["code/reward_mean"]),
  },
});
console.log(info.status, run.readEvaluation("family", info.steps)?.metrics["code_pass_at_1"]);
