// `coderlplus train`: the main job.

import type { Command } from "commander";
import { readBytes, sha256 } from "../core/files.js";
import { messageOf, UsageError } from "../core/errors.js";
import { measures } from "../eval/family.js";
import { readProblems } from "../problems/problem.js";
import { renderReport } from "../runs/report.js";
import type { RunInfo } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { gitRevision, host, versions } from "../runs/versions.js";
import { bundled } from "../train/bundled.js";
import { applySettings, type Config, configText, readConfigFile, resolveConfig } from "../train/config.js";
import { recipe } from "../train/recipes/recipes.js";
import { openSession } from "../train/session.js";
import { train } from "../train/train.js";
import { Progress } from "./progress.js";
import { evaluationTable } from "./table.js";

interface Flags {
  readonly set: readonly string[];
  readonly run?: string;
  readonly resume?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("train a model with CodeRL+; the default recipe runs on two cores in minutes")
    .argument("[recipe]", "coderlplus, grpo, alignment-only, or a config file ending in .yaml", "coderlplus")
    .option("--set <key=value>", "change one key of the config; may be repeated", (value, all: string[]) => [...all, value], [])
    .option("--run <folder>", "where the run is written (default: runs/<recipe>-<n>)")
    .option("--resume", "continue the run in --run from its newest checkpoint")
    .option("--dry-run", "check everything, print the resolved config, and stop")
    .option("--json", "print the result as one JSON object")
    .addHelpText("after", "\nExample:\n  coderlplus train grpo --set train.steps=20 --set seed=1")
    .action(runTrain);
}

async function runTrain(name: string, flags: Flags): Promise<void> {
  if (flags.resume && flags.run === undefined) throw new UsageError("--resume needs the run's folder: --run runs/<name>");
  const config = flags.resume ? resumedConfig(flags) : newConfig(name, flags);
  if (flags.dryRun) return dryRun(config, flags);
  const path = flags.run ?? RunDirectory.next("runs", config.recipe);
  const run = flags.resume ? RunDirectory.open(path) : RunDirectory.create(path);
  const before = flags.resume ? run.readInfo() : newInfo(path, config);
  if (flags.resume && before.status === "finished") throw new UsageError(`${path}: is finished; there is nothing to resume`);
  run.writeText("config.yaml", configText(config));
  run.writeInfo({ ...before, status: "running" });

  const progress = new Progress(config.train.steps, flags.json ? process.stderr : process.stdout);
  progress.line(`${path}: ${config.recipe}, seed ${config.seed}, ${config.train.steps} steps`);
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    progress.line("stopping after this step, with a checkpoint; press Ctrl-C again to stop at once");
  };
  process.on("SIGINT", stop);
  const info = await execute(config, run, before, progress, controller.signal).finally(() => process.off("SIGINT", stop));
  if (flags.json) process.stdout.write(`${JSON.stringify(result(run, info))}\n`);
  else sayWhatNext(run, info, progress);
}

async function execute(config: Config, run: RunDirectory, before: RunInfo, progress: Progress, signal: AbortSignal): Promise<RunInfo> {
  const finish = (status: RunInfo["status"]): RunInfo => {
    const info = { ...before, status, finishedAt: new Date().toISOString(), stepsDone: run.readMetrics().at(-1)?.step ?? 0 };
    run.writeInfo(info);
    return info;
  };
  try {
    const session = await openSession(config, run);
    try {
      const info = finish(await train(session, progress, signal));
      run.writeText("report.html", renderReport(run, measures));
      return info;
    } finally {
      await session.close();
    }
  } catch (error) {
    progress.line(`failed: ${messageOf(error)}`);
    finish("failed");
    throw error;
  } finally {
    progress.end();
  }
}

function newConfig(name: string, flags: Flags): Config {
  const isFile = /\.ya?ml$/.test(name);
  return resolveConfig(applySettings(isFile ? readConfigFile(name) : recipe(name), flags.set), isFile ? name : `recipe ${name}`);
}

/** A resumed run keeps its config; only how far it goes may change. */
function resumedConfig(flags: Flags): Config {
  const path = flags.run as string;
  const run = RunDirectory.open(path);
  const fixed = flags.set.find((setting) => !/^(train|evaluation)\./.test(setting));
  if (fixed) throw new UsageError(`--set ${fixed}: a resumed run keeps its config; only train.* and evaluation.* may change`);
  return resolveConfig(applySettings(readConfigFile(`${run.path}/config.yaml`), flags.set), `${path}/config.yaml`);
}

function dryRun(config: Config, flags: Flags): void {
  const problems = readProblems(bundled(config.data.train, "train"));
  readProblems(bundled(config.data.evaluation, "held-out"));
  const { prompts, groupSize } = config.rollouts;
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ config, problems: problems.length, rollouts: config.train.steps * prompts * groupSize })}\n`);
    return;
  }
  process.stdout.write(
    `${configText(config)}\n# ${problems.length} problems; ${config.train.steps} steps x ${prompts} prompts x ${groupSize} rollouts = ${config.train.steps * prompts * groupSize} rollouts. Nothing was written.\n`,
  );
}

function newInfo(path: string, config: Config): RunInfo {
  const hash = (file: string): string => sha256(readBytes(file));
  return {
    name: path.split("/").at(-1) ?? path,
    status: "running",
    seed: config.seed,
    startedAt: new Date().toISOString(),
    recipe: config.recipe,
    versions: versions(),
    gitRevision: gitRevision(),
    host: host(),
    steps: config.train.steps,
    stepsDone: 0,
    dataHashes: {
      train: hash(bundled(config.data.train, "train")),
      evaluation: hash(bundled(config.data.evaluation, "held-out")),
      model: hash(`${bundled(config.engine.model, "model")}/model.safetensors`),
    },
  };
}

function result(run: RunDirectory, info: RunInfo): object {
  const evaluations = run.evaluationSteps("family").map((step) => run.readEvaluation("family", step));
  return { run: run.path, ...info, evaluations };
}

function sayWhatNext(run: RunDirectory, info: RunInfo, progress: Progress): void {
  if (info.status === "stopped") {
    progress.line(`stopped after step ${info.stepsDone} of ${info.steps}\n  resume:    coderlplus train --run ${run.path} --resume`);
    return;
  }
  progress.line(evaluationTable(run));
  progress.line(
    [
      `rollouts:   ${run.path}/rollouts/        (coderlplus rollouts ${run.path})`,
      `curves:     ${run.path}/report.html      (open it in a browser)`,
      `metrics:    ${run.path}/metrics.jsonl`,
      `go on:      coderlplus train --run ${run.path} --resume --set train.steps=${info.steps * 2}`,
      `compare:    coderlplus train grpo --set seed=${info.seed}, then coderlplus compare runs/grpo-1 ${run.path}`,
    ].join("\n"),
  );
}
