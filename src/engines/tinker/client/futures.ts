// Results that a server computes after it has acknowledged the request: asked for by long polling until they are there.

import { contentTypes } from "../protocol/wire.js";
import { pollPauseMs, reactionTo, saysTaken } from "./reaction.js";
import { failureOf, isSuccess, type Link, type Operation, Waiting } from "./submission.js";
import type { NoReply, Reply } from "./transport.js";
import { cut, objectOf } from "./words.js";

/** As the protocol calls them in a header. */
export type FutureType =
  | "ForwardBackward"
  | "Forward"
  | "OptimStep"
  | "Sample"
  | "CreateModel"
  | "UnloadModel"
  | "SaveWeights"
  | "SaveWeightsForSampler"
  | "LoadWeights";

export interface Pending {
  readonly requestId: string;
  readonly type: FutureType;
  /** From the request to its acknowledgement, in the client's time. */
  readonly roundTripMs: number;
  /** Of the result; default what Node can hold of a text. */
  readonly limitBytes?: number;
}

const POLL_MS = 45_000;
/** A chunk's outputs in JSON come near it; longer texts than this Node cannot hold anyway. */
const LONGEST_RESULT_BYTES = 512 << 20;
/** States and errors are short; a longer answer is a result. */
const LONGEST_STATE_BYTES = 1 << 16;

/**
 * The answer that holds the result.
 *
 * @throws TinkerError; TinkerLostError, of status 410 where the result has expired; the signal's reason once it is aborted
 */
export async function resultOf(
  link: Link,
  operation: Operation,
  pending: Pending,
  signal: AbortSignal = link.closed,
): Promise<Reply> {
  const waiting = new Waiting(link, operation, signal);
  for (let iteration = 0; ; iteration++) {
    const reply = await poll(link, pending, iteration, signal);
    const pendingStill = reply.status === 408;
    const state = reply.status !== null && (pendingStill || isSuccess(reply)) ? stateOf(reply) : null;
    if (reply.status !== null && isSuccess(reply)) {
      if (state === null) return reply;
      if (typeof state["error"] === "string") throw failedWith(link, operation, pending, reply.status, state["error"]);
    }
    if (pendingStill || isSuccess(reply)) {
      waiting.reset();
      tellOfQueue(link, operation, state ?? {});
    } else if (!isHeld(link, reply)) {
      // A server that has failed is asked again at once: its result may be there all the same.
      const atOnce = reply.status !== null && reply.status >= 500 && waiting.failures === 0;
      await waiting.after(withId(reply, pending), reactionTo(reply), atOnce ? 0 : pollPauseMs(waiting.failures));
    }
  }
}

function poll(link: Link, pending: Pending, iteration: number, signal: AbortSignal): Promise<Reply | NoReply> {
  const inProtobuf = ["Sample", "Forward", "ForwardBackward"].includes(pending.type);
  const attempt = link.transport.prepare({
    method: "POST",
    path: "retrieve_future",
    body: { request_id: pending.requestId, allow_metadata_only: false },
    headers: {
      "X-Tinker-Request-Iteration": String(iteration),
      "X-Tinker-Request-Type": pending.type,
      ...(iteration === 0 && { "X-Tinker-Create-Promise-Roundtrip-Time": String(pending.roundTripMs / 1000) }),
      ...(inProtobuf && { accept: `${contentTypes.protobuf}, ${contentTypes.json}` }),
    },
    timeoutMs: POLL_MS,
    limitBytes: pending.limitBytes ?? LONGEST_RESULT_BYTES,
    signal,
  });
  return attempt();
}

/** What a success says instead of a result; null where it is the result. */
function stateOf(reply: Reply): Readonly<Record<string, unknown>> | null {
  if (reply.contentType.startsWith(contentTypes.protobuf) || reply.body.length > LONGEST_STATE_BYTES) return null;
  const value = objectOf(reply.body);
  if (value === null) return null;
  const isState =
    value["type"] === "try_again" || value["status"] === "complete_metadata" || typeof value["error"] === "string";
  return isState ? value : null;
}

/** A server may hold a poll for longer than a client waits: no trouble, while it answers others. */
function isHeld(link: Link, reply: Reply | NoReply): boolean {
  return reply.status === null && reply.timedOut && link.transport.silentMs() < link.patienceMs;
}

/** The result's own number says more to a server's operators than that of one poll. */
function withId(reply: Reply | NoReply, { requestId }: Pending): Reply | NoReply {
  return reply.status === null ? reply : { ...reply, requestId };
}

function failedWith(link: Link, operation: Operation, pending: Pending, status: number, error: string): Error {
  const says = cut(error, link.transport.credentials.secrets());
  const words = { status, says, requestId: pending.requestId };
  return failureOf(link, operation, words, saysTaken(says) ? "conflict" : "failed");
}

function tellOfQueue(
  { notices, transport }: Link,
  operation: Operation,
  state: Readonly<Record<string, unknown>>,
): void {
  const queue = state["queue_state"];
  if (typeof queue !== "string" || queue === "active") return;
  const reason = typeof state["queue_state_reason"] === "string" ? state["queue_state_reason"] : queue;
  const says = cut(reason, transport.credentials.secrets());
  notices.repeat(`queue ${queue}`, `${transport.url}: ${operation.name} waits its turn: ${says}`);
}
