// `coderlplus sft`: supervised warm start and distillation, from a file of prompts and answers.

import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { applySettings, readConfigFile, resolveConfig } from "../train/config/resolve.js";
import type { Config, ConfigInput } from "../train/config/schema.js";
import { sft } from "../train/recipes/baselines.js";
import { runTraining, type TrainingFlags, withTrainingOptions } from "./train.js";

interface Flags extends TrainingFlags {
  readonly data?: string;
  readonly model?: string;
}

export function registerSft(program: Command): void {
  withTrainingOptions(
    program
      .command("sft")
      .description("train a model on demonstrations, with cross-entropy on their answers")
      .argument("[config]", "a config file ending in .yaml")
      .option("--data <file>", "demonstrations: JSON lines of prompt and answer, or of messages")
      .option("--model <folder>", "the model to start from (default: the bundled one)"),
  )
    .addHelpText("after", "\nExample:\n  coderlplus sft --data traces.jsonl --set supervised.epochs=2")
    .action((file: string | undefined, flags: Flags) => runTraining(file, flags, () => freshConfig(file, flags)));
}

function freshConfig(file: string | undefined, { data, model, set }: Flags): Config {
  const named = [
    ...(data === undefined ? [] : [`supervised.data=${JSON.stringify(data)}`]),
    ...(model === undefined ? [] : [`engine.model=${JSON.stringify(model)}`]),
  ];
  const input = applySettings(file === undefined ? sft : readConfigFile(file), [...named, ...set]) as ConfigInput;
  const { supervised, train } = input;
  if (!supervised?.data) {
    throw new UsageError(`${file ?? "sft"}: nothing to learn from; name a file of demonstrations with --data`);
  }
  const once = supervised.epochs === undefined && train?.steps === undefined ? ["supervised.epochs=1"] : [];
  return resolveConfig(applySettings(input, once), file ?? "sft");
}
