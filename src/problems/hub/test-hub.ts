// A hub on this machine for tests: lists files, sends them by way of a second server as the public hub does, and fails
// in the ways that networks and servers do, when told to.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Shelf } from "./catalogue.js";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** What a server does wrong with the next request for a file; each is used up by one request. */
type Fault =
  | { readonly kind: "cut"; readonly afterBytes: number }
  | { readonly kind: "hang"; readonly afterBytes: number }
  | { readonly kind: "ignore-range" }
  | { readonly kind: "corrupt" }
  | { readonly kind: "too-long" }
  | { readonly kind: "status"; readonly status: number };

export interface TestHub {
  readonly url: string;
  /** Of every request: what was asked of which server, and with which headers. */
  readonly requests: Array<{
    readonly server: "hub" | "store";
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
  }>;
  readonly faults: Map<string, Fault[]>;
  close(): Promise<void>;
}

interface Options {
  /** The one that it has; default `owner/name`. */
  readonly repository?: string;
  /** What it is; default a data set. */
  readonly among?: Shelf;
  /** Whether it wants the token "hf_right". */
  readonly gated?: boolean;
  /** What it says that every file's size is. */
  readonly listedBytes?: number;
}

/** @param files  small ones are listed as git's own, those of 1 KiB and more as large ones */
export async function openTestHub(files: Readonly<Record<string, Buffer>>, options: Options = {}): Promise<TestHub> {
  const requests: TestHub["requests"] = [];
  const faults: TestHub["faults"] = new Map();
  const store = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    requests.push({ server: "store", path, headers: request.headers });
    send(files[path], request, response, faults.get(path)?.shift());
  });
  const storeUrl = await listen(store);
  const hub = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://hub");
    requests.push({ server: "hub", path: url.pathname, headers: request.headers });
    answer(url, request, response, { files, ...options, storeUrl, fault: faults.get(url.pathname)?.shift() });
  });
  const url = await listen(hub);
  const close = async (): Promise<void> => {
    for (const server of [hub, store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };
  return { url, requests, faults, close };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface State extends Options {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly storeUrl: string;
  readonly fault: Fault | undefined;
}

const PAGE = 2;

function answer(url: URL, request: IncomingMessage, response: ServerResponse, state: State): void {
  const { pathname, searchParams } = url;
  const refuse = (status: number, message: string): void => {
    response.writeHead(status, { "x-error-message": message }).end();
  };
  if (state.fault?.kind === "status") return refuse(state.fault.status, "out of order");
  const { repository = "owner/name", among = "datasets" } = state;
  if (!pathname.includes(repository)) return refuse(404, "Repository not found");
  if (state.gated && request.headers.authorization !== "Bearer hf_right") return refuse(401, "Access is restricted");
  if (pathname === `/api/${among}/${repository}/revision/main`) {
    response.end(JSON.stringify({ id: repository, sha: COMMIT }));
  } else if (pathname === `/api/${among}/${repository}/tree/${COMMIT}`) {
    const start = Number(searchParams.get("cursor") ?? 0);
    const names = Object.keys(state.files);
    // As a mirror does that hands on its original's links.
    const next = `https://hub.example${pathname}?recursive=true&cursor=${start + PAGE}`;
    if (start + PAGE < names.length) response.setHeader("link", `<${next}>; rel="next"`);
    response.end(JSON.stringify(names.slice(start, start + PAGE).map((name) => entry(name, state))));
  } else if (pathname.startsWith(`${among === "models" ? "" : "/datasets"}/${repository}/resolve/${COMMIT}/`)) {
    const name = pathname.slice(pathname.indexOf(COMMIT) + COMMIT.length + 1);
    response.writeHead(302, { location: `${state.storeUrl}/${name}` }).end();
  } else refuse(404, "Not found");
}

function entry(path: string, { files, listedBytes }: State): object {
  const content = files[path];
  const oid = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  const size = listedBytes ?? content.length;
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { type: "file", path, size, oid, ...(size < 1024 ? {} : { lfs: { oid: sha256, size, pointerSize: 134 } }) };
}

function send(
  content: Buffer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): void {
  if (content === undefined) return void response.writeHead(404).end();
  if (fault?.kind === "status") return void response.writeHead(fault.status).end();
  const etag = `"${createHash("md5").update(content).digest("hex")}"`;
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  const same = (request.headers["if-range"] ?? etag) === etag;
  const start = asked !== undefined && same && fault?.kind !== "ignore-range" ? Number(asked) : 0;
  if (start > 0) response.setHeader("content-range", `bytes ${start}-${content.length - 1}/${content.length}`);
  response.writeHead(start > 0 ? 206 : 200, { etag });
  const body = Buffer.from(content.subarray(start));
  if (fault?.kind === "corrupt") body[0] ^= 1;
  if (fault?.kind === "too-long") return void response.end(Buffer.concat([body, body]));
  if (fault?.kind === "cut" || fault?.kind === "hang") {
    response.write(body.subarray(0, fault.afterBytes), () => {
      // Time for what was sent to arrive: a reset connection takes it along.
      if (fault.kind === "cut") setTimeout(() => response.destroy(), 20);
    });
  } else response.end(body);
}
