// All endpoints of the protocol behind one door: who may come in, and what a refusal looks like.

import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import { messageOf, UsageError } from "../../../core/errors.js";
import { RequestError } from "../../../core/request-error.js";
import { ProtocolError } from "../protocol/protocol-error.js";
import { checkAccess } from "./access.js";
import { checkpointRoutes } from "./checkpoint-requests.js";
import { addressRoutes, openRoutes } from "./downloads.js";
import type { Host } from "./host.js";
import { modelRoutes } from "./model-routes.js";
import type { Env } from "./routes.js";
import { type ServiceFacts, serviceRoutes, sessionRoutes } from "./service-routes.js";

export interface AppOptions extends ServiceFacts {
  readonly host: Host;
  /** Null lets everybody in who comes from this machine. */
  readonly apiKey: string | null;
  /** How long a poll is held. */
  readonly pollMs: number;
  /** Told of each request when it is answered. */
  readonly onRequest: ((request: AnsweredRequest) => void) | undefined;
}

export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

export function makeApp(options: AppOptions): Hono<Env> {
  const { host, apiKey, onRequest } = options;
  const app = new Hono<Env>().basePath("/api/v1");
  app.onError((error, c) => refusal(c, error));
  app.notFound((c) =>
    refusal(c, new RequestError(404, `${c.req.method} ${c.req.path.slice(0, 200)}: no such endpoint here`)),
  );
  if (onRequest) {
    app.use(async (c, next) => {
      const start = performance.now();
      await next();
      // The end of an archive's address opens it.
      const path = c.req.path.replace(/\/archive\/.*/, "/archive/...");
      onRequest({ method: c.req.method, path, status: c.res.status, ms: performance.now() - start });
    });
  }
  const secret = randomBytes(32);
  openRoutes(app, host, secret);
  app.use(async (c, next) => {
    const bearer = c.req.header("authorization")?.replace(/^Bearer\s+/i, "");
    checkAccess({ key: c.req.header("x-api-key") ?? bearer, host: c.req.header("host") }, apiKey);
    await next();
  });
  serviceRoutes(app, host, options);
  sessionRoutes(app, host, options);
  modelRoutes(app, host, options.pollMs);
  checkpointRoutes(app, host);
  addressRoutes(app, host, secret);
  return app;
}

function refusal(c: Context<Env>, error: Error): Response {
  if (error instanceof RequestError) {
    const after = error.retryAfterSeconds;
    const headers: Record<string, string> = after === null ? {} : { "retry-after": String(after) };
    return c.json({ detail: error.message }, error.status, headers);
  }
  return c.json(
    { detail: messageOf(error) },
    error instanceof ProtocolError ? 422 : error instanceof UsageError ? 400 : 500,
  );
}
