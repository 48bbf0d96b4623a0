// Folders that are there whole or not at all, and what a kill leaves of those, and of files (files.ts), that were not
// finished.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StorageError } from "./errors.js";
import { flush, storing, throughLinks } from "./files.js";

/** Names that nobody gives a file or folder of their own: what has them is removed. */
const NEW = ".coderlplus-new";
const OLD = ".coderlplus-old";
const TEMPORARY = /\.tmp-\d+$|\.coderlplus-(?:new|old)$/;

/**
 * Fills a folder under a temporary name and renames it into place once `fill` has written everything. The folder that
 * was there stays, under its name or another, until the new one is in its place.
 */
export async function writeFolderAtomic(
  path: string,
  fill: (temporary: string) => Promise<void> | void,
): Promise<void> {
  const target = throughLinks(resolve(path));
  const temporary = `${target}${NEW}`;
  const old = `${target}${OLD}`;
  storing(temporary, () => {
    putBack(old, target);
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
  });
  try {
    await fill(temporary);
    flushFolders(temporary);
    if (existsSync(target)) renameSync(target, old);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw StorageError.of(path, error);
  } finally {
    putBack(old, target);
  }
  flush(dirname(target));
}

/** Gone at once for whoever looks for the name: a kill leaves no half of it. */
export function removeFolderAtomic(path: string): void {
  const old = `${path}${OLD}`;
  storing(path, () => {
    rmSync(old, { recursive: true, force: true });
    if (existsSync(path)) renameSync(path, old);
    rmSync(old, { recursive: true, force: true });
  });
}

/** After a kill or an error between the two renames the old folder is all there is; after both it is in the way. */
function putBack(old: string, target: string): void {
  if (!existsSync(old)) return;
  if (existsSync(target)) rmSync(old, { recursive: true });
  else renameSync(old, target);
}

function flushFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) flushFolders(join(folder, entry.name));
  }
  flush(folder);
}

/** What a kill has left of files that were being written here. Only for a folder that nobody else writes in. */
export function sweepTemporary(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (TEMPORARY.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
