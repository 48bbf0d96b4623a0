// `coderlplus train`: the main job.

import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import type { RunInfo } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { applySettings, configText, readConfigFile, resolveConfig } from "../train/config/resolve.js";
import type { Config } from "../train/config/schema.js";
import { estimateRun } from "../train/estimate.js";
import { checkThere } from "../train/missing.js";
import { openParts } from "../train/parts.js";
import { recipes } from "../train/recipes/recipes.js";
import { train } from "../train/run.js";
import { estimateText } from "./estimate.js";
import { namedConfig } from "./named-config.js";
import { Progress } from "./progress.js";
import { stopOnRequest } from "./stopping.js";
import { evaluationTable } from "./table.js";

export interface TrainingFlags {
  readonly set: readonly string[];
  readonly run?: string;
  readonly resume?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What a resumed run may be given anew: nothing that changes how its steps are made. */
const MAY_CHANGE: ReadonlySet<string> = new Set([
  "train.steps",
  "train.maximumMinutes",
  "train.checkpointEvery",
  "train.keepCheckpoints",
  "train.keepEvery",
  "train.keepBest",
  "evaluation.every",
  "rollouts.dynamicSampling.maximumBatches",
  "guards.maximumGradientNorm",
  "guards.maximumOldKl",
  "guards.minimumEntropy",
  "engine.baseUrl",
  "engine.wire",
  "engine.requestsInFlight",
  "engine.patienceMinutes",
]);

export function registerTrain(program: Command): void {
  withTrainingOptions(
    program
      .command("train")
      .description("train a model with CodeRL+; the default recipe runs on two cores in minutes")
      .argument(
        "[recipe]",
        `coderlplus (default) or another of ${Object.keys(recipes).join(", ")}; or a config file ending in .yaml`,
      ),
  )
    .addHelpText("after", "\nExample:\n  coderlplus train grpo --set train.steps=20 --set seed=1")
    .action((name: string | undefined, flags: TrainingFlags) =>
      runTraining(name, flags, () => namedConfig(name ?? "coderlplus", flags.set)),
    );
}

/** What every verb takes that makes a run. */
export function withTrainingOptions(command: Command): Command {
  return command
    .option(
      "--set <key=value>",
      "change one key of the config; may be repeated",
      (value, all: string[]) => [...all, value],
      [],
    )
    .option("--run <folder>", "where the run is written (default: runs/<recipe>-<n>)")
    .option("--resume", "continue the run in --run from its newest checkpoint")
    .option("--dry-run", "check everything, print the resolved config, and stop")
    .option("--json", "print the result as one JSON object");
}

/**
 * A run to its end, or the rest of one.
 *
 * @param name   what the person named; a resumed run has its config already
 * @param fresh  the config of a new run
 */
export async function runTraining(name: string | undefined, flags: TrainingFlags, fresh: () => Config): Promise<void> {
  if (flags.resume && flags.run === undefined)
    throw new UsageError("--resume needs the run's folder: --run runs/<name>");
  if (flags.resume && name !== undefined) throw new UsageError(`a resumed run keeps its recipe; leave out "${name}"`);
  const config = flags.resume ? resumedConfig(flags) : fresh();
  if (flags.dryRun) return dryRun(config, flags);

  const path = flags.run ?? RunDirectory.next("runs", config.recipe);
  const progress = new Progress(flags.json ? process.stderr : process.stdout);
  const { signal, release } = stopOnRequest(() =>
    progress.line("stopping after this step, with a checkpoint; press Ctrl-C again to stop at once"),
  );
  try {
    const options = { path, resume: flags.resume ?? false, reporter: progress, signal };
    const { run, info } = await train(config, options);
    progress.end();
    if (flags.json) process.stdout.write(`${JSON.stringify(result(run, info))}\n`);
    else sayWhatNext(run, config, info, progress, signal.aborted);
  } catch (error) {
    progress.end();
    throw error;
  } finally {
    release();
  }
}

/** A resumed run keeps its config; only how far it goes may change. */
function resumedConfig(flags: TrainingFlags): Config {
  const path = flags.run as string;
  const run = RunDirectory.open(path);
  const fixed = flags.set.find((setting) => !MAY_CHANGE.has(setting.split("=")[0] ?? ""));
  if (fixed)
    throw new UsageError(
      `--set ${fixed}: a resumed run keeps its config; only ${[...MAY_CHANGE].join(", ")} may change`,
    );
  return resolveConfig(applySettings(readConfigFile(`${run.path}/config.yaml`), flags.set), `${path}/config.yaml`);
}

/** Opens all that the run would need, and closes it again. */
async function dryRun(asked: Config, flags: TrainingFlags): Promise<void> {
  await checkThere(asked);
  const parts = await openParts(asked);
  await parts.close();
  const { config } = parts;
  const problems = parts.problems.size;
  const demonstrations = parts.demonstrations?.size ?? 0;
  const evaluation = parts.evaluation.length;
  const { steps } = config.train;
  const rollouts = config.supervised ? 0 : steps * config.rollouts.prompts * config.rollouts.groupSize;
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ config, problems, demonstrations, evaluation, rollouts, estimate: estimateRun(config) })}\n`,
    );
    return;
  }
  const comment = estimateText(estimateRun(config))
    .trimEnd()
    .replaceAll(/^(?=.)/gm, "# ");
  process.stdout.write(
    `${configText(config)}\n# ${config.supervised ? `${demonstrations} demonstrations` : `${problems} problems`}, ${evaluation} held-out; ${steps} steps, ${rollouts} rollouts. Nothing was written.\n${comment}\n`,
  );
}

function result(run: RunDirectory, info: RunInfo): object {
  const evaluations = run.evaluationSteps("family").map((step) => run.readEvaluation("family", step));
  return { run: run.path, ...info, evaluations };
}

function sayWhatNext(run: RunDirectory, config: Config, info: RunInfo, progress: Progress, asked: boolean): void {
  const { path } = run;
  if (info.status === "stopped") {
    const minutes = asked ? null : config.train.maximumMinutes;
    progress.line(
      [
        `stopped after step ${info.stepsDone} of ${info.steps}${minutes === null ? "" : `: its ${minutes} minutes are used up`}`,
        `  resume:    coderlplus train --run ${path} --resume${minutes === null ? "" : ` --set train.maximumMinutes=${2 * minutes}`}`,
      ].join("\n"),
    );
    return;
  }
  progress.line(evaluationTable(run));
  progress.line(`report:    ${path}/report.html  (curves, table and rollouts; open it in a browser)`);
  if (config.supervised) {
    const model = run.checkpointPath(info.steps);
    progress.line(`train it:  coderlplus train --set engine.model=${model}`);
    return;
  }
  const other = info.recipe === "grpo" ? "coderlplus" : "grpo";
  progress.line(
    [
      `rollouts:  coderlplus rollouts ${path}`,
      `resume:    coderlplus train --run ${path} --resume --set train.steps=${info.steps * 2}`,
      `compare:   coderlplus train ${other} --set seed=${info.seed} --run runs/${other}-seed${info.seed}`,
      `           coderlplus compare runs/${other}-seed${info.seed} ${path}`,
    ].join("\n"),
  );
}
