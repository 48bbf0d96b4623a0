// `data demonstrate`: demonstrations for `sft` from the reference programs of problems.

import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { DataError } from "../core/errors.js";
import { AtomicFile, ensureWritable } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { toLines } from "../core/jsonl.js";
import { judge } from "../judge/judge.js";
import { bundled } from "../problems/bundled.js";
import { type Problem, readProblems } from "../problems/problem.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import {
  type Demonstrated,
  type DemonstrateOptions,
  type DemonstrationTask,
  type DemonstrationTools,
  demonstrate,
  demonstrationTasks,
} from "../train/sft/demonstrate.js";
import type { Demonstration } from "../train/sft/demonstration.js";
import { natural, positive, share } from "./numbers.js";
import { plainDialects } from "./plain-dialects.js";
import { openSandboxWith, type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";

interface Flags extends SandboxFlags {
  readonly task: readonly DemonstrationTask[];
  readonly count: number;
  readonly seed: number;
  readonly dialect: keyof typeof plainDialects;
  readonly includeRaised?: boolean;
  readonly emptiedInputs: number;
  readonly out: string;
  readonly json?: boolean;
}

export function registerDemonstrate(data: Command): void {
  withSandboxOptions(
    data
      .command("demonstrate")
      .description("prompts and true answers from reference programs, in the notation of training, for sft to learn")
      .argument("[problems]", "JSONL file of problems with references (default: the bundled training split)", "bundled")
      .option("--task <list>", `what to show, in turn: ${demonstrationTasks.join(", ")}`, tasks, ["code"])
      .option("--count <n>", "demonstrations to make", positive, 512)
      .option("--seed <n>", "the same seed gives the same demonstrations", natural, 0)
      .addOption(
        new Option("--dialect <name>", "continuation: prompt and answer; chat: messages")
          .choices(Object.keys(plainDialects))
          .default("continuation"),
      )
      .option("--include-raised", "also programs that end by an exception, whose type is then the output")
      .option("--emptied-inputs <share>", "share of the questions about an input with nothing in it", share, 0)
      .option("--out <file>", "where to write; - is standard output", "-")
      .option("--json", "print a summary as one JSON object (needs --out FILE)")
      .addHelpText(
        "after",
        "\nExample:\n  coderlplus data demonstrate --task code,finalValues --out demonstrations.jsonl",
      )
      .action(writeDemonstrations),
  );
}

function tasks(text: string): DemonstrationTask[] {
  return text.split(",").map((name) => {
    const task = demonstrationTasks.find((known) => known === name.trim());
    if (task === undefined) throw new InvalidArgumentError(`expected some of ${demonstrationTasks.join(", ")}.`);
    return task;
  });
}

async function writeDemonstrations(path: string, flags: Flags): Promise<void> {
  const { out, json, count, task, dialect } = flags;
  if (json === true && out === "-") {
    throw new DataError("--json prints a summary on standard output, where the lines go: add --out FILE");
  }
  if (out !== "-") {
    mkdirSync(dirname(resolve(out)), { recursive: true });
    ensureWritable(out);
  }
  const problems = trainable(readProblems(bundled(path, "train")), path);
  const sandbox = await openSandboxWith(flags);
  const file = out === "-" ? null : new AtomicFile(out);
  let written = 0;
  try {
    for await (const demonstration of demonstrate(problems, optionsOf(flags), toolsOf(sandbox, flags))) {
      const line = toLines([recordOf(demonstration, dialect)]);
      if (file) file.write(line);
      else process.stdout.write(line);
      if (++written === count) break;
    }
    file?.commit();
  } catch (error) {
    file?.abandon();
    throw error;
  } finally {
    await sandbox.close();
  }
  if (json === true)
    process.stdout.write(`${stringifyJson({ demonstrations: written, asked: count, tasks: task, out })}\n`);
  else
    process.stderr.write(
      `${written} demonstrations${written < count ? `, no more can be made of ${problems.length} problems` : ""}\n`,
    );
}

function optionsOf({ task: tasks, seed, includeRaised = false, emptiedInputs }: Flags): DemonstrateOptions {
  return { tasks, seed, includeRaised, emptiedInputs };
}

function toolsOf(sandbox: Sandbox, { dialect }: Flags): DemonstrationTools {
  return {
    dialect: plainDialects[dialect],
    countTokens: () => 0,
    judge: (problem, program) => judge(sandbox, problem, program),
    trace: (program, input, { language, limits, preamble, files }, history) =>
      trace(sandbox, program, input, { language, limits, preamble, files, history }),
  };
}

function recordOf({ prompt, answer, metadata }: Demonstrated, dialect: Flags["dialect"]): Demonstration {
  if (dialect === "continuation") return { prompt, answer, metadata };
  const messages = [
    { role: "user" as const, content: prompt },
    { role: "assistant" as const, content: answer },
  ];
  return { messages, metadata };
}

/** @throws DataError for problems that measure what was learnt */
function trainable(problems: readonly Problem[], path: string): readonly Problem[] {
  const heldOut = problems.find(({ metadata }) => metadata["split"] === "held-out");
  if (heldOut) throw new DataError(`${path}: ${heldOut.id} is held-out: what measures a model is not shown to it`);
  return problems;
}
