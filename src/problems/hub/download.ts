// One file from a hub to this disk: continued where it stopped, proved by its hash, and under its own name only when it
// is whole. What is on the way lies beside it with the ending `.part`.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { HubError, UsageError } from "../../core/errors.js";
import { hashOfFile } from "../../core/files.js";
import type { HubFile } from "./listing.js";
import { ask, type Hub, pauseBefore, silence, TryAgain } from "./request.js";

export type Outcome = "fetched" | "continued" | "already there";

/**
 * Fetches one file.
 *
 * @param onBytes  what has arrived since it was last called; negative where the server made it begin anew
 * @throws HubError where it does not arrive, or arrives different from its hash; UsageError where it may not be read
 */
export async function download(
  hub: Hub,
  url: string,
  file: HubFile,
  target: string,
  onBytes: (bytes: number) => void,
): Promise<Outcome> {
  if (sizeOf(target) === file.bytes && hashOf(target, file) === file.hash.hex) {
    onBytes(file.bytes);
    return "already there";
  }
  mkdirSync(dirname(target), { recursive: true });
  const part = new Part(target, file);
  const before = part.bytes;
  onBytes(before);
  await fill(hub, url, part, onBytes);
  if (!part.isRight()) {
    // What an earlier attempt left may be what is wrong; what has just come from the first byte on is the server's word.
    if (before > 0) {
      onBytes(-part.bytes);
      part.remove();
      await fill(hub, url, part, onBytes);
    }
    if (before === 0 || !part.isRight()) {
      part.remove();
      throw new HubError(
        `${url}: what arrived has another hash than the hub lists (${file.hash.kind} ${file.hash.hex}); it was thrown away`,
      );
    }
  }
  renameSync(part.path, target);
  part.remove();
  return before > 0 ? "continued" : "fetched";
}

async function fill(hub: Hub, url: string, part: Part, onBytes: (bytes: number) => void): Promise<void> {
  for (let attempt = 1, last: unknown; part.bytes < part.file.bytes || !existsSync(part.path); attempt++) {
    if (attempt > 1) await pauseBefore(attempt, hub, url, last);
    const start = part.bytes;
    const quiet = silence(hub);
    try {
      await receive(await ask(hub, url, part.wanted(), quiet.signal), part, (bytes) => {
        quiet.heard();
        onBytes(bytes);
      });
    } catch (error) {
      if (error instanceof UsageError || error instanceof HubError || isFull(error)) throw error;
      last = quiet.signal.aborted ? quiet.signal.reason : error;
      // A line that breaks again and again, but brings something each time, is good enough.
      if (part.bytes > start) attempt = 1;
    } finally {
      quiet.stop();
    }
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall === "write";
}

async function receive(response: Response, part: Part, onBytes: (bytes: number) => void): Promise<void> {
  const start = part.continues(response) ? part.bytes : 0;
  if (start === 0) onBytes(-part.bytes);
  if (response.status === 416) {
    await response.body?.cancel();
    part.remove();
    throw new TryAgain("the server would not go on from where the file stopped");
  }
  const output = await open(part.path, start === 0 ? "w" : "a");
  try {
    part.remember(response);
    const arrived = await write(response, output, part.file.bytes - start, onBytes);
    await output.sync();
    if (start + arrived < part.file.bytes) {
      throw new TryAgain(`the connection ended after ${start + arrived} of ${part.file.bytes} bytes`);
    }
  } finally {
    await output.close();
  }
}

async function write(
  { body, url }: Response,
  output: FileHandle,
  expected: number,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let arrived = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    if (arrived + chunk.length > expected) {
      throw new HubError(`${url}: found more than ${expected} bytes; expected what the hub lists`);
    }
    await output.writeFile(chunk);
    arrived += chunk.length;
    onBytes(chunk.length);
  }
  return arrived;
}

/** What has arrived of a file so far. The hash in its name keeps it apart from other versions of the same file. */
class Part {
  readonly path: string;
  readonly #tag: string;

  constructor(
    target: string,
    readonly file: HubFile,
  ) {
    this.path = `${target}.${file.hash.hex.slice(0, 12)}.part`;
    this.#tag = `${this.path}.etag`;
    if (this.bytes > file.bytes) this.remove();
  }

  get bytes(): number {
    return sizeOf(this.path) ?? 0;
  }

  isRight(): boolean {
    return hashOf(this.path, this.file) === this.file.hash.hex;
  }

  remove(): void {
    rmSync(this.path, { force: true });
    rmSync(this.#tag, { force: true });
  }

  /** The headers that ask for the rest, if the server's file is still the same. */
  wanted(): Record<string, string> {
    if (this.bytes === 0) return {};
    const tag = existsSync(this.#tag) ? readFileSync(this.#tag, "utf8") : "";
    return { range: `bytes=${this.bytes}-`, ...(tag === "" ? {} : { "if-range": tag }) };
  }

  /** Whether the response is the rest; a server may send the whole file instead. */
  continues({ status, headers }: Response): boolean {
    return status === 206 && headers.get("content-range")?.startsWith(`bytes ${this.bytes}-`) === true;
  }

  /** A weak tag says that versions mean the same, not that their bytes are. */
  remember({ headers }: Response): void {
    const tag = headers.get("etag") ?? "";
    writeFileSync(this.#tag, tag.startsWith("W/") ? "" : tag);
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function hashOf(path: string, { bytes, hash }: HubFile): string {
  if (hash.kind === "sha256") return hashOfFile(path, createHash("sha256"));
  return hashOfFile(path, createHash("sha1").update(`blob ${bytes}\0`));
}
