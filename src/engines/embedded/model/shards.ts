// A model's weights in one file or in several, as Hugging Face names them: model.safetensors, or numbered shards with
// an index that says which tensor is where.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "../../../core/errors.js";
import { writeDurable } from "../../../core/files.js";
import { readModelJson } from "./config.js";
import type { StoredType } from "./number-formats.js";
import { bytesOf, indexFile, type TensorIndex, type TensorToWrite, writeSafetensors } from "./safetensors.js";

const WHOLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Of one file's numbers: what file systems and downloads take without trouble. */
const SHARD_LIMIT_BYTES = 5e9;

/** @throws EngineError naming the file that is missing or malformed */
export function indexModel(folder: string): TensorIndex {
  if (existsSync(join(folder, WHOLE)) || !existsSync(join(folder, INDEX))) return indexFile(join(folder, WHOLE));
  const { weight_map: map } = readModelJson(folder, INDEX);
  const files = typeof map === "object" && map !== null ? Object.values(map) : [undefined];
  const shards = files.map((file: unknown) => {
    if (typeof file === "string") return file;
    throw new EngineError(`${join(folder, INDEX)}: weight_map: expected tensor names with the file each is in`);
  });
  return new Map([...new Set(shards)].flatMap((file) => [...indexFile(join(folder, file))]));
}

/** The files that hold a folder's weights. @throws EngineError naming the file that is missing or malformed */
export function weightFiles(folder: string): readonly string[] {
  return [...new Set([...indexModel(folder).values()].map(({ path }) => path))];
}

/** Writes one file, or shards of at most `limitBytes` each and their index; a larger tensor has a shard of its own. */
export function writeModel(
  folder: string,
  tensors: readonly TensorToWrite[],
  type: StoredType,
  limitBytes = SHARD_LIMIT_BYTES,
): void {
  const bytes = (tensor: TensorToWrite): number => bytesOf(tensor, type);
  const shards: TensorToWrite[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (bytes(tensor) > room) {
      shards.push([]);
      room = limitBytes;
    }
    shards[shards.length - 1].push(tensor);
    room -= bytes(tensor);
  }
  // What an earlier save left under the other name would be read in the place of this one.
  for (const stale of [WHOLE, INDEX]) rmSync(join(folder, stale), { force: true });
  if (shards.length <= 1) {
    writeSafetensors(join(folder, WHOLE), tensors, type);
    return;
  }
  const five = (number: number): string => String(number).padStart(5, "0");
  const map: Record<string, string> = {};
  for (const [at, shard] of shards.entries()) {
    const file = `model-${five(at + 1)}-of-${five(shards.length)}.safetensors`;
    writeSafetensors(join(folder, file), shard, type);
    for (const { name } of shard) map[name] = file;
  }
  const total = tensors.reduce((sum, tensor) => sum + bytes(tensor), 0);
  writeDurable(
    join(folder, INDEX),
    `${JSON.stringify({ metadata: { total_size: total }, weight_map: map }, null, 2)}\n`,
  );
}
