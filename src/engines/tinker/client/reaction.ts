// What a client does about an answer that is no success: the table of the protocol, which the official client (Thinking
// Machines Lab's `tinker`) and its servers agree on. Waiting and sending again are its callers'.

import { pauseAskedMs } from "../../../core/http.js";
import type { TinkerFailure } from "./errors.js";
import type { NoReply, Reply } from "./transport.js";
import { objectOf } from "./words.js";

export type Reaction =
  /** Send it again; `afterMs` where the pause is not the usual one. */
  | { readonly kind: "again"; readonly why: "away" | "busy" | "unpaid" | "bare"; readonly afterMs: number | null }
  | { readonly kind: "fail"; readonly failure: TinkerFailure };

/** A longer pause than this is not believed. */
const LONGEST_ASKED_PAUSE_MS = 60_000;

export function reactionTo(reply: Reply | NoReply): Reaction {
  if (reply.status === null) return again("away", reply.isStale ? 0 : null);
  const afterMs = pauseAsked(reply);
  const told = reply.header("x-should-retry");
  if (told === "true") return again("busy", afterMs);
  const { status } = reply;
  if (status === 402) return again("unpaid", null);
  if (status === 400 && isBare(reply)) return again("bare", afterMs);
  if (told !== "false") {
    if (status >= 500) return again("away", afterMs);
    if (status === 408 || status === 425 || status === 429 || (status === 409 && !isTaken(reply))) {
      return again("busy", afterMs);
    }
  }
  return { kind: "fail", failure: failureOf(status) };
}

function again(why: "away" | "busy" | "unpaid" | "bare", afterMs: number | null): Reaction {
  return { kind: "again", why, afterMs };
}

/** What a proxy on the way says, not the server: that answers in JSON, saying what is wrong. */
function isBare({ body }: Reply): boolean {
  return objectOf(body) === null;
}

/** A conflict that lasts: a checkpoint of that name, or a number used for something else. */
function isTaken({ says }: Reply): boolean {
  return /\b(already exists|exists already|reused|used already)\b/i.test(says);
}

function failureOf(status: number): TinkerFailure {
  if (status === 401 || status === 403) return "key";
  if (status === 404) return "missing";
  if (status === 409) return "conflict";
  return status >= 500 ? "failed" : status >= 400 ? "refused" : "malformed";
}

function pauseAsked(reply: Reply): number | null {
  const precise = Number(reply.header("retry-after-ms"));
  const ms = precise > 0 ? precise : pauseAskedMs(reply.header("retry-after"));
  return ms > 0 && ms <= LONGEST_ASKED_PAUSE_MS ? ms : null;
}

/** Before the n-th further attempt of a submission, from 0: half a second doubled to ten, then to thirty. */
export function submissionPauseMs(n: number): number {
  if (n >= 10) return Math.min(30_000, 1000 * 2 ** (n - 10));
  return Math.min(10_000, 500 * 2 ** n) * (0.75 + 0.25 * Math.random());
}

/** Before the n-th further poll that found nobody, from 0. */
export function pollPauseMs(n: number): number {
  return Math.min(30_000, 1000 * 2 ** n);
}
