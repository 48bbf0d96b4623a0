// A small OpenAI-compatible server for tests: real HTTP, answers by a function of the request, faults as they are ordered.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

interface Received {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: {
    readonly model?: string;
    readonly messages?: ReadonlyArray<{ readonly role: string; readonly content: string }>;
    readonly prompt?: string;
    readonly n?: number;
    readonly seed?: number;
    readonly max_tokens?: number;
    readonly [key: string]: unknown;
  };
}

/** What comes instead of an answer. */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: "cut" }
  /** As it stands, with status 200. */
  | { readonly kind: "body"; readonly body: string }
  /** White space without end, with status 200. */
  | { readonly kind: "endless" }
  /** No answer at all. */
  | { readonly kind: "silence" };

export interface TestEndpoint {
  readonly url: string;
  readonly received: Received[];
  /** At most so many were under way at once. */
  readonly most: () => number;
  close(): Promise<void>;
}

export interface TestAnswers {
  /** The text of one choice. */
  text(received: Received, choice: number): string;
  /** Of the n-th request, from 0; undefined where it is answered. */
  fault?(n: number, received: Received): Fault | undefined;
  readonly models?: readonly string[];
  /** False: a server that gives one choice whatever n is. */
  readonly knowsN?: boolean;
  readonly promptTokens?: number | null;
  /** Before an answer. */
  readonly delayMs?: number;
}

export async function openTestEndpoint(answers: TestAnswers): Promise<TestEndpoint> {
  const received: Received[] = [];
  let under = 0;
  let most = 0;
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    if (request.url === "/v1/models") {
      send(response, 200, JSON.stringify({ data: (answers.models ?? []).map((id) => ({ id })) }));
      return;
    }
    const one: Received = {
      path: request.url ?? "",
      authorization: request.headers.authorization,
      body: JSON.parse(Buffer.concat(pieces).toString("utf8")) as Received["body"],
    };
    const n = received.push(one) - 1;
    most = Math.max(most, ++under);
    response.on("close", () => under--);
    const fault = answers.fault?.(n, one);
    if (answers.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, answers.delayMs));
    if (fault) fail(response, fault);
    else send(response, 200, answerTo(one, answers));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    received,
    most: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerTo(received: Received, answers: TestAnswers): string {
  const { knowsN = true, promptTokens = 7 } = answers;
  const { n = 1, messages, max_tokens: most = 1 } = received.body;
  const choices = Array.from({ length: knowsN ? n : 1 }, (_, index) => {
    const content = answers.text(received, index);
    const finish_reason = most === 1 ? "length" : "stop";
    return messages
      ? { index, message: { role: "assistant", content }, finish_reason }
      : { index, text: content, finish_reason };
  });
  const usage =
    promptTokens === null ? undefined : { prompt_tokens: promptTokens, completion_tokens: 5 * choices.length };
  // Some servers give them in another order.
  return JSON.stringify({ choices: choices.toReversed(), usage });
}

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}

function fail(response: ServerResponse, fault: Fault): void {
  switch (fault.kind) {
    case "status":
      return send(response, fault.status, fault.body, fault.headers);
    case "body":
      return send(response, 200, fault.body);
    case "cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"choices": [{"te');
      setImmediate(() => response.destroy());
      return undefined;
    case "endless":
      response.writeHead(200, { "content-type": "application/json" });
      Readable.from(endless()).pipe(response);
      return undefined;
    case "silence":
      return undefined;
    default:
      return fault satisfies never;
  }
}

function* endless(): Generator<Buffer> {
  for (const piece = Buffer.alloc(1 << 20, " "); ; ) yield piece;
}
