// Files of a run as the dashboard reads them: whole or by their end, bounded, held to their shape. A run may be copied,
// cut off, or of another version: what does not fit is one DataError that names the file.

import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { z } from "zod";
import { DataError, messageOf } from "../core/errors.js";
import { cannotRead, readText } from "../core/files.js";
import { explain } from "../core/schema.js";
import { sizeText } from "../core/sizes.js";

/** Of files that are read whole: far more than a run writes, and read in no time. */
const LIMIT_BYTES = 1e6;

/** @throws UsageError, DataError for what is no file, or one that no run writes */
export function readWhole(path: string): string {
  checkWhole(path);
  return readText(path);
}

/** For what others read whole. @throws DataError as above */
export function checkWhole(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw new DataError(`${path}: not a file`);
  if (stat && stat.size > LIMIT_BYTES) {
    throw new DataError(`${path}: ${sizeText(stat.size)}; expected at most ${sizeText(LIMIT_BYTES)}`);
  }
}

/** @throws UsageError, DataError naming the field */
export function readChecked<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  return checked(readWhole(path), path, schema);
}

/** @param where  the file, and its line where it has several */
export function checked<Schema extends z.ZodType>(text: string, where: string, schema: Schema): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new DataError(`${where}: ${explain(result.error, value, schema)}`);
  return result.data;
}

/** The whole lines among the last bytes of a file; none where it is not there. */
export function readTail(path: string, bytes: number): string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cannotRead(path, error);
  }
  try {
    const { size } = fstatSync(file);
    const start = Math.max(0, size - bytes);
    const tail = Buffer.alloc(size - start);
    const text = tail.toString("utf8", 0, readSync(file, tail, 0, tail.length, start));
    // What stands behind the last newline is being written, or was cut off.
    return text.split("\n").slice(start === 0 ? 0 : 1, -1);
  } finally {
    closeSync(file);
  }
}
