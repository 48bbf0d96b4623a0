// One writer a run, or an evaluation: a file that holds the number of the process that writes it; gone when it ends,
// stale where it was killed.

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StorageError, UsageError } from "../core/errors.js";
import { readText } from "../core/files.js";

export const LOCK = "run.lock";

/** @throws UsageError where another process writes here */
export function takeLock(folder: string, name = LOCK): void {
  const lock = join(folder, name);
  const holder = writerOf(folder, name);
  if (holder !== null && holder !== process.pid) {
    throw new UsageError(`${folder}: in use by process ${holder}; if that is no command of yours, delete ${lock}`);
  }
  try {
    rmSync(lock, { force: true });
    writeFileSync(lock, String(process.pid), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw StorageError.of(lock, error);
    throw new UsageError(`${folder}: another process has just begun to write here`, { cause: error });
  }
}

/** The process that writes in this folder now. */
export function writerOf(folder: string, name = LOCK): number | null {
  const lock = join(folder, name);
  const holder = existsSync(lock) ? Number(readText(lock)) : 0;
  return isAlive(holder) ? holder : null;
}

/** Whatever happened to the disk in the meantime. */
export function releaseLock(folder: string, name = LOCK): void {
  try {
    rmSync(join(folder, name), { force: true });
  } catch {
    // It is stale once this process has ended.
  }
}

function isAlive(processId: number): boolean {
  if (!(processId > 0)) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
