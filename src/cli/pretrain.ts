// `coderlplus pretrain`: makes the bundled model from nothing: tokenizer, random weights, warm start.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { UsageError } from "../core/errors.js";
import { sha256OfFile, writeDurable } from "../core/files.js";
import { writeFolderAtomic } from "../core/folders.js";
import { type EmbeddedEngine, openEmbedded } from "../engines/embedded/embedded.js";
import { traitsOf } from "../engines/embedded/families/families.js";
import type { DecoderConfig } from "../engines/embedded/model/config.js";
import { createModel } from "../engines/embedded/model/create-model.js";
import { type PretrainProgress, pretrain } from "../train/warm-start/pretrain.js";
import { buildTokenizer, END, PAD } from "../train/warm-start/tokenizer-builder.js";

interface Flags {
  readonly out: string;
  readonly seed: number;
  readonly cleanSteps: number;
  readonly dirtySteps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly dirtyLearningRate: number;
  readonly alignmentShare: number;
  readonly vague: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly threads: number;
}

export function registerPretrain(program: Command): void {
  program
    .command("pretrain")
    .description("make a small warm-started model from the problem family's training split")
    .requiredOption("--out <folder>", "where the model is written")
    .option("--seed <n>", "seed of weights and corpus", whole, 0)
    .option("--clean-steps <n>", "steps on the clean corpus", whole, 6000)
    .option("--dirty-steps <n>", "steps on the corpus with systematic mistakes", whole, 300)
    .option("--batch <n>", "corpus items a step", counted, 32)
    .option("--learning-rate <x>", "peak learning rate", numeric, 2e-3)
    .option("--dirty-learning-rate <x>", "peak learning rate on the corpus with mistakes", numeric, 5e-4)
    .option("--alignment-share <x>", "share of corpus items that ask for final values", numeric, 0.6)
    .option("--vague <x>", "share of steps worded vaguely", numeric, 0.2)
    .option("--hidden <n>", "hidden size", counted, 96)
    .option("--layers <n>", "layers", counted, 3)
    .option("--heads <n>", "attention heads", counted, 4)
    .option("--threads <n>", "threads", counted, 2)
    .addHelpText("after", "\nExample:\n  coderlplus pretrain --out my-model --seed 1")
    .action(runPretrain);
}

function numeric(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError("expected a number of at least 0");
  return value;
}

function counted(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError("expected at least 1");
  return value;
}

function whole(text: string): number {
  const value = numeric(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError("expected a whole number");
  return value;
}

async function runPretrain(flags: Flags): Promise<void> {
  if (existsSync(flags.out) && !existsSync(join(flags.out, "config.json"))) {
    throw new UsageError(`${flags.out}: is there and holds no model; choose another folder with --out`);
  }
  const scratch = mkdtempSync(join(tmpdir(), "coderlplus-"));
  try {
    const tokenizer = buildTokenizer({ seed: flags.seed, subset: "core" });
    createModel(scratch, architecture(flags, tokenizer), tokenizer, flags.seed, { endToken: END, padToken: PAD });
    const engine = await openEmbedded({ model: scratch, threads: flags.threads });
    try {
      await pretrain(engine, flags, reportEvery(50));
      await writeFolderAtomic(flags.out, (folder) => writeModel(engine, folder, flags));
    } finally {
      await engine.close();
    }
    process.stdout.write(`${flags.out}: sha256 ${sha256OfFile(join(flags.out, "model.safetensors"))}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function writeModel(engine: EmbeddedEngine, folder: string, flags: Flags): Promise<void> {
  await engine.save(folder, { optimizer: false, type: "BF16" });
  const hash = sha256OfFile(join(folder, "model.safetensors"));
  writeDurable(
    join(folder, "PROVENANCE.json"),
    `${JSON.stringify({ command: commandOf(flags), sha256: hash }, null, 2)}\n`,
  );
}

function reportEvery(interval: number): (progress: PretrainProgress) => void {
  const started = performance.now();
  return ({ step, steps, phase, loss, tokens }) => {
    if (step % interval !== 0 && step !== steps) return;
    const speed = Math.round(tokens / ((performance.now() - started) / 1000));
    process.stdout.write(`step ${step}/${steps}  ${phase}  loss ${loss.toFixed(3)}  ${speed} tokens/s\n`);
  };
}

/** A Qwen2 decoder: feed-forward 8/3 of the hidden size, tied head. */
function architecture({ hidden, layers, heads }: Flags, tokenizer: string): DecoderConfig {
  const { model } = JSON.parse(tokenizer) as { model: { vocab: Record<string, number> } };
  return {
    ...traitsOf("qwen2"),
    vocabularySize: Object.keys(model.vocab).length,
    hiddenSize: hidden,
    layers,
    heads,
    keyValueHeads: heads,
    headSize: hidden / heads,
    feedForwardSize: Math.floor((hidden * 8) / 3 / 8) * 8,
    contextLength: 256,
    normEpsilon: 1e-6,
    rope: { theta: 10_000, scaling: { kind: "none" } },
    tied: true,
  };
}

/** The command that makes these bytes again on the same kind of processor. */
function commandOf(flags: Flags): string {
  const names = [
    "seed",
    "cleanSteps",
    "dirtySteps",
    "batch",
    "learningRate",
    "dirtyLearningRate",
    "alignmentShare",
    "vague",
    "hidden",
    "layers",
    "heads",
  ] as const;
  const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `coderlplus pretrain --out assets/model ${names.map((name) => `--${kebab(name)} ${flags[name]}`).join(" ")}`;
}
