// One question to an OpenAI-compatible endpoint: asked again while that can help, with what a person can do about it
// where it cannot. Not by `fetch`, which gives up on answers that take five minutes. Nothing here knows what is asked.

import { type IncomingMessage, request as requestPlainly } from "node:http";
import { request as requestSecurely } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { EngineError, messageOf } from "../../core/errors.js";
import type { Address } from "./endpoint-address.js";

export interface Endpoint extends Address {
  /** Of one request, from its start to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Before the second attempt; doubled before each further one. */
  readonly pauseMs: number;
}

export type Answer<Value> =
  | { readonly kind: "answer"; readonly value: Value }
  /** A status that asking again does not change, and the beginning of what was said of it. */
  | { readonly kind: "refused"; readonly status: number; readonly says: string };

/** What may go away by itself: the server is busy, the connection broke, the answer is cut short. */
interface Again {
  readonly kind: "again";
  readonly reason: string;
  readonly afterMs: number;
}

const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 30_000;
/** What a server asks for is honoured up to here. */
const LONGEST_ASKED_PAUSE_MS = 600_000;
const SHOWN_CHARACTERS = 300;
/** No answer to one question is longer; a server that sends without end would fill the memory. */
const LONGEST_ANSWER_BYTES = 64 << 20;

/**
 * @param body  posted as JSON; null asks with GET
 * @param read  of a successful answer's text; what it throws is a reason to ask again
 * @throws EngineError when the last attempt has failed, the signal's reason once it is aborted
 */
export async function ask<Value>(
  endpoint: Endpoint,
  path: string,
  body: object | null,
  read: (text: string) => Value,
  signal?: AbortSignal,
): Promise<Answer<Value>> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(endpoint, path, body, read, signal);
    if (outcome.kind !== "again") return outcome;
    if (attempt === ATTEMPTS) {
      throw new EngineError(`${endpoint.url}${path}: gave up after ${ATTEMPTS} attempts (${outcome.reason})`);
    }
    const pause = Math.min(LONGEST_PAUSE_MS, endpoint.pauseMs * 2 ** (attempt - 1));
    // A signal of its own: hundreds may wait, and listeners of one are counted.
    const own = signal && { signal: AbortSignal.any([signal]) };
    await delay(Math.max(pause, Math.min(LONGEST_ASKED_PAUSE_MS, outcome.afterMs)), undefined, own);
  }
}

async function attemptOnce<Value>(
  endpoint: Endpoint,
  path: string,
  body: object | null,
  read: (text: string) => Value,
  signal: AbortSignal | undefined,
): Promise<Answer<Value> | Again> {
  try {
    const { status, retryAfter, text } = await exchange(endpoint, path, body, signal);
    const says = shown(text, endpoint).slice(0, SHOWN_CHARACTERS);
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      return { kind: "again", reason: `status ${status}: ${says}`, afterMs: retryAfter };
    }
    if (status !== 200) return { kind: "refused", status, says };
    return { kind: "answer", value: read(text) };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: "again", reason: shown(reasonOf(error), endpoint), afterMs: 0 };
  }
}

/** On one line and without what a terminal would obey. A server may repeat the key in what it says of it. */
function shown(text: string, { key }: Address): string {
  const plain = key === null ? text : text.replaceAll(key, "(the key)");
  return plain.replaceAll(/[\s\p{Cc}]+/gu, " ");
}

/** An error of several attempted addresses has no message of its own. */
function reasonOf(error: unknown): string {
  return messageOf(error) || (error as NodeJS.ErrnoException).code || "no connection";
}

interface Exchange {
  readonly status: number;
  /** In ms; 0 where the server says nothing. */
  readonly retryAfter: number;
  readonly text: string;
}

function exchange(endpoint: Endpoint, path: string, body: object | null, signal?: AbortSignal): Promise<Exchange> {
  const url = new URL(`${endpoint.url}${path}`);
  const content = body === null ? undefined : JSON.stringify(body);
  const deadline = AbortSignal.timeout(endpoint.timeoutMs);
  const options = {
    method: content === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...(content !== undefined && {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(content),
      }),
      ...(endpoint.key !== null && { authorization: `Bearer ${endpoint.key}` }),
    },
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(deadline.aborted ? new Error(`no whole answer within ${endpoint.timeoutMs / 1000} s`) : error);
    };
    const send = url.protocol === "https:" ? requestSecurely : requestPlainly;
    const request = send(url, options, (response) => {
      const { statusCode: status = 0, headers } = response;
      readBody(response).then(
        (text) => resolve({ status, retryAfter: pauseAsked(headers["retry-after"]), text }),
        fail,
      );
    });
    request.on("error", fail);
    request.end(content);
  });
}

/** @throws where the connection breaks before the end, or the end does not come in time */
async function readBody(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > LONGEST_ANSWER_BYTES) throw new Error(`an answer of more than ${LONGEST_ANSWER_BYTES >> 20} MiB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Retry-After is in seconds, or a date. */
function pauseAsked(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+(\.\d+)?$/.test(header.trim()) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
