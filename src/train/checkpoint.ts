// What a checkpoint holds beside the weights and the optimiser: where the run is, and the alignment pool. There is
// no other state: every random stream is derived from the seed and the step.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PoolEntry } from "../alignment/pool.js";
import { DataError } from "../core/errors.js";
import { readText, writeDurable } from "../core/files.js";
import { readRecords, toLines } from "../core/jsonl.js";
import { alignmentExampleSchema } from "../runs/schemas.js";

export interface Position {
  step: number;
  /** Code prompts taken so far. */
  cursor: number;
  /** Reference programs taken so far, where alignment.source asks for them. */
  references: number;
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
    throw new DataError(
      `${path}: expected {"step", "cursor"}; delete this checkpoint's folder to resume from the one before`,
      { cause: error },
    );
  }
}
