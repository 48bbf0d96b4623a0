// What a checkpoint holds beside the weights and the optimiser: where the run is, and the alignment pool. There is
// no other state: every random stream is derived from the seed and the step.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PoolEntry } from "../alignment/pool.js";
import { DataError } from "../core/errors.js";
import { readText, writeDurable } from "../core/files.js";
import { readLines, toLines } from "../core/jsonl.js";

export interface Position {
  step: number;
  /** Code prompts taken so far. */
  cursor: number;
}

const stateFile = (folder: string): string => join(folder, "training-state", "state.json");
const poolFile = (folder: string): string => join(folder, "training-state", "pool.jsonl");

export function writeTrainingState(folder: string, position: Position, entries: readonly PoolEntry[]): void {
  mkdirSync(join(folder, "training-state"), { recursive: true });
  writeDurable(poolFile(folder), toLines(entries));
  writeDurable(stateFile(folder), `${JSON.stringify(position)}\n`);
}

/** @throws DataError where the checkpoint is damaged */
export function readTrainingState(folder: string): { position: Position; entries: PoolEntry[] } {
  const position = JSON.parse(readText(stateFile(folder))) as Partial<Position>;
  if (!Number.isInteger(position.step) || !Number.isInteger(position.cursor)) {
    throw new DataError(
      `${stateFile(folder)}: expected {"step", "cursor"}; delete this checkpoint's folder to resume from the one before`,
    );
  }
  const entries = readLines(poolFile(folder)).map(({ value }) => value as unknown as PoolEntry);
  return { position: position as Position, entries };
}
