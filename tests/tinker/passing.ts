// What a request on its way through the proxy is: which endpoint, which place in its model's order, the how manieth time.
// It reads no more of a body than that; what the bodies hold is for the tests to decode.

import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { decodeForwardBackward } from "../../src/engines/tinker/protocol/forward-backward.js";

export interface Passing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Last part of the path, `forward_backward`; of a poll also what it asks for the result of: `poll asample`. */
  readonly name: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of calls that have a place in an order. */
  readonly sequenceId: number | null;
  /** Whose order: a model, or a sampling session. */
  readonly of: string | null;
  /** The same for the same call whenever it is sent, and for that call in another run of the same seed. */
  readonly key: string;
  /** How often this call came before. */
  readonly attempt: number;
}

/** Names the requests as they come. */
export class Identifier {
  readonly #attempts = new Map<string, number>();
  /** By request id, the name and the key of the call that it was given for. */
  readonly #origins = new Map<string, Pick<Passing, "name" | "key">>();
  /** Ids that the server chose, in the order of their coming: another run's differ. */
  readonly #orders = new Map<string, number>();

  passing({ method = "", url: path = "", headers }: IncomingMessage, body: Buffer): Passing {
    const endpoint = new URL(path, "http://proxy").pathname.split("/").at(-1) ?? "";
    const fields = fieldsOf(headers, body);
    const origin = endpoint === "retrieve_future" ? this.#origins.get(String(fields["request_id"])) : undefined;
    const sequenceId = typeof fields["seq_id"] === "number" ? fields["seq_id"] : null;
    const of = ORDERED.map((field) => fields[field]).find((value) => typeof value === "string") ?? null;
    const name = origin ? `poll ${origin.name}` : endpoint;
    // A sample whose result has expired is asked for again under another number.
    const isOrdered = sequenceId !== null && endpoint !== "asample";
    const place = isOrdered ? `${this.#orderOf(of ?? "")} ${sequenceId}` : hashOf(fields);
    const key = origin ? `poll ${origin.key}` : `${method} ${endpoint} ${place}`;
    const attempt = this.#attempts.get(key) ?? 0;
    this.#attempts.set(key, attempt + 1);
    return { method, path, name, headers, body, sequenceId, of, key, attempt };
  }

  /** Notes the request id that the call was answered with, if it was. */
  answered({ name, key }: Passing, body: Buffer): void {
    if (body.length > 4096 || body[0] !== 0x7b) return;
    const { request_id: id } = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    if (typeof id === "string" && !name.startsWith("poll")) this.#origins.set(id, { name, key });
  }

  #orderOf(id: string): number {
    const order = this.#orders.get(id) ?? this.#orders.size;
    this.#orders.set(id, order);
    return order;
  }
}

const ORDERED = ["model_id", "sampling_session_id"] as const;
/** What a server names as it likes. */
const CHOSEN = /^(model_id|session_id|sampling_session_id|seq_id|request_id|path|model_path)$/;

function hashOf(fields: Readonly<Record<string, unknown>>): string {
  const own = Object.entries(fields).filter(([name]) => !CHOSEN.test(name));
  return createHash("sha256").update(JSON.stringify(own)).digest("hex").slice(0, 12);
}

function fieldsOf(headers: IncomingHttpHeaders, body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  const type = headers["content-type"] ?? "";
  if (!type.includes("protobuf")) return JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  const { modelId, sequenceId } = decodeForwardBackward(body, type);
  return { model_id: modelId, seq_id: sequenceId };
}
