// The server: a socket in front of the dashboard. It speaks HTTP alone; for other machines put it behind something that
// speaks TLS.

import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { UsageError } from "../core/errors.js";
import { isLoopback, listenAt } from "../core/listening.js";
import { createDashboard } from "./app.js";

const DEFAULT_PORT = 8080;
/** Tried one after the other where no port was asked for. */
const PORTS_TRIED = 20;
const SHORTEST_TOKEN = 16;

export interface ServeOptions {
  /** Of runs, or a run itself. */
  readonly folder: string;
  /** Default 127.0.0.1. What other machines can reach needs a token. */
  readonly host?: string | undefined;
  /** 0: any that is free. Left out: 8080, or the next that is free. */
  readonly port?: number | undefined;
  /** Made where one is needed and none is given. */
  readonly token?: string | null | undefined;
  /** Between two looks at the folder while somebody listens. Default 1 s. */
  readonly pollMs?: number | undefined;
  /** Told of what is our own fault; default: the whole of it on standard error. */
  readonly report?: ((error: unknown) => void) | undefined;
}

export interface DashboardServer {
  /** To be opened, with its token where there is one. */
  readonly url: string;
  readonly token: string | null;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** @throws UsageError for a port that is taken, a host that is none of this machine's, or a token that can be guessed */
export async function serveDashboard(options: ServeOptions): Promise<DashboardServer> {
  const { folder, host: hostname = "127.0.0.1", pollMs, report = tellAll } = options;
  const token = options.token ?? (isLoopback(hostname) ? null : randomBytes(24).toString("base64url"));
  if (token !== null && token.length < SHORTEST_TOKEN) {
    throw new UsageError(`the token has ${token.length} characters; expected at least ${SHORTEST_TOKEN}`);
  }
  const dashboard = createDashboard({ folder, hostname, token, pollMs, report });
  const server = createAdaptorServer({ fetch: dashboard.app.fetch, overrideGlobalObjects: false }) as Server;
  await listening(server, options.port, hostname);
  const { port: bound, family, address } = server.address() as AddressInfo;
  const name = isLoopback(hostname) && hostname !== "::1" ? hostname : family === "IPv6" ? `[${address}]` : address;
  return {
    url: `http://${name}:${bound}/${token === null ? "" : `?token=${encodeURIComponent(token)}`}`,
    token,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await dashboard.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listening(server: Server, port: number | undefined, hostname: string): Promise<void> {
  if (port !== undefined) return listenAt(server, port, hostname);
  for (let candidate = DEFAULT_PORT; ; candidate++) {
    try {
      return await listenAt(server, candidate, hostname);
    } catch (error) {
      const isTaken = ((error as Error).cause as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!isTaken || candidate === DEFAULT_PORT + PORTS_TRIED - 1) throw error;
    }
  }
}

/** What it says may hold what a model wrote: the terminal must not obey it. */
function tellAll(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`coderlplus: ${text.replaceAll(/[^\P{Cc}\n\t]/gu, "\uFFFD")}\n`);
}
