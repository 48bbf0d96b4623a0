// One HTTP request and its whole answer, bounded in time and size. No retries and no meaning: who asks knows what a
// status is worth. Not by `fetch`, which gives up on answers that take five minutes and costs several times the work.

import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestPlainly,
} from "node:http";
import { request as requestSecurely } from "node:https";
import { messageOf } from "./errors.js";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** From the start of the request to the last byte of its answer. */
  readonly timeoutMs: number;
  /** An answer that is longer is given up: a server that sends without end would fill the memory. */
  readonly limitBytes: number;
  /** Undefined: connections are kept as Node does; false: a new one for this request. */
  readonly agent?: Agent | false | undefined;
  /** Listened to; who shares one among many requests raises its limit of listeners. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** No whole answer within its time; the request may have taken effect. */
export class HttpTimeout extends Error {
  override readonly name = "HttpTimeout";
}

/** A connection that was kept from an earlier request turned out to be closed: another one may do. */
export class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

/** @throws HttpTimeout, StaleConnection, the signal's reason once it is aborted, else what broke the connection */
export function exchange(request: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const opened = open(request, (response) => {
      readBody(response, request.limitBytes).then(
        (body) => finish(() => resolve({ status: response.statusCode ?? 0, headers: response.headers, body })),
        (error: Error) => finish(() => reject(error)),
      );
    });
    const finish = (settle: () => void): void => {
      clearTimeout(deadline);
      request.signal?.removeEventListener("abort", abort);
      settle();
    };
    const giveUp = (error: Error): void => {
      finish(() => reject(error));
      opened.destroy();
    };
    const deadline = setTimeout(
      () => giveUp(new HttpTimeout(`no whole answer within ${request.timeoutMs / 1000} s`)),
      request.timeoutMs,
    );
    const abort = (): void => giveUp(request.signal?.reason as Error);
    opened.on("error", (error: NodeJS.ErrnoException) => {
      const stale = opened.reusedSocket && error.code === "ECONNRESET";
      giveUp(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    if (request.signal?.aborted) return abort();
    request.signal?.addEventListener("abort", abort, { once: true });
    opened.end(request.body);
  });
}

function open(request: HttpRequest, onAnswer: (response: IncomingMessage) => void): ClientRequest {
  const { method, url, headers, body, agent } = request;
  const target = new URL(url);
  const send = target.protocol === "https:" ? requestSecurely : requestPlainly;
  const length = body !== undefined && { "content-length": Buffer.byteLength(body) };
  return send(target, { method, headers: { ...headers, ...length }, agent }, onAnswer);
}

/** @throws where the connection breaks before the end, or the end does not come */
function readBody(response: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    // Not `for await`, which costs as much again as the rest of a small request.
    response.on("data", (piece: Buffer) => {
      bytes += piece.length;
      pieces.push(piece);
      if (bytes > limitBytes) response.destroy(new Error(`an answer of more than ${limitBytes >> 20} MiB`));
    });
    response.on("end", () => resolve(Buffer.concat(pieces)));
    response.on("error", reject);
  });
}

/** Retry-After is in seconds, or a date; 0 where nothing is asked. */
export function pauseAskedMs(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+(\.\d+)?$/.test(header.trim()) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** What a server says, on one line and without what a terminal would obey. It may repeat a key that it was sent. */
export function shownText(text: string, ...keys: readonly (string | null)[]): string {
  let plain = text;
  for (const key of keys) if (key) plain = plain.replaceAll(key, "(the key)");
  return plain.replaceAll(/[\s\p{Cc}]+/gu, " ");
}

/** Why a connection failed. An error of several attempted addresses has no message of its own. */
export function connectionReason(error: unknown): string {
  return messageOf(error) || (error as NodeJS.ErrnoException).code || "no connection";
}
