// What makes an interpreter start in 0.3 s and not in some seconds: its memory once it is prepared, and its rewritten
// code. Made once and kept in the user's own cache folder; a file that others could have written is not used. Set
// CODERLPLUS_CACHE to another folder, or to "off".

import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { version as pyodideVersion } from "pyodide";
import { sha256, writeAtomic } from "../../core/files.js";

const DIGEST_BYTES = 32;
const WEEK_MS = 7 * 24 * 3600 * 1000;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * What was made earlier for the same `recipe`, else what `make` gives, kept for the next time.
 *
 * @param name  tells files apart for a reader
 * @param recipe  everything that the contents depend on besides pyodide's version
 */
export async function cached(name: string, recipe: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const file = fileOf(name, recipe);
  const found = file && read(file);
  if (found) return found;
  const made = await make();
  if (file) store(file, made);
  return made;
}

/** Whether {@link cached} has it already, or would not keep it. */
export function isCached(name: string, recipe: string): boolean {
  const file = fileOf(name, recipe);
  return file === null || existsSync(file);
}

function fileOf(name: string, recipe: string): string | null {
  const folder = cacheFolder();
  const digestOfRecipe = sha256(`${pyodideVersion}\n${recipe}`).slice(0, 32);
  return folder && join(folder, `interpreter-${name}-${digestOfRecipe}.bin`);
}

/** The contents of a file that {@link store} wrote; null where there is none, or none to be trusted. */
function read(path: string): Uint8Array | null {
  try {
    const { uid, mode } = lstatSync(path);
    if (process.getuid && (uid !== process.getuid() || (mode & WRITABLE_BY_OTHERS) !== 0)) return null;
    const bytes = readFileSync(path);
    const contents = bytes.subarray(DIGEST_BYTES);
    return digest(contents).equals(bytes.subarray(0, DIGEST_BYTES)) ? contents : null;
  } catch {
    return null;
  }
}

/** Best effort: without a cache every start takes its full time. */
function store(path: string, contents: Uint8Array): void {
  try {
    const folder = join(path, "..");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    removeOld(folder);
    writeAtomic(path, Buffer.concat([digest(contents), contents]));
    chmodSync(path, 0o600);
  } catch {
    // A read-only home is no reason to fail.
  }
}

/** Every version of the guest has a file of its own: those of a week ago have served their time. */
function removeOld(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith("interpreter-"))) {
    const path = join(folder, name);
    if (Date.now() - lstatSync(path).mtimeMs > WEEK_MS) rmSync(path, { force: true });
  }
}

/** Where what is saved lies, and whether it can be kept there. Null: switched off. */
export function cacheState(): { readonly folder: string | null; readonly usable: boolean } {
  const folder = cacheFolder();
  if (folder === null) return { folder, usable: false };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return { folder, usable: true };
  } catch {
    return { folder, usable: false };
  }
}

/** Null where nothing is to be kept. */
export function cacheFolder(): string | null {
  const chosen = process.env.CODERLPLUS_CACHE;
  if (chosen === "off") return null;
  if (chosen) return chosen;
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(base, "coderlplus");
}

function digest(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
