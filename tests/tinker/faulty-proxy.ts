// A proxy between our client and a server of the Tinker protocol, on loopback, that lets faults happen as a plan says:
// answers that are not the server's, connections that break, requests that come twice or late. It keeps what passed, so
// that a test can say what the server was asked for. Which faults happen when is not decided here (fault-plans.ts).

import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Identifier, type Passing } from "./passing.js";

/** What happens to one request. */
export type Fault =
  /** An answer in the server's place; with `reaches` the server got the request first, and did it. */
  | (Partial<Answer> & { readonly kind: "answer"; readonly status: number; readonly reaches?: boolean })
  /** The server's answer, changed. */
  | { readonly kind: "altered"; readonly alter: (answer: ServerAnswer) => Partial<Answer> }
  /** The connection breaks: before the server got the request, after it, or in the middle of its answer. */
  | { readonly kind: "drop"; readonly when: "before" | "after" | "midway" }
  /** The server gets the request a second time, at once, and its second answer is the one that is given. */
  | { readonly kind: "twice" }
  /** The request, or its answer, waits: what is sent later comes first. */
  | { readonly kind: "late"; readonly what: "request" | "answer"; readonly ms: number };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes that do not end are for those who do not stop reading. */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>;
}

interface ServerAnswer extends Answer {
  readonly body: Buffer;
}

/** What happens to a request; null lets it pass. */
export type Plan = (passing: Passing) => Fault | null | Promise<Fault | null>;

/** A request that the server has answered, whether or not the client saw the answer. */
export interface Passed extends Passing {
  readonly status: number;
}

export interface FaultyProxy {
  readonly url: string;
  /** In the order of the server's answers. */
  readonly passed: readonly Passed[];
  /** Faults that happened, by what they were: `500 after`, `drop midway`. */
  readonly happened: ReadonlyMap<string, number>;
  /** From now on. */
  plan: Plan;
  close(): Promise<void>;
}

/** @param upstream  the server's base URL; it may go away and come back */
export async function openFaultyProxy(upstream: string, plan: Plan = () => null): Promise<FaultyProxy> {
  const passed: Passed[] = [];
  const happened = new Map<string, number>();
  const identifier = new Identifier();
  const sockets = new Set<Socket>();

  const forward = async (passing: Passing): Promise<ServerAnswer> => {
    const answer = await send(upstream, passing);
    passed.push({ ...passing, status: answer.status });
    identifier.answered(passing, answer.body);
    return answer;
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const passing = identifier.passing(incoming, await bodyOf(incoming));
    const fault = await proxy.plan(passing);
    if (fault) happened.set(nameOf(fault), (happened.get(nameOf(fault)) ?? 0) + 1);
    await meet(fault, passing, forward, response);
  };

  const server = createServer((incoming, response) => {
    // A client that hangs up, or a server that is gone, breaks the connection: that is what a proxy sees, too.
    handle(incoming, response).catch(() => response.destroy());
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    happened,
    plan,
    close: () => closed(server, sockets),
  };
  return proxy;
}

async function meet(
  fault: Fault | null,
  passing: Passing,
  forward: (passing: Passing) => Promise<ServerAnswer>,
  response: ServerResponse,
): Promise<void> {
  switch (fault?.kind) {
    case undefined:
      return give(response, await forward(passing));
    case "answer":
      if (fault.reaches) await forward(passing);
      return give(response, { headers: {}, body: "", ...fault });
    case "altered": {
      const answer = await forward(passing);
      return give(response, { ...answer, ...fault.alter(answer) });
    }
    case "drop": {
      if (fault.when === "before") return void response.destroy();
      const { status, headers, body } = await forward(passing);
      if (fault.when === "after") return void response.destroy();
      response.writeHead(status, { ...headers, "content-length": body.length });
      return void response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
    }
    case "twice": {
      const [, second] = await Promise.all([forward(passing), forward(passing)]);
      return give(response, second);
    }
    case "late": {
      if (fault.what === "request") await sleep(fault.ms);
      const answer = await forward(passing);
      if (fault.what === "answer") await sleep(fault.ms);
      return give(response, answer);
    }
    default:
      fault satisfies never;
  }
}

async function give(response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (typeof body === "string" || body instanceof Uint8Array) {
    response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
    return void response.end(body);
  }
  response.writeHead(status, headers);
  for await (const part of body) {
    if (response.destroyed) return;
    if (response.write(part)) continue;
    await drained(response);
  }
  response.end();
}

/** Headers that belong to one connection, and lengths that may no longer be right. */
const HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "host", "expect"]);

function send(upstream: string, { method, path, headers, body }: Passing): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(upstream.replace(/\/$/, "") + path),
      { method, headers: { ...passedOn(headers), "content-length": body.length } },
      (incoming) => {
        bodyOf(incoming).then(
          (bytes) => resolve({ status: incoming.statusCode ?? 0, headers: passedOn(incoming.headers), body: bytes }),
          reject,
        );
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

const passedOn = <T>(headers: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case "answer":
      return `${fault.status}${fault.reaches ? " after" : ""}`;
    case "altered":
      return "altered";
    case "drop":
      return `drop ${fault.when}`;
    case "twice":
      return "twice";
    case "late":
      return `late ${fault.what}`;
    default:
      return fault satisfies never;
  }
}

async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const gone = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await gone;
}

/** Or closed; leaves no listener behind, of which an endless answer would make many. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
