// The answers of the protocol in their forms: what does not fit is one clear error with what was expected.

import type { z } from "zod";
import { fit, parseBody } from "../protocol/json.js";
import { submittedResponse } from "../protocol/messages.js";
import { ProtocolError } from "../protocol/protocol-error.js";
import { type FutureType, type Pending, resultOf } from "./futures.js";
import { failureOf, type Link, type Operation, submit } from "./submission.js";
import type { Call, Reply } from "./transport.js";
import { cut } from "./words.js";

/** @throws TinkerError for an answer of another form */
export function readAnswer<Value>(
  link: Link,
  operation: Operation,
  reply: Reply,
  read: (reply: Reply) => Value,
): Value {
  try {
    return read(reply);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const says = cut(error.message, link.transport.credentials.secrets());
    throw failureOf(link, operation, { ...reply, says }, "malformed");
  }
}

export function readJson<Schema extends z.ZodType>(
  link: Link,
  operation: Operation,
  reply: Reply,
  schema: Schema,
): z.output<Schema> {
  return readAnswer(link, operation, reply, ({ body }) => fit(schema, parseBody(body, "answer"), "answer"));
}

/** A call that is answered at once. */
export async function ask<Schema extends z.ZodType>(
  link: Link,
  operation: Operation,
  call: Call,
  schema: Schema,
): Promise<z.output<Schema>> {
  return readJson(link, operation, await submit(link, operation, call), schema);
}

/** A call whose result comes later: returns once the server has taken it. */
export async function begin(link: Link, operation: Operation, call: Call, type: FutureType): Promise<Pending> {
  const startMs = link.transport.clock.nowMs();
  return pendingOf(link, operation, await submit(link, operation, call), type, startMs);
}

/** @param startMs  when the request was begun, by the client's clock */
export function pendingOf(link: Link, operation: Operation, reply: Reply, type: FutureType, startMs: number): Pending {
  const { request_id: requestId } = readJson(link, operation, reply, submittedResponse);
  return { requestId, type, roundTripMs: link.transport.clock.nowMs() - startMs };
}

/** The result of what {@link begin} has begun. */
export async function finish<Schema extends z.ZodType>(
  link: Link,
  operation: Operation,
  pending: Pending,
  schema: Schema,
): Promise<z.output<Schema>> {
  return readJson(link, operation, await resultOf(link, operation, pending), schema);
}
