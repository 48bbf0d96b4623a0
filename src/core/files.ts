// Reading and writing that survives a kill at any moment: a file is there whole or not at all.

import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf, UsageError } from "./errors.js";

/** Reads a UTF-8 file the user named. @throws UsageError with the path and what to do. */
export function readText(path: string): string {
  return readBytes(path).toString("utf8");
}

export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a folder" : messageOf(error);
    throw new UsageError(`${path}: cannot read it (${why})`, { cause: error });
  }
}

/** Writes to a temporary name, flushes to the disk, renames. */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp-${process.pid}`;
  writeDurable(temporary, content);
  renameSync(temporary, path);
  flush(dirname(path));
}

/** Writes and flushes in place: for files inside a folder that is itself renamed when complete. */
export function writeDurable(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "w");
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Fills a folder under a temporary name and renames it into place once `fill` has written everything. */
export async function writeFolderAtomic(
  path: string,
  fill: (temporary: string) => Promise<void> | void,
): Promise<void> {
  const temporary = `${path}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  await fill(temporary);
  flush(temporary);
  rmSync(path, { recursive: true, force: true });
  renameSync(temporary, path);
  flush(dirname(path));
}

/** Makes a rename durable. Some systems cannot open a folder; there the rename alone has to do. */
function flush(folder: string): void {
  if (process.platform === "win32" || !existsSync(folder)) return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function sha256(content: string | Uint8Array): string {
  const hash: Hash = createHash("sha256");
  return hash.update(content).digest("hex");
}
