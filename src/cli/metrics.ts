// `coderlplus metrics RUN...`: the metrics of runs as files that other programs take, also while a run goes on.

import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { RunDirectory } from "../runs/run-directory.js";
import { historyOf } from "../runs/trackers/history.js";
import { csvOf, eventFileOf, writeTracker } from "../runs/trackers/tracker.js";

export function registerMetrics(program: Command): void {
  program
    .command("metrics")
    .description("write the metrics of runs as a CSV table or as TensorBoard's event files")
    .argument("<run...>", "run folders")
    .option("--csv <file>", "one table, a row a step; of several runs with a column `run`; - is standard output")
    .option("--tensorboard <folder>", "event files, a folder a run; evaluations too")
    .addHelpText("after", "\nExample:\n  coderlplus metrics runs/* --csv metrics.csv --tensorboard curves")
    .action(write);
}

function write(
  paths: readonly string[],
  { csv, tensorboard }: { readonly csv?: string; readonly tensorboard?: string },
): void {
  if (csv === undefined && tensorboard === undefined) {
    throw new UsageError("nothing to write: add --csv FILE, --tensorboard FOLDER or both");
  }
  const runs = paths.map((path) => ({ name: basename(resolve(path)), run: RunDirectory.open(path) }));
  const twice = runs.find(({ name }, at) => runs.findIndex((other) => other.name === name) < at);
  if (twice) throw new UsageError(`two runs are named ${twice.name}: rename one of the folders`);
  if (csv !== undefined && csv !== "-") ensureWritable(csv);
  if (csv === "-") process.stdout.write(csvOf(runs));
  else if (csv !== undefined) writeAtomic(csv, csvOf(runs));
  for (const { name, run } of tensorboard === undefined ? [] : runs) {
    writeTracker(eventFileOf(run, join(tensorboard ?? "", name)), historyOf(run));
  }
  const written = [csv === "-" ? undefined : csv, tensorboard].filter((path) => path !== undefined);
  if (written.length > 0)
    process.stderr.write(`${runs.length} run${runs.length === 1 ? "" : "s"} in ${written.join(" and ")}\n`);
}
