// A whole run from a config: the parts, the folder, the loop, the report, and the run's status whatever happens.

import { basename, resolve } from "node:path";
import { UsageError } from "../core/errors.js";
import { readReportFiles } from "../dashboard/page-files.js";
import { renderReport } from "../dashboard/report.js";
import type { RunInfo } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { gitRevision, host, versions } from "../runs/versions.js";
import { checkBudget } from "./budget.js";
import { configText } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import { deviceOf } from "./engine.js";
import { failureOf } from "./failure.js";
import { dataHashes } from "./hashes.js";
import { throughLosses } from "./lost.js";
import { checkThere } from "./missing.js";
import { openParts } from "./parts.js";
import { type Reporter, silent } from "./reporter.js";
import { extensionNotice } from "./schedule.js";
import { startSession } from "./session.js";
import type { Demonstrations } from "./sft/demonstrations.js";
import { supervisedLoop } from "./sft/supervised.js";
import { shareNotice } from "./share-notice.js";
import { openTokenizer } from "./tokenizer.js";
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
 * Trains, evaluates before and after, and writes everything into the run's folder. Nothing is written before the
 * config, the data, the model and the sandbox have proved usable.
 *
 * @throws UsageError where the folder holds a run and `resume` is not set, is in use, or nothing is left to resume
 */
export async function train(asked: Config, options: TrainOptions = {}): Promise<{ run: RunDirectory; info: RunInfo }> {
  const reporter = options.reporter ?? silent;
  const path = options.path ?? RunDirectory.next("runs", asked.recipe);
  RunDirectory.checkFree(path, options.resume ?? false);
  // The report at the end needs it.
  readReportFiles();
  await checkThere(asked);
  let parts = await openParts(asked, reporter);
  const { config, demonstrations } = parts;
  try {
    if (parts.tooLong > 0) reporter.notice(`${parts.tooLong} problems left out: prompts over prompts.maximumTokens`);
    const unasked = shareNotice(config);
    if (unasked !== null) reporter.notice(unasked);
    if (parts.device !== "cpu") reporter.notice(parts.device);
    const hashes = dataHashes(config);
    const [run, before] = options.resume
      ? resumed(path, config, hashes, reporter)
      : created(path, config, hashes, parts.device);
    reporter.begin(path, config);
    if (demonstrations) reporter.notice(sizes(demonstrations));
    try {
      const loop = (): Promise<RunInfo["status"]> =>
        throughLosses(
          run,
          (text) => reporter.notice(text),
          async (again) => {
            if (again) {
              await parts.close();
              parts = await openParts(asked, reporter);
            }
            return runLoop(parts, run, reporter, options.signal);
          },
        );
      const info = await execute(config, run, before, loop);
      run.writeText("report.html", await renderReport(run));
      return { run, info };
    } finally {
      run.release();
    }
  } finally {
    await parts.close();
  }
}

async function runLoop(
  parts: Awaited<ReturnType<typeof openParts>>,
  run: RunDirectory,
  reporter: Reporter,
  signal: AbortSignal | undefined,
): Promise<RunInfo["status"]> {
  const session = await startSession(parts, run);
  const { supervised } = parts.config;
  try {
    return parts.demonstrations && supervised
      ? await supervisedLoop(session, parts.demonstrations, supervised.batch, reporter, signal)
      : await trainLoop(session, reporter, signal);
  } finally {
    await session.recorder.flush();
  }
}

function sizes({ size, tooLong }: Demonstrations): string {
  return `${size} demonstrations${tooLong === 0 ? "" : `; ${tooLong} left out: longer than supervised.maximumTokens or the model's context`}`;
}

async function execute(
  config: Config,
  run: RunDirectory,
  before: RunInfo,
  loop: () => Promise<RunInfo["status"]>,
): Promise<RunInfo> {
  const finish = (status: RunInfo["status"]): RunInfo => {
    const stepsDone = run.readMetrics().at(-1)?.step ?? 0;
    const info = { ...before, status, stepsDone, finishedAt: new Date().toISOString() };
    run.writeInfo(info);
    return info;
  };
  try {
    return finish(await loop());
  } catch (error) {
    try {
      finish("failed");
    } catch {
      // On a full disk run.json stays as it was, and only this message says that the run has failed.
    }
    throw failureOf(error, run, config);
  }
}

/** A run in which nothing has happened yet, for another process to begin with `resume`. The caller releases it. */
export async function prepareRun(config: Config, path: string): Promise<RunDirectory> {
  if (config.engine.kind === "tinker") await openTokenizer(config.engine, () => {});
  const [run] = created(path, config, dataHashes(config), deviceOf(config.engine));
  run.writeText("config.yaml", configText(config));
  return run;
}

function created(path: string, config: Config, hashes: RunInfo["dataHashes"], device: string): [RunDirectory, RunInfo] {
  const info: RunInfo = {
    name: basename(resolve(path)),
    status: "running",
    seed: config.seed,
    startedAt: new Date().toISOString(),
    recipe: config.recipe,
    versions: versions(),
    gitRevision: gitRevision(),
    host: { ...host(), device },
    steps: config.train.steps,
    stepsDone: 0,
    dataHashes: hashes,
  };
  return [RunDirectory.create(path, info, configText(config)), info];
}

function resumed(
  path: string,
  config: Config,
  hashes: RunInfo["dataHashes"],
  reporter: Reporter,
): [RunDirectory, RunInfo] {
  const run = RunDirectory.claim(path);
  try {
    const { finishedAt: _, ...info } = run.readInfo();
    checkResumable(run, info, config, hashes);
    const notice = extensionNotice(config, info.steps, run.checkpointSteps().at(-1) ?? 0);
    if (notice !== null) reporter.notice(notice);
    const before: RunInfo = { ...info, status: "running", steps: config.train.steps };
    run.writeText("config.yaml", configText(config));
    run.writeInfo(before);
    return [run, before];
  } catch (error) {
    run.release();
    throw error;
  }
}

/** @throws UsageError where nothing is left to do, or it could not be done as it began */
function checkResumable(run: RunDirectory, info: RunInfo, config: Config, hashes: RunInfo["dataHashes"]): void {
  const { path } = run;
  if (info.status === "finished" && info.stepsDone >= config.train.steps) {
    throw new UsageError(
      `${path}: is finished; to go on, ask for more than its ${info.steps} steps with --set train.steps=N`,
    );
  }
  for (const [name, hash] of Object.entries(hashes)) {
    if (info.dataHashes[name] === hash) continue;
    throw new UsageError(`${path}: its ${name} data has changed since it began; a resumed run needs the same files`);
  }
  checkBudget(config, run);
}
