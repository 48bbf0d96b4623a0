// What is said of a run that failed: what happened, which checkpoint is good, and how to go on.

import { DivergenceError, EngineError, messageOf, RunError, SamplingError, StorageError } from "../core/errors.js";
import type { RunDirectory } from "../runs/run-directory.js";
import type { Config } from "./config/schema.js";

/** What a divergence suggests to divide the learning rate by. */
const GENTLER = 4;

/** A RunError where the engine, the disk, a guard or dynamic sampling failed; any other error as it is. */
export function failureOf(error: unknown, run: RunDirectory, config: Config): unknown {
  if (!(error instanceof StorageError || error instanceof EngineError || error instanceof SamplingError)) return error;
  const step = run.readMetrics().at(-1)?.step ?? 0;
  const last = run.checkpointSteps().at(-1);
  const checkpoint = last === undefined ? null : run.checkpointPath(last);
  const lines = [
    `${run.path}: failed after ${step} whole step${step === 1 ? "" : "s"}: ${messageOf(error)}`,
    `  last good checkpoint: ${checkpoint ?? "none was written yet"}`,
    `  ${wayOut(error, run, config, checkpoint)}`,
  ];
  return new RunError(lines.join("\n"), { cause: error });
}

function wayOut(error: Error, { path }: RunDirectory, config: Config, checkpoint: string | null): string {
  const resume = `coderlplus train --run ${path} --resume`;
  if (error instanceof StorageError) return `once it can be written: ${resume}`;
  if (error instanceof SamplingError) return `with another setting: ${resume} --set KEY=VALUE`;
  if (!(error instanceof DivergenceError)) return `to try again from there: ${resume}`;
  // Resuming would repeat it, number by number.
  const gentler = `coderlplus train ${path}/config.yaml --set optimizer.learningRate=${config.optimizer.learningRate / GENTLER}`;
  return `a gentler run${checkpoint ? " from there" : ""}: ${gentler}${checkpoint ? ` --set engine.model=${checkpoint}` : ""}`;
}
