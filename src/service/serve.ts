// The service's socket. It speaks HTTP alone; for other machines put it behind something that speaks TLS.

import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { UsageError } from "../core/errors.js";
import { isLoopback, listenAt, urlOf } from "../core/listening.js";
import { openService, type ServiceOptions } from "./service.js";

export interface ServeOptions extends ServiceOptions {
  /** Default 127.0.0.1. What other machines can reach needs a token. */
  readonly host?: string | undefined;
  /** 0: any that is free. Default 8000. */
  readonly port?: number | undefined;
  /** How long what runs may take once the service is to stop. Default 60 s. */
  readonly graceMs?: number | undefined;
}

export interface RunningService {
  readonly url: string;
  /** Takes nothing more, finishes what runs, and ends. */
  close(): Promise<void>;
}

const SHORTEST_TOKEN = 16;
const GRACE_MS = 60_000;
/** For the answers of what was called off. */
const LAST_WORDS_MS = 2000;

/** @throws UsageError for a port that is taken, or a host without a token */
export async function serveService(options: ServeOptions): Promise<RunningService> {
  const { host: hostname = "127.0.0.1", port = 8000, token = null, graceMs = GRACE_MS } = options;
  if (token === null && !isLoopback(hostname)) {
    throw new UsageError(`${hostname}: other machines can reach it, so it needs a token: set CODERLPLUS_SERVICE_TOKEN`);
  }
  if (token !== null && token.length < SHORTEST_TOKEN) {
    throw new UsageError(`the token has ${token.length} characters; expected at least ${SHORTEST_TOKEN}`);
  }
  const service = await openService(options);
  const server = createAdaptorServer({ fetch: service.app.fetch, hostname, overrideGlobalObjects: false }) as Server;
  // Longer than clients keep a connection that they do not use, so that none is closed under their next request.
  server.keepAliveTimeout = 90_000;
  server.headersTimeout = 95_000;
  try {
    await listenAt(server, port, hostname);
  } catch (error) {
    await service.close();
    throw error;
  }
  return {
    url: urlOf(server),
    close: async () => {
      await within(graceMs, service.drain());
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const ended = service.close();
      // Who sends its request without end, or does not read its answer, is not waited for.
      await within(LAST_WORDS_MS, ended);
      server.closeIdleConnections();
      setImmediate(() => server.closeAllConnections());
      await ended;
      await closed;
    },
  };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
