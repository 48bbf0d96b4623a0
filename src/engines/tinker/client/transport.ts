// One request of the protocol and its answer: paths, headers, the key or what it was exchanged for, connections that are
// kept. What a status means and whether to ask again is its callers'.

import { randomUUID } from "node:crypto";
import { Agent as PlainAgent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import {
  connectionReason,
  exchange,
  type HttpAnswer,
  type HttpRequest,
  HttpTimeout,
  StaleConnection,
} from "../../../core/http.js";
import { contentTypes, type Encoded } from "../protocol/wire.js";
import type { Clock } from "./clock.js";
import type { ServerWords } from "./errors.js";
import { wordsOf } from "./words.js";

export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/api/v1/`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is, in the body's place. */
  readonly encoded?: Encoded;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 60 seconds, in the client's time. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer of any status. */
export interface Reply extends ServerWords {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly contentType: string;
  readonly body: Buffer;
}

/** No answer: refused, broken, or not in time. */
export interface NoReply extends ServerWords {
  readonly status: null;
  /** The connection stood, and nothing came: as while a server works on a long request. */
  readonly timedOut: boolean;
  /** A connection kept from before was closed: another one may do. */
  readonly isStale: boolean;
}

/** Who a request says it is from; null sends no key. */
export interface Credentials {
  current(): Promise<string | null>;
  /** Another token than the one a server has just rejected, or null where there is none. */
  replace(rejected: string): Promise<string | null>;
  /** Everything that must not be shown. */
  secrets(): readonly string[];
}

const TIMEOUT_MS = 60_000;
/** A chunk's outputs in JSON come near it; longer texts than this Node cannot hold anyway. */
const LONGEST_ANSWER_BYTES = 512 << 20;

export class Transport {
  readonly #agent: PlainAgent;
  #heardMs = -Infinity;
  /** Told of every answer that shows the server at work. */
  onHeard: () => void = () => {};

  constructor(
    /** Without a slash at its end. */
    readonly url: string,
    readonly clock: Clock,
    readonly credentials: Credentials,
  ) {
    // As many connections as there are requests: what waits for a result holds one.
    const options = { keepAlive: true, maxFreeSockets: 512 };
    this.#agent = url.startsWith("https:") ? new SecureAgent(options) : new PlainAgent(options);
  }

  /** Since the server's last answer that was no failure of its own. */
  silentMs(): number {
    return this.clock.nowMs() - this.#heardMs;
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * Sends a call as often as its caller asks, under one idempotency key, so that a server counts it once.
   *
   * @returns a function that makes one attempt; it throws the signal's reason, and errors of the exchange for a token
   */
  prepare(call: Call): (options?: { readonly freshConnection?: boolean }) => Promise<Reply | NoReply> {
    const idempotency = call.method !== "GET" && { "X-Idempotency-Key": `stainless-python-retry-${randomUUID()}` };
    const content = encodedBody(call);
    const headers = {
      accept: "application/json",
      "user-agent": "coderlplus",
      ...(content && { "content-type": content.contentType }),
      ...idempotency,
      ...call.headers,
    };
    return async ({ freshConnection = false } = {}) => {
      const request = {
        method: call.method,
        url: `${this.url}/api/v1/${call.path}`,
        body: content?.body,
        timeoutMs: this.clock.limitMs(call.timeoutMs ?? TIMEOUT_MS),
        limitBytes: LONGEST_ANSWER_BYTES,
        agent: freshConnection ? (false as const) : this.#agent,
        signal: call.signal,
      };
      const token = await this.credentials.current();
      const reply = await this.#attempt(request, headers, token);
      if (reply.status !== 401 || token === null) return reply;
      const other = await this.credentials.replace(token);
      return other === null ? reply : this.#attempt(request, headers, other);
    };
  }

  async #attempt(
    request: Omit<HttpRequest, "headers">,
    headers: Readonly<Record<string, string>>,
    token: string | null,
  ): Promise<Reply | NoReply> {
    const whole = { ...request, headers: { ...headers, ...(token !== null && { "X-API-Key": token }) } };
    try {
      const reply = this.#replyOf(await exchange(whole));
      if (reply.status < 500) {
        this.#heardMs = this.clock.nowMs();
        this.onHeard();
      }
      return reply;
    } catch (error) {
      request.signal?.throwIfAborted();
      const timedOut = error instanceof HttpTimeout;
      const isStale = error instanceof StaleConnection;
      return { status: null, says: connectionReason(error), requestId: null, timedOut, isStale };
    }
  }

  #replyOf({ status, headers, body }: HttpAnswer): Reply {
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const contentType = header("content-type") ?? "application/json";
    const words = status < 300 ? "" : wordsOf(body, this.credentials.secrets());
    return { status, header, contentType, body, says: words, requestId: header("x-request-id")?.slice(0, 100) ?? null };
  }
}

function encodedBody({ body, encoded }: Call): Encoded | null {
  if (encoded !== undefined) return encoded;
  return body === undefined ? null : { body: Buffer.from(JSON.stringify(body)), contentType: contentTypes.json };
}
