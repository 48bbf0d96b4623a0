// A whole run from a config: the folder, the loop, the report, and the run's status whatever happens.

import { basename } from "node:path";
import { UsageError } from "../core/errors.js";
import { readBytes, sha256 } from "../core/files.js";
import { measures } from "../eval/family.js";
import type { RunInfo } from "../runs/records.js";
import { renderReport } from "../runs/report.js";
import { RunDirectory } from "../runs/run-directory.js";
import { gitRevision, host, versions } from "../runs/versions.js";
import { bundled } from "./bundled.js";
import { type Config, configText } from "./config.js";
import { type Reporter, silent } from "./reporter.js";
import { openSession } from "./session.js";
import { trainLoop } from "./train.js";

export interface TrainOptions {
  /** The run's folder; without it `runs/<recipe>-<n>` with the next free n. */
  readonly path?: string;
  /** Continue the run in `path` from its newest checkpoint. */
  readonly resume?: boolean;
  readonly reporter?: Reporter;
  /** Stops after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/**
 * Trains, evaluates before and after, and writes everything into the run's folder.
 *
 * @throws UsageError where the folder holds a run and `resume` is not set, or nothing is left to resume
 */
export async function train(config: Config, options: TrainOptions = {}): Promise<{ run: RunDirectory; info: RunInfo }> {
  const path = options.path ?? RunDirectory.next("runs", config.recipe);
  const hashes = dataHashes(config);
  const run = options.resume ? RunDirectory.open(path) : RunDirectory.create(path);
  const before = options.resume ? resumed(run, config) : newInfo(path, config, hashes);
  run.writeText("config.yaml", configText(config));
  run.writeInfo({ ...before, status: "running", steps: config.train.steps });
  const finish = (status: RunInfo["status"]): RunInfo => {
    const stepsDone = run.readMetrics().at(-1)?.step ?? 0;
    const info = { ...before, status, steps: config.train.steps, stepsDone, finishedAt: new Date().toISOString() };
    run.writeInfo(info);
    return info;
  };
  try {
    const session = await openSession(config, run);
    try {
      const info = finish(await trainLoop(session, options.reporter ?? silent, options.signal));
      run.writeText("report.html", renderReport(run, measures));
      return { run, info };
    } finally {
      await session.close();
    }
  } catch (error) {
    finish("failed");
    throw error;
  }
}

function resumed(run: RunDirectory, config: Config): RunInfo {
  const info = run.readInfo();
  if (info.status === "finished" && info.stepsDone >= config.train.steps) {
    throw new UsageError(
      `${run.path}: is finished; to go on, ask for more than its ${info.steps} steps with --set train.steps=N`,
    );
  }
  return info;
}

function newInfo(path: string, config: Config, hashes: RunInfo["dataHashes"]): RunInfo {
  return {
    name: basename(path),
    status: "running",
    seed: config.seed,
    startedAt: new Date().toISOString(),
    recipe: config.recipe,
    versions: versions(),
    gitRevision: gitRevision(),
    host: host(),
    steps: config.train.steps,
    stepsDone: 0,
    dataHashes: hashes,
  };
}

/** @throws UsageError for a file that is not there, before the run's folder is made */
function dataHashes({ data, engine }: Config): RunInfo["dataHashes"] {
  const hash = (file: string): string => sha256(readBytes(file));
  return {
    train: hash(bundled(data.train, "train")),
    evaluation: hash(bundled(data.evaluation, "held-out")),
    model: hash(`${bundled(engine.model, "model")}/config.json`),
  };
}
