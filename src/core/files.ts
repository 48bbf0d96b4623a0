// Reading and writing that survives a kill at any moment: a file is there whole or not at all.

import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { DataError, messageOf, StorageError, UsageError } from "./errors.js";

/** Reads a UTF-8 file the user named. @throws UsageError with the path and what to do. */
export function readText(path: string): string {
  return decodeText(readBytes(path), path);
}

/** As {@link readText}; `-` is standard input. */
export function readTextOrStandardInput(path: string): string {
  return path === "-" ? decodeText(readFileSync(0), "standard input") : readText(path);
}

/** Invalid bytes would become U+FFFD without a word, and be judged as if they had been meant. @throws DataError */
export function decodeText(bytes: Uint8Array, path: string, firstLine = 1): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new DataError(`${path}:${firstLine - 1 + brokenLine(bytes)}: not UTF-8: save the file as UTF-8`, {
      cause: error,
    });
  }
}

function brokenLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, start = 0; ; line++) {
    // No byte of a longer character is a newline, so lines can be told apart before they are decoded.
    const newline = bytes.indexOf(10, start);
    try {
      decoder.decode(bytes.subarray(start, newline < 0 ? bytes.length : newline));
    } catch {
      return line;
    }
    if (newline < 0) return line;
    start = newline + 1;
  }
}

export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

export function cannotRead(path: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a folder" : messageOf(error);
  return new UsageError(`${path}: cannot read it (${why})`, { cause: error });
}

/** A file's content, whole or in pieces that are made as they are written: all of them may be longer than a text can be. */
type Content = string | Uint8Array | Iterable<string>;

/**
 * Writes to a temporary name, flushes to the disk, renames. A symbolic link stays one; a pipe or a device is written to
 * as it is.
 *
 * @throws StorageError where there is no room or no permission; what was there stays
 */
export function writeAtomic(path: string, content: Content): void {
  storing(path, () => {
    if (isSpecial(path)) return writeInto(path, "a", content);
    const target = throughLinks(path);
    mkdirSync(dirname(target), { recursive: true });
    const temporary = temporaryName(target);
    try {
      writeFlushed(temporary, content);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    flush(dirname(target));
  });
}

/** @throws StorageError in the place of the file system's own errors */
export function storing<Result>(path: string, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    throw StorageError.of(path, error);
  }
}

/** Adds to a file and flushes it to the disk. @throws StorageError; the file is as long as before then */
export function appendDurable(path: string, content: string | Uint8Array): void {
  storing(path, () => {
    const file = openSync(path, "a");
    try {
      const { size } = fstatSync(file);
      try {
        writeAll(file, bytesOf(content));
        fsyncSync(file);
      } catch (error) {
        ftruncateSync(file, size);
        throw error;
      }
    } finally {
      closeSync(file);
    }
  });
}

/** What a kill left of a line that was being written. @throws StorageError */
export function dropUnfinishedLine(path: string): void {
  const bytes = readBytes(path);
  const whole = bytes.lastIndexOf(10) + 1;
  if (whole < bytes.length) storing(path, () => truncateSync(path, whole));
}

const BUFFERED_CHARACTERS = 1 << 16;

/**
 * A file written piece by piece that is there whole or not at all: until `commit` only a temporary name holds it. A pipe
 * or a device is written to as it is.
 */
export class AtomicFile {
  readonly #special: boolean;
  readonly #target: string;
  readonly #written: string;
  readonly #file: number;
  #buffered = "";

  constructor(path: string) {
    this.#special = isSpecial(path);
    this.#target = this.#special ? path : throughLinks(path);
    this.#written = this.#special ? path : temporaryName(this.#target);
    this.#file = openSync(this.#written, this.#special ? "a" : "w");
  }

  write(content: string | Uint8Array): void {
    if (typeof content === "string") {
      this.#buffered += content;
      if (this.#buffered.length < BUFFERED_CHARACTERS) return;
    }
    this.#empty();
    if (typeof content !== "string") writeAll(this.#file, content);
  }

  commit(): void {
    this.#empty();
    if (!this.#special) fsyncSync(this.#file);
    closeSync(this.#file);
    if (this.#special) return;
    renameSync(this.#written, this.#target);
    flush(dirname(this.#target));
  }

  /** As if nothing had been written. */
  abandon(): void {
    closeSync(this.#file);
    if (!this.#special) rmSync(this.#written, { force: true });
  }

  #empty(): void {
    writeAll(this.#file, Buffer.from(this.#buffered));
    this.#buffered = "";
  }
}

/** Finds out before the work whether its result can be written. @throws UsageError for a place that takes no file */
export function ensureWritable(path: string): void {
  const fail = (why: string, cause?: unknown): never => {
    throw new UsageError(`${path}: cannot write it (${why})`, { cause });
  };
  if (path === "") fail("expected the name of a file");
  if (path.endsWith("/") || statOf(path)?.isDirectory()) fail("it is a folder");
  if (isSpecial(path)) return;
  const target = throughLinks(path);
  const folder = statOf(dirname(target));
  if (!folder) fail("its folder does not exist");
  const temporary = temporaryName(target);
  try {
    closeSync(openSync(temporary, "w"));
    rmSync(temporary);
  } catch (error) {
    fail(messageOf(error), error);
  }
}

const MAX_LINKS = 40;

function temporaryName(target: string): string {
  return `${target}.tmp-${process.pid}`;
}

/** A pipe, a device, or a name of an open file: renaming something over it would take it from whoever reads there. */
function isSpecial(path: string): boolean {
  const stat = statOf(path);
  return stat !== undefined && !stat.isDirectory() && (!stat.isFile() || resolve(path).startsWith("/dev/"));
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Where the path leads, also where nothing is there yet. */
export function throughLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  let target = resolve(path);
  for (let links = 0; lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink(); links++) {
    if (links === MAX_LINKS) throw new UsageError(`${path}: cannot write it (its symbolic links go in a circle)`);
    target = resolve(dirname(target), readlinkSync(target));
  }
  return target;
}

/** Writes and flushes in place: for files inside a folder that is itself renamed when complete. */
export function writeDurable(path: string, content: Content): void {
  storing(path, () => writeFlushed(path, content));
}

function writeFlushed(path: string, content: Content): void {
  writeInto(path, "w", content, fsyncSync);
}

function writeInto(path: string, flags: "a" | "w", content: Content, then?: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    for (const piece of piecesOf(content)) writeAll(file, piece);
    then?.(file);
  } finally {
    closeSync(file);
  }
}

function* piecesOf(content: Content): Generator<Uint8Array> {
  if (typeof content === "string" || content instanceof Uint8Array) {
    yield bytesOf(content);
    return;
  }
  let buffered = "";
  for (const text of content) {
    buffered += text;
    if (buffered.length < BUFFERED_CHARACTERS) continue;
    yield Buffer.from(buffered);
    buffered = "";
  }
  yield Buffer.from(buffered);
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? Buffer.from(content) : content;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Whether a path names a file that can be read more than once. */
export function isRegularFile(path: string): boolean {
  return statOf(path)?.isFile() === true;
}

/** Makes a rename durable. Some systems cannot open a folder; there the rename alone has to do. */
export function flush(folder: string): void {
  if (process.platform === "win32" || !existsSync(folder)) return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const HASHED_BYTES = 1 << 22;

/** Of a file of any size. @throws UsageError with the path and what to do */
export function sha256OfFile(path: string): string {
  return hashOfFile(path, createHash("sha256"));
}

/** The hash of what `hash` has been given already, followed by the file. @throws UsageError as {@link sha256OfFile} */
export function hashOfFile(path: string, hash: Hash): string {
  const piece = new Uint8Array(HASHED_BYTES);
  try {
    const file = openSync(path, "r");
    try {
      for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
        hash.update(piece.subarray(0, read));
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
  return hash.digest("hex");
}

export function sha256(content: string | Uint8Array): string {
  const hash: Hash = createHash("sha256");
  return hash.update(content).digest("hex");
}
