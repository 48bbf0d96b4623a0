// The server: a socket in front of the endpoints. It speaks HTTP alone; for other machines put it behind something that
// speaks TLS.

import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { UsageError } from "../../../core/errors.js";
import { listenAt, urlOf } from "../../../core/listening.js";
import { isLoopback } from "./access.js";
import { type AnsweredRequest, makeApp } from "./app.js";
import { Host, type HostOptions } from "./host.js";

export interface ServeOptions extends HostOptions {
  /** Default 127.0.0.1. Anything that other machines can reach needs a key. */
  readonly host?: string;
  /** 0: any that is free. Default 8090. */
  readonly port?: number;
  /** What clients send as X-API-Key; null, the default, for this machine alone. */
  readonly apiKey?: string | null;
  /** Said in client/config. */
  readonly version?: string;
  /** Told of each request when it is answered. */
  readonly onRequest?: (request: AnsweredRequest) => void;
  /** How long a poll for a result is held. Default 20 s. */
  readonly pollMs?: number;
}

export interface EngineServer {
  /** What clients take as their base URL. */
  readonly url: string;
  /** What clients call the model. */
  readonly modelName: string;
  /** Takes nothing more, finishes what runs, and ends. */
  close(): Promise<void>;
}

/** @throws UsageError for a port that is taken, or a host without a key; EngineError for a folder that is no model */
export async function serveEngine(options: ServeOptions): Promise<EngineServer> {
  const { host: hostname = "127.0.0.1", port = 8090, apiKey = null } = options;
  if (apiKey === null && !isLoopback(hostname)) {
    throw new UsageError(
      `${hostname}: other machines can reach it, so it needs a key: set CODERLPLUS_ENGINE_KEY, which clients give as TINKER_API_KEY`,
    );
  }
  const host = new Host(options);
  const app = makeApp({
    host,
    apiKey,
    version: options.version ?? "0.0.0",
    pollMs: options.pollMs ?? 20_000,
    onRequest: options.onRequest,
    tokenizerId: isLoopback(hostname) ? host.modelFolder : host.modelName,
  });
  const server = createAdaptorServer({ fetch: app.fetch, hostname, overrideGlobalObjects: false }) as Server;
  // Longer than clients keep a connection that they do not use, so that none is closed under their next request.
  server.keepAliveTimeout = 90_000;
  server.headersTimeout = 95_000;
  try {
    await listenAt(server, port, hostname);
  } catch (error) {
    await host.close();
    throw error;
  }
  return {
    url: urlOf(server),
    modelName: host.modelName,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await host.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
