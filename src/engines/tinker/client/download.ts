// The archive of a sampler checkpoint, from where the server says that it lies into a file. The place is another party's:
// it is not sent the key, and its address, which opens the archive to whoever has it, is not shown.

import { messageOf, StorageError } from "../../../core/errors.js";
import { AtomicFile, storing } from "../../../core/files.js";
import { archiveResponse } from "../protocol/messages.js";
import { readJson } from "./answers.js";
import { parsePath } from "./checkpoints.js";
import { either } from "./either.js";
import { TinkerError } from "./errors.js";
import { submissionPauseMs } from "./reaction.js";
import { failureOf, isSuccess, type Link, type Operation, submit } from "./submission.js";
import type { Reply } from "./transport.js";

type OnBytes = (done: number, total: number | null) => void;

const PACKING_POLLS = 6;
const PACKING_PAUSE_MS = 30_000;
const ATTEMPTS = 5;
const SILENCE_MS = 60_000;

/** @throws TinkerError, TinkerLostError; StorageError where the file cannot be written. What was there before stays */
export async function downloadCheckpoint(link: Link, path: string, file: string, onBytes?: OnBytes): Promise<void> {
  const operation = { name: `archive of ${path}` };
  for (let n = 0; ; n++) {
    const url = await archiveUrl(link, operation, path);
    try {
      return await receive(link, url, file, onBytes ?? (() => {}));
    } catch (error) {
      link.closed.throwIfAborted();
      if (error instanceof StorageError) throw error;
      if (n === ATTEMPTS - 1) throw broken(operation, url, error);
      await link.transport.clock.pause(submissionPauseMs(n), link.closed);
    }
  }
}

async function archiveUrl(link: Link, operation: Operation, path: string): Promise<string> {
  const { runId, kind, name } = parsePath(path);
  // Some servers name a checkpoint in full, others by its name alone; the full name is another address to those.
  const ids = [`${kind}/${encodeURIComponent(name)}`, encodeURIComponent(name)];
  const isNone = ({ status }: Reply): boolean => status === 404 || status === 405;
  const accepts = (reply: Reply): boolean =>
    (reply.status >= 301 && reply.status <= 308) || isNone(reply) || reply.status === 503;
  for (let at = 0, packing = 0; ; ) {
    const call = {
      method: "GET",
      path: `training_runs/${encodeURIComponent(runId)}/checkpoints/${ids[at]}/archive`,
    } as const;
    const reply = await submit(link, { ...operation, accepts }, call);
    const location = reply.header("location");
    if (isSuccess(reply)) return placeOf(link, operation, reply, readJson(link, operation, reply, archiveResponse).url);
    if (location !== undefined && reply.status < 400) return placeOf(link, operation, reply, location);
    if (isNone(reply) && at + 1 < ids.length) at++;
    else if (reply.status === 503 && ++packing < PACKING_POLLS)
      await link.transport.clock.pause(PACKING_PAUSE_MS, link.closed);
    else throw failureOf(link, operation, reply, isNone(reply) ? "missing" : "failed");
  }
}

function placeOf(link: Link, operation: Operation, reply: Reply, location: string): string {
  const base = `${link.transport.url}/`;
  if (URL.canParse(location, base)) {
    const { href, protocol } = new URL(location, base);
    if (/^https?:$/.test(protocol)) return href;
  }
  throw failureOf(link, operation, { ...reply, says: "an address that is none" }, "malformed");
}

async function receive(link: Link, url: string, path: string, onBytes: OnBytes): Promise<void> {
  const quiet = new AbortController();
  const timer = setTimeout(
    () => quiet.abort(new Error("nothing came for a minute")),
    link.transport.clock.limitMs(SILENCE_MS),
  );
  const ends = either(link.closed, quiet.signal);
  try {
    // A body that is packed on the way has another length than the archive.
    const response = await fetch(url, { headers: { "accept-encoding": "identity" }, signal: ends.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    const total = Number(response.headers.get("content-length") ?? Number.NaN);
    const file = storing(path, () => new AtomicFile(path));
    try {
      let done = 0;
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        timer.refresh();
        storing(path, () => file.write(piece));
        done += piece.length;
        onBytes(done, Number.isFinite(total) ? total : null);
      }
      if (Number.isFinite(total) && done !== total) throw new Error(`${done} of ${total} bytes`);
      storing(path, () => file.commit());
    } catch (error) {
      file.abandon();
      throw error;
    }
  } finally {
    clearTimeout(timer);
    ends.release();
  }
}

function broken(operation: Operation, url: string, error: unknown): TinkerError {
  const cause = (error as Error).cause;
  const why =
    cause instanceof Error ? messageOf(cause) || String((cause as NodeJS.ErrnoException).code) : messageOf(error);
  const words = { status: null, says: why, requestId: null };
  return new TinkerError(
    "away",
    `${new URL(url).host}: ${operation.name}: gave up after ${ATTEMPTS} attempts (${why})`,
    words,
  );
}
