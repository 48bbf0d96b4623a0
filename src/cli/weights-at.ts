// Which weights a person means by a path.

import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../core/errors.js";
import { bundled } from "../problems/bundled.js";
import { RunDirectory } from "../runs/run-directory.js";
import { isRemote, SERVERS, type StoredWeights } from "../train/weights.js";
import { checkpointStep } from "./checkpoint-step.js";

export interface Weights extends StoredWeights {
  readonly step: number;
}

const CHECKPOINT = /^step-(\d+)$/;

/**
 * A model folder, the word bundled, a run (its newest checkpoint, or the one that is named), a run's checkpoint folder, or
 * `tinker:` and what a server calls a model.
 *
 * @throws UsageError where the path is none of these
 */
export function weightsAt(path: string, checkpoint?: number | "best"): Weights {
  if (existsSync(join(path, "run.json"))) {
    const run = RunDirectory.open(path);
    const step = checkpointStep(run, checkpoint);
    return { model: run.checkpointPath(step), run: path, step };
  }
  if (path.startsWith(SERVERS)) return { model: path, run: null, step: 0 };
  if (checkpoint !== undefined) throw new UsageError(`${path}: holds no run, and so no checkpoint to choose`);
  const run = dirname(dirname(resolve(path)));
  const step = CHECKPOINT.exec(basename(resolve(path)));
  if (step && existsSync(join(run, "run.json"))) return { model: path, run, step: Number(step[1]) };
  const model = bundled(path, "model");
  if (existsSync(join(model, "config.json")) || isRemote(model)) return { model, run: null, step: 0 };
  throw new UsageError(
    `${path}: expected a model folder (with config.json), a run (with run.json), the word bundled, or ${SERVERS}NAME of a model on a server`,
  );
}
