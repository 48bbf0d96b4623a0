// `coderlplus estimate`: what a run would take on this machine, before it starts.

import type { Command } from "commander";
import { matrixRate } from "../engines/embedded/graph/matrix-rate.js";
import { estimateRun, type RunEstimate } from "../train/estimate.js";
import { namedConfig } from "./named-config.js";
import { textTable } from "./table.js";

interface Flags {
  readonly set: readonly string[];
  readonly model?: string;
  readonly json?: boolean;
}

export function registerEstimate(program: Command): void {
  program
    .command("estimate")
    .description("memory and arithmetic that a run would take, without starting it")
    .argument("[recipe]", "coderlplus (default), grpo, alignment-only, or a config file ending in .yaml")
    .option("--model <folder>", "another model than the config's; its config.json is enough")
    .option(
      "--set <key=value>",
      "change one key of the config; may be repeated",
      (value, all: string[]) => [...all, value],
      [],
    )
    .option("--json", "print the estimate as one JSON object")
    .addHelpText(
      "after",
      "\nExample:\n  coderlplus estimate grpo --model Qwen2.5-Coder-0.5B --set rollouts.maximumTokens=512",
    )
    .action(runEstimate);
}

async function runEstimate(name: string | undefined, { set, model, json }: Flags): Promise<void> {
  const settings = model === undefined ? set : [...set, `engine.model=${JSON.stringify(model)}`];
  const config = namedConfig(name ?? "coderlplus", settings);
  const { engine } = config;
  const estimate = estimateRun(config);
  const time =
    engine.kind === "embedded" && estimate.kind === "embedded"
      ? await leastTime(estimate.stepFlops, engine.threads)
      : null;
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...estimate, ...time })}\n`
      : `${estimateText(estimate)}${time === null ? "" : timeText(time)}`,
  );
}

interface LeastTime {
  readonly stepFlops: number;
  readonly matrixFlopsPerSecond: number;
  readonly leastStepSeconds: number;
}

async function leastTime(stepFlops: number, threads: number): Promise<LeastTime> {
  const matrixFlopsPerSecond = await matrixRate(threads);
  return { stepFlops, matrixFlopsPerSecond, leastStepSeconds: stepFlops / matrixFlopsPerSecond };
}

/** The parts of memory, largest first, and whether they fit. */
export function estimateText(estimate: RunEstimate): string {
  const { memory, totalBytes, machineBytes, fits } = estimate;
  const rows = memory.toSorted((a, b) => b.bytes - a.bytes).map(({ name, bytes }) => [name, megabytes(bytes)]);
  const table = textTable([["memory, MB", "at its peak"], ...rows, ["all", megabytes(totalBytes)]]);
  return [
    ...engineLines(estimate),
    `\n${table}\n`,
    `${fits ? "fits" : "does not fit"}: the machine has ${megabytes(machineBytes)} MB\n`,
  ].join("\n");
}

function engineLines(estimate: RunEstimate): string[] {
  if (estimate.kind === "tinker") return ["the model is elsewhere: what it takes there is not counted"];
  const { parameters, trainedParameters, workers, batch } = estimate;
  const again = batch.recompute ? ", layers computed twice to save memory" : "";
  return [
    `${count(trainedParameters)} of ${count(parameters)} parameters are trained, by ${workers} ${workers === 1 ? "worker" : "workers"}`,
    `largest batch: ${batch.sequences} sequences, ${count(batch.tokens)} tokens${again}`,
  ];
}

function timeText({ stepFlops, matrixFlopsPerSecond, leastStepSeconds }: LeastTime): string {
  return (
    `a step is ${(stepFlops / 1e12).toPrecision(3)} TFLOP of the model's arithmetic if every completion is as long as it may be: ` +
    `at least ${leastStepSeconds.toPrecision(2)} s at the ${(matrixFlopsPerSecond / 1e9).toFixed(0)} GFLOP/s measured just now for large matrices;\n` +
    "running programs and all that is no product of matrices come on top\n"
  );
}

function megabytes(bytes: number): string {
  return count(Math.ceil(bytes / 1e6));
}

function count(value: number): string {
  return value.toLocaleString("en");
}
