// One question to an OpenAI-compatible endpoint: asked again while that can help, with what a person can do about it
// where it cannot. Nothing here knows what is asked.

import { setTimeout as delay } from "node:timers/promises";
import { EngineError } from "../../core/errors.js";
import { connectionReason, exchange, pauseAskedMs, shownText } from "../../core/http.js";
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
    const { status, retryAfter, text } = await post(endpoint, path, body, signal);
    const says = shownText(text, endpoint.key).slice(0, SHOWN_CHARACTERS);
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      return { kind: "again", reason: `status ${status}: ${says}`, afterMs: retryAfter };
    }
    if (status !== 200) return { kind: "refused", status, says };
    return { kind: "answer", value: read(text) };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: "again", reason: shownText(connectionReason(error), endpoint.key), afterMs: 0 };
  }
}

interface Exchange {
  readonly status: number;
  /** In ms; 0 where the server says nothing. */
  readonly retryAfter: number;
  readonly text: string;
}

async function post(endpoint: Endpoint, path: string, body: object | null, signal?: AbortSignal): Promise<Exchange> {
  const answer = await exchange({
    method: body === null ? "GET" : "POST",
    url: `${endpoint.url}${path}`,
    headers: {
      accept: "application/json",
      ...(body !== null && { "content-type": "application/json" }),
      ...(endpoint.key !== null && { authorization: `Bearer ${endpoint.key}` }),
    },
    body: body === null ? undefined : JSON.stringify(body),
    timeoutMs: endpoint.timeoutMs,
    limitBytes: LONGEST_ANSWER_BYTES,
    // A signal of its own, as above.
    signal: signal && AbortSignal.any([signal]),
  });
  return {
    status: answer.status,
    retryAfter: pauseAskedMs(answer.headers["retry-after"]),
    text: answer.body.toString("utf8"),
  };
}
