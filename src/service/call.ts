// One request from its body to its answer, whichever endpoint: read, held to its schema, given its deadline, called off
// when its client has gone, and answered once where it comes twice under one key.

import { isUtf8 } from "node:buffer";
import { setMaxListeners } from "node:events";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import { CancelledError, OverloadError } from "../core/errors.js";
import { sha256 } from "../core/files.js";
import { readIncoming } from "../core/incoming.js";
import { stringifyJson } from "../core/json.js";
import { RequestError } from "../core/request-error.js";
import type { Endpoint } from "./api/endpoints.js";
import { read, UnfitBody } from "./reading.js";
import { Shared } from "./shared.js";

export type Env = { Bindings: HttpBindings };

/** Who asks, and how long they do. */
export interface Call {
  readonly client: string;
  readonly signal: AbortSignal;
  /** Under which a request may come again. */
  readonly key: string | undefined;
}

export interface CallOptions {
  readonly bodyBytes: number;
  /** Of all bodies together, from their heads to their answers. */
  readonly bodiesBytes: number;
  /** Where a request names no time of its own. */
  readonly deadlineMs: number;
  /** Told of a body as it came, where somebody wants to know. */
  readonly onBody?: ((path: string, body: string) => void) | undefined;
}

interface Reply {
  /** Of the request that it answers. */
  readonly digest: string;
  readonly text: string;
}

const ANSWERS_KEPT = { keepMs: 600_000, mostEntries: 10_000, mostBytes: 64 * 2 ** 20 };
const LONGEST_DEADLINE_MS = 24 * 3_600_000;
const LONGEST_NAME = 200;
const RETRY_WHEN_STOPPED_SECONDS = 5;

export class Calls {
  readonly #options: CallOptions;
  readonly #answers = new Shared<Reply>({
    ...ANSWERS_KEPT,
    keeps: () => true,
    bytesOf: ({ text }) => text.length,
  });
  readonly #open = new Set<AbortController>();
  /** Announced by the bodies under way. */
  #bytes = 0;
  #draining = false;
  #whenEmpty: () => void = () => {};

  constructor(options: CallOptions) {
    this.#options = options;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Takes nothing new. @returns once what was taken is answered */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** Ends what is still under way. */
  callOff(): void {
    for (const controller of this.#open) controller.abort(stopped());
  }

  post<Schema extends z.ZodType>(
    app: Hono<Env>,
    endpoint: Endpoint<Schema>,
    work: (request: z.output<Schema>, call: Call) => Promise<unknown>,
  ): void {
    app.post(endpoint.path, (c) => this.#answer(c, endpoint, work));
  }

  async #answer<Schema extends z.ZodType>(
    c: Context<Env>,
    endpoint: Endpoint<Schema>,
    work: (request: z.output<Schema>, call: Call) => Promise<unknown>,
  ): Promise<Response> {
    if (this.#draining) throw stopped();
    const signal = this.#begin(c);
    try {
      const body = await this.#body(c);
      this.#options.onBody?.(endpoint.path, body);
      const request = read(endpoint, body);
      const key = keyOf(c);
      const client = clientOf(c);
      const reply = async (signal: AbortSignal): Promise<string> => {
        const answer = await work(request, { client, signal, key });
        return endpoint.tagged ? stringifyJson(answer) : JSON.stringify(answer);
      };
      const text = await (key === undefined
        ? reply(signal)
        : this.#once(`${client}\n${endpoint.path}\n${key}`, body, signal, reply));
      return send(c, text);
    } catch (error) {
      if (error instanceof UnfitBody) return c.json({ detail: error.detail }, 422);
      throw error instanceof CancelledError && signal.reason instanceof Error ? signal.reason : error;
    }
  }

  /** The deadline begins, and the client is watched. */
  #begin(c: Context<Env>): AbortSignal {
    const controller = new AbortController();
    // One for each program of a long request: no leak.
    setMaxListeners(0, controller.signal);
    const deadlineMs = deadlineOf(c) ?? this.#options.deadlineMs;
    const late = (): RequestError => new RequestError(504, `not done within ${deadlineMs} ms`);
    const timer = setTimeout(() => controller.abort(late()), deadlineMs);
    controller.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    const { outgoing } = c.env;
    this.#open.add(controller);
    // Not before the last byte is on its way: whoever stops the service closes connections then.
    const end = (): void => {
      clearTimeout(timer);
      if (!outgoing.writableFinished) controller.abort(new CancelledError("the client has gone"));
      this.#open.delete(controller);
      if (this.#open.size === 0) this.#whenEmpty();
    };
    if (outgoing.closed) end();
    else outgoing.once("close", end);
    return controller.signal;
  }

  async #body(c: Context<Env>): Promise<string> {
    const type = c.req.header("content-type") ?? "";
    // A page of another site can send anything but this without asking first.
    if (!/^application\/json(?:\s*;|$)/i.test(type)) {
      throw new RequestError(415, `content-type "${type.slice(0, 80)}": expected application/json`);
    }
    const { bodyBytes, bodiesBytes } = this.#options;
    // Without a length it may become as long as may be.
    const bytes = Math.min(bodyBytes, Number(c.req.header("content-length") ?? bodyBytes));
    if (this.#bytes + bytes > bodiesBytes) throw new OverloadError("as many bytes of requests are under way as may");
    const { incoming, outgoing } = c.env;
    if (outgoing.closed) throw new CancelledError("the client has gone");
    this.#bytes += bytes;
    outgoing.once("close", () => {
      this.#bytes -= bytes;
    });
    const body = await readIncoming(incoming, bodyBytes);
    // What cannot be read would be judged as if it had been meant.
    if (!isUtf8(body)) throw new RequestError(400, "the body is not UTF-8");
    return body.toString("utf8");
  }

  async #once(
    key: string,
    body: string,
    signal: AbortSignal,
    reply: (signal: AbortSignal) => Promise<string>,
  ): Promise<string> {
    const digest = sha256(body);
    const kept = await this.#answers.run(key, signal, async (shared) => ({ digest, text: await reply(shared) }));
    if (kept.digest === digest) return kept.text;
    throw new RequestError(422, "Idempotency-Key: it came with another request before; take a new one");
  }
}

/** By the socket itself: a response object around it would cost as much as the rest of a small request. */
function send({ env: { outgoing } }: Context<Env>, text: string): Response {
  const body = Buffer.from(text);
  outgoing.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  outgoing.end(body);
  return RESPONSE_ALREADY_SENT;
}

function stopped(): RequestError {
  return new RequestError(503, "the service is stopping", RETRY_WHEN_STOPPED_SECONDS);
}

function deadlineOf(c: Context<Env>): number | null {
  const text = c.req.header("x-deadline-ms");
  if (text === undefined) return null;
  const ms = Number(text);
  if (/^\d{1,9}$/.test(text) && ms >= 1 && ms <= LONGEST_DEADLINE_MS) return ms;
  throw new RequestError(
    400,
    `X-Deadline-Ms: expected milliseconds up to ${LONGEST_DEADLINE_MS}; found ${JSON.stringify(text.slice(0, 40))}`,
  );
}

function keyOf(c: Context<Env>): string | undefined {
  const key = c.req.header("idempotency-key");
  if (key === undefined || (key !== "" && key.length <= LONGEST_NAME)) return key;
  throw new RequestError(400, `Idempotency-Key: expected up to ${LONGEST_NAME} characters; found ${key.length}`);
}

/** By its own name, else by what it shows, else by where it is. */
function clientOf(c: Context<Env>): string {
  const name = c.req.header("x-client-id");
  if (name) return `id ${name.slice(0, LONGEST_NAME)}`;
  const authorization = c.req.header("authorization");
  return authorization ? `token ${sha256(authorization)}` : `address ${c.env.incoming.socket.remoteAddress ?? ""}`;
}
