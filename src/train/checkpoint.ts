// Checkpoints: when one is due, writing it from a state that is sound, reading it back. Beside the weights and the
// optimiser it holds where the run is, and the alignment pool. There is no other state: every random stream is derived
// from the seed and the step. Which ones are kept is not decided here (retention.ts).

import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PoolEntry } from "../alignment/pool.js";
import { DataError, EngineLostError, messageOf, RunError, StorageError } from "../core/errors.js";
import { readText, writeDurable } from "../core/files.js";
import { readRecords, toLines } from "../core/jsonl.js";
import { sizeText } from "../core/sizes.js";
import type { Engine, ModelInfo } from "../engines/engine.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { alignmentExampleSchema } from "../runs/schemas.js";
import { isEvaluationDue } from "./batch.js";
import type { Config } from "./config/schema.js";
import { serverFailure } from "./failure.js";
import { writePending } from "./pending.js";
import type { Sampled } from "./roll-out.js";

export interface Position {
  step: number;
  /** Code prompts taken so far. */
  cursor: number;
  /** Reference programs taken so far, where alignment.source asks for them. */
  references: number;
}

interface TrainingState {
  readonly position: Position;
  readonly entries: readonly PoolEntry[];
  /** What is sampled already of the next step. */
  readonly ahead: Sampled | null;
}

/** What the weights are tried with before they are written. */
const PROBE = "def f(x):\n    return x\n";

/** Also where an evaluation chooses among checkpoints: it can only choose those that are there. */
export function isCheckpointDue(step: number, config: Config): boolean {
  const { checkpointEvery, keepBest } = config.train;
  return step % checkpointEvery === 0 || (keepBest !== null && isEvaluationDue(step, config));
}

/**
 * Writes the checkpoint of this position, unless the run has it.
 *
 * @throws EngineError where the weights are not finite or give no probabilities, StorageError where there is no room
 */
export async function writeCheckpoint(run: RunDirectory, engine: Engine, state: TrainingState): Promise<void> {
  const { step } = state.position;
  if (step === 0 || run.checkpointSteps().includes(step)) return;
  const tokens = engine.model.tokenizer.encode(PROBE);
  await engine.logprobs([{ prompt: tokens.slice(0, -1), completion: tokens.slice(-1) }]);
  checkRoom(run.path, engine.model);
  await run.writeCheckpoint(step, async (folder) => {
    await engine.save(folder, { optimizer: true });
    writeTrainingState(folder, state);
  });
}

/** Weights and two moments of each trained one, in f32: the least that it takes. An engine elsewhere keeps its own. */
function checkRoom(path: string, { parameters, trainedParameters }: ModelInfo): void {
  if (parameters === null || trainedParameters === null) return;
  const needed = 4 * (parameters + 2 * trainedParameters);
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= needed) return;
  throw new StorageError(
    `${path}: no room for a checkpoint: it takes about ${sizeText(needed)}, the disk has ${sizeText(bavail * bsize)} left`,
  );
}

const stateFile = (folder: string): string => join(folder, "training-state", "state.json");
const poolFile = (folder: string): string => join(folder, "training-state", "pool.jsonl");

function writeTrainingState(folder: string, { position, entries, ahead }: TrainingState): void {
  mkdirSync(join(folder, "training-state"), { recursive: true });
  writeDurable(poolFile(folder), toLines(entries));
  if (ahead) writePending(folder, ahead);
  writeDurable(stateFile(folder), `${JSON.stringify(position)}\n`);
}

/**
 * Loads the newest checkpoint, and cuts the run back to it.
 *
 * @returns null where the run has none
 * @throws RunError where it is damaged, with what to do; nothing was cut back then
 */
export async function resumeCheckpoint(
  run: RunDirectory,
  engine: Engine,
): Promise<ReturnType<typeof readTrainingState> | null> {
  const steps = run.checkpointSteps();
  const last = steps.at(-1);
  const folder = last === undefined ? null : run.checkpointPath(last);
  const state = folder === null ? null : await readCheckpoint(folder, engine, steps.at(-2));
  run.cutBackTo(last ?? 0);
  return state;
}

async function readCheckpoint(
  folder: string,
  engine: Engine,
  before: number | undefined,
): Promise<ReturnType<typeof readTrainingState>> {
  try {
    await engine.load(folder, { optimizer: true });
    return readTrainingState(folder);
  } catch (error) {
    if (isOfServer(error)) throw error;
    const from = before === undefined ? "from the beginning" : `from step ${before}`;
    throw new RunError(`${messageOf(error)}; this checkpoint is damaged: delete ${folder} to resume ${from}`, {
      cause: error,
    });
  }
}

/** Whether it says nothing of the checkpoint itself, whose weights lie with a server. */
function isOfServer(error: unknown): boolean {
  const kind = serverFailure(error)?.kind;
  const isRefused = kind === undefined || kind === "missing" || kind === "refused";
  return error instanceof EngineLostError || !isRefused;
}

/** @throws DataError where the checkpoint is damaged */
function readTrainingState(folder: string): { position: Position; entries: PoolEntry[] } {
  return {
    position: readPosition(stateFile(folder)),
    entries: readRecords(poolFile(folder), entrySchema).map(({ record }) => record as PoolEntry),
  };
}

const entrySchema = z.strictObject({ example: alignmentExampleSchema, drawn: z.boolean() });
const positionSchema = z.strictObject({
  step: z.int().positive(),
  cursor: z.int().nonnegative(),
  references: z.int().nonnegative().default(0),
});

function readPosition(path: string): Position {
  try {
    return positionSchema.parse(JSON.parse(readText(path)));
  } catch (error) {
    throw new DataError(`${path}: expected {"step", "cursor"}`, { cause: error });
  }
}
