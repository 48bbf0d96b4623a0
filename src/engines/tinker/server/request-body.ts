// Reading what is sent: no longer than allowed, nested no deeper, and only in the forms of the protocol. A web page that
// a browser shows can send none of these without asking first, and is never told yes.

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { readIncoming } from "../../../core/incoming.js";
import { badRequest, RequestError } from "../../../core/request-error.js";
import { fit, parseBody } from "../protocol/json.js";

/** Datums come in chunks of about 5 MB; as JSON they are several times as long. */
export const MOST_BODY_BYTES = 64 * 2 ** 20;
const MOST_DEPTH = 32;

/** @throws RequestError 413 for what is too long, 415 for what is compressed */
export function readBody(incoming: IncomingMessage): Promise<Buffer> {
  return readIncoming(incoming, MOST_BODY_BYTES);
}

/** Tells bodies apart. */
export function digestOf(path: string, body: Buffer): string {
  return createHash("sha256").update(path).update("\n").update(body).digest("base64");
}

/** @throws RequestError, ProtocolError for what is no JSON, or not of this schema */
export function parseJson<Schema extends z.ZodType>(
  body: Buffer,
  contentType: string,
  schema: Schema,
  where: string,
): z.output<Schema> {
  return fit(schema, parseAnyJson(body, contentType, where), where);
}

/** @throws RequestError, ProtocolError for what is no JSON */
export function parseAnyJson(body: Buffer, contentType: string, where: string): unknown {
  if (!/^application\/json(?:\s*;|$)/i.test(contentType)) {
    throw new RequestError(415, `content-type "${contentType.slice(0, 80)}": expected application/json`);
  }
  checkDepth(body);
  return parseBody(body, where);
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = new Set([91, 123]);
const CLOSED = new Set([93, 125]);

/** @throws RequestError 400 for what is nested deeper than any message of the protocol */
function checkDepth(body: Buffer): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (quoted) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (OPEN.has(byte) && ++depth > MOST_DEPTH) throw badRequest(`the body is nested deeper than ${MOST_DEPTH}`);
    else if (CLOSED.has(byte)) depth--;
  }
}
