// `coderlplus probe`: what the hidden states of models hold of a program's run.

import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { UsageError } from "../core/errors.js";
import { sha256, sha256OfFile, writeAtomic } from "../core/files.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import { probe } from "../probe/probe.js";
import { resultsCsv } from "../probe/results.js";
import type { ProbedModel } from "../probe/states.js";
import { bundled } from "../problems/bundled.js";
import type { Problem } from "../problems/problem.js";
import { ProblemSet } from "../problems/problem-set.js";
import { RunDirectory } from "../runs/run-directory.js";
import { weightsHash } from "../train/hashes.js";
import { isRemote } from "../train/weights.js";
import { RowProgress } from "./data-source.js";
import { positive } from "./numbers.js";
import { probeTables } from "./probe-tables.js";
import { openSandboxWith, type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";
import { weightsAt } from "./weights-at.js";

interface Options extends SandboxFlags {
  readonly model: readonly NamedModel[];
  readonly problems: string;
  readonly inputs: number;
  readonly seeds: number;
  readonly limit?: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
}

interface NamedModel {
  readonly name: string;
  readonly folder: string;
}

export function registerProbe(program: Command): void {
  withSandboxOptions(
    program
      .command("probe")
      .description("fit linear probes on hidden states for the final values of variables, and compare models")
      .requiredOption(
        "--model <[name=]folder>",
        "model folder, run (its newest checkpoint) or bundled; once for each model; those of one name are seeds of one training",
        namedModel,
      )
      .option("--problems <file>", "problems whose reference programs are traced, one JSON object a line", "bundled")
      .option("--limit <n>", "only the first problems", positive)
      .option("--inputs <n>", "runs of each program, each on another input", positive, 2)
      .option("--seeds <n>", "splits by program into training, validation and test", positive, 5)
      .option("--threads <n>", "processor threads to read hidden states with; default: all", positive)
      .option("--out <folder>", "what is there already is used; default: runs/probe-<n>")
      .option("--json", "print the results as one JSON object")
      .addHelpText(
        "after",
        "\nExample:\n  coderlplus probe --model base=bundled --model grpo=runs/grpo-1/checkpoints/step-000080",
      )
      .action(probeModels),
  );
}

/** The name of the run for one of its checkpoints. */
function namedModel(text: string, before: readonly NamedModel[] = []): NamedModel[] {
  const [, name, folder] = /^(?:([^=/\\]*)=)?(.*)$/s.exec(text) ?? [];
  if (!folder || name === "") throw new InvalidArgumentError("expected a folder, or a name, = and a folder.");
  const parts = folder.split(/[/\\]/).filter((part) => part !== "");
  const run = parts.at(-2) === "checkpoints" ? parts.at(-3) : undefined;
  return [...before, { name: name ?? run ?? parts.at(-1) ?? folder, folder }];
}

async function probeModels(options: Options): Promise<void> {
  const path = bundled(options.problems, "held-out");
  const list = await problemsOf(path, options.limit);
  const models = options.model.map((named) => modelOf(named, options.threads));
  const folder = options.out ?? RunDirectory.next("runs", "probe");
  const sandbox = await openSandboxWith(options);
  const progress = new RowProgress(process.stderr);
  try {
    const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
    const problems = { path: options.problems, sha256: sha256OfFile(path), list };
    const results = await probe(
      models,
      { problems, inputs: options.inputs, seeds, folder },
      sandbox,
      (what, done, total) => progress.show(() => `${what}: ${done} of ${total}`),
    );
    writeAtomic(join(folder, "probe.json"), `${JSON.stringify(results, null, 2)}\n`);
    writeAtomic(join(folder, "probe.csv"), resultsCsv(results));
    progress.end();
    process.stdout.write(
      options.json ? `${JSON.stringify(results)}\n` : `${probeTables(results)}\nwritten to ${folder}\n`,
    );
  } finally {
    await sandbox.close();
  }
}

/** @throws DataError naming file and line; UsageError for a file in another format, with the command that converts it */
async function problemsOf(path: string, limit = Number.POSITIVE_INFINITY): Promise<Problem[]> {
  const set = await ProblemSet.open(path);
  try {
    return Array.from({ length: Math.min(set.size, limit) }, (_, i) => set.read(i));
  } finally {
    await set.close();
  }
}

function modelOf({ name, folder }: NamedModel, threads: number | undefined): ProbedModel {
  const { model } = weightsAt(folder);
  if (isRemote(model))
    throw new UsageError(`${folder}: its weights lie with a server, which gives no hidden states; export them`);
  const identity = sha256(weightsHash(model) + sha256OfFile(join(model, "tokenizer.json")));
  return { name, folder, identity, open: () => openEmbedded({ model, ...(threads !== undefined && { threads }) }) };
}
