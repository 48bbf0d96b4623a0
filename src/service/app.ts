// All endpoints behind one door: who may come in, what a refusal looks like, and what is counted and told of a request.

import { type Context, Hono } from "hono";
import { OverloadError, StorageError, UsageError } from "../core/errors.js";
import { RequestError } from "../core/request-error.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { Admission } from "./admission.js";
import { BusyError } from "./admission.js";
import type { HealthAnswer } from "./api/direct.js";
import { endpoints } from "./api/endpoints.js";
import type { Calls, Env } from "./call.js";
import { checkAccess } from "./guard.js";
import type { Health } from "./health.js";
import type { Metrics } from "./metrics.js";
import { openApi } from "./openapi.js";
import { patienceOf, runCode } from "./run-code.js";
import { type TaskRoom, UnknownTaskError } from "./tasks/room.js";
import { openrlhfRewards, slimeReward } from "./trainers.js";
import type { Work } from "./work.js";

/** What is told of a request once it is answered: nothing of what was sent. */
export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

export interface AppOptions {
  readonly sandbox: Sandbox;
  readonly admission: Admission;
  readonly calls: Calls;
  readonly work: Work;
  readonly room: TaskRoom | null;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly token: string | null;
  readonly version: string;
  readonly onRequest: (request: AnsweredRequest) => void;
  /** Told of what is our own fault. */
  readonly report: (error: unknown) => void;
}

/** As reverse proxies note a client that has gone. */
const CLIENT_GONE = 499;
const RETRY_SECONDS = 1;

export function makeApp(options: AppOptions): Hono<Env> {
  const { token, metrics } = options;
  const app = new Hono<Env>();
  const paths = new Set(["/healthz", "/metrics", "/openapi.json", ...Object.values(endpoints).map(({ path }) => path)]);
  app.onError((error, c) => refusal(c, error, options.report));
  app.notFound((c) => refusal(c, new RequestError(404, "no such endpoint; /openapi.json lists them"), options.report));
  app.use(async (c, next) => {
    const start = performance.now();
    await next();
    const ms = performance.now() - start;
    const status = c.env.outgoing.destroyed ? CLIENT_GONE : c.res.status;
    const path = paths.has(c.req.path) ? c.req.path : "other";
    metrics.request(path, status, ms / 1000);
    options.onRequest({ method: c.req.method, path, status, ms });
  });
  app.use(async (c, next) => {
    // What balances load has no token, and learns nothing from this.
    if (token === null || c.req.path !== "/healthz") {
      checkAccess({ authorization: c.req.header("authorization"), host: c.req.header("host") }, token);
    }
    await next();
  });
  serveState(app, options);
  serveWork(app, options);
  return app;
}

function serveState(app: Hono<Env>, options: AppOptions): void {
  const { admission, metrics, room, version } = options;
  const description = JSON.stringify(openApi(version));
  app.get("/healthz", async (c) => {
    const answer = await healthOf(options);
    return c.json(answer, answer.status === "ok" || answer.status === "busy" ? 200 : 503);
  });
  app.get("/metrics", (c) => {
    const { running, waiting } = admission;
    const text = metrics.text({ running, waiting, poolSize: room?.poolSize ?? null });
    return c.body(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });
  app.get("/openapi.json", (c) => c.body(description, 200, { "content-type": "application/json" }));
}

function serveWork(app: Hono<Env>, { calls, admission, sandbox, work, room }: AppOptions): void {
  calls.post(app, endpoints.runCode, (request, { client, signal }) =>
    admission.run(client, signal, () => runCode(sandbox, request, signal), patienceOf(request)),
  );
  calls.post(app, endpoints.judge, (request, call) => work.judge(request, call));
  calls.post(app, endpoints.trace, (request, call) => work.trace(request, call));
  calls.post(app, endpoints.reward, (request, call) => work.reward(request, call));
  calls.post(app, endpoints.slime, (request, call) => slimeReward(work, request, call));
  calls.post(app, endpoints.openrlhf, (request, call) => openrlhfRewards(work, request, call));
  calls.post(app, endpoints.next, (request, call) => theRoom(room).next(request, call));
  calls.post(app, endpoints.rollouts, (request, call) => {
    const { client, signal } = call;
    admission.check(client);
    // Each program has its turn: a report of thousands lets others pass.
    return theRoom(room).report(request, { ...call, turn: (work) => admission.runAdmitted(client, signal, work) });
  });
}

function theRoom(room: TaskRoom | null): TaskRoom {
  if (room) return room;
  throw new RequestError(404, "this service has no task queue: start it with --state FOLDER");
}

async function healthOf({ calls, admission, health, room, version }: AppOptions): Promise<HealthAnswer> {
  const { running, waiting, isFull } = admission;
  const facts = { version, running, waiting, pool_size: room?.poolSize ?? null };
  if (calls.draining) return { status: "draining", message: "it finishes what it has, and stops", ...facts };
  const condition = await health.condition();
  switch (condition.kind) {
    case "broken":
      return { status: "broken", message: condition.message, ...facts };
    case "occupied":
      return { status: "busy", message: "programs run; a new one waits for its turn", ...facts };
    case "works":
      if (isFull) return { status: "busy", message: "as much waits as may; come back later", ...facts };
      return { status: "ok", message: "a program was run, and ended well", ...facts };
    default:
      return condition satisfies never;
  }
}

function refusal(c: Context<Env>, error: Error, report: (error: unknown) => void): Response {
  const refused = asRefusal(error);
  if (refused.status === 500 || error instanceof StorageError) report(error);
  const after = refused.retryAfterSeconds;
  const headers: Record<string, string> = after === null ? {} : { "retry-after": String(after) };
  // verl asks again after a 504 alone; after anything else the program counts as one that failed.
  const status = after !== null && c.req.path === endpoints.runCode.path ? 504 : refused.status;
  return c.json({ detail: refused.message }, status, headers);
}

function asRefusal(error: Error): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof BusyError) return new RequestError(429, error.message, error.retryAfterSeconds);
  if (error instanceof OverloadError) return new RequestError(429, error.message, RETRY_SECONDS);
  if (error instanceof UnknownTaskError) return new RequestError(404, error.message);
  if (error instanceof UsageError) return new RequestError(400, error.message);
  // What these say names files of this machine: that is for its log.
  if (error instanceof StorageError) {
    return new RequestError(503, "the queue cannot be written now; the service's log says why", RETRY_SECONDS);
  }
  return new RequestError(500, "the service failed; its log says why");
}
