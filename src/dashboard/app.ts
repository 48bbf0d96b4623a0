// The dashboard over HTTP: the shell of the page, the endpoints, the stream of events. It answers what answers.ts knows;
// the socket is serve.ts.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Answers, openAnswers } from "./answers.js";
import { type EndpointName, endpoints } from "./api/endpoints.js";
import { EVENTS_PATH } from "./api/question.js";
import { type EventsOptions, openEvents } from "./events.js";
import { openFolder } from "./folder.js";
import { type GuardOptions, guard, harden } from "./guard.js";
import { bodyOf, fieldsOf, readQuestion } from "./question.js";
import { RefusedRequest, refusalOf } from "./refusal.js";
import { openRunLister } from "./run-list.js";
import { openShell } from "./shell.js";

/** An input for a program is the longest there is. */
const BODY_LIMIT_BYTES = 256_000;
/** What is shorter gains nothing. */
const ZIPPED_FROM_BYTES = 1400;
/** Between processes of one machine time counts more than bytes. */
const ZIP_LEVEL = 1;

export interface DashboardOptions extends GuardOptions, EventsOptions {
  /** Of runs, or a run itself. */
  readonly folder: string;
}

export interface Dashboard {
  readonly app: Hono;
  /** Ends what listens and what runs. */
  close(): Promise<void>;
}

export function createDashboard(options: DashboardOptions): Dashboard {
  const folder = openFolder(options.folder);
  const runs = openRunLister(folder);
  const answers = openAnswers(folder, runs);
  const events = openEvents(folder, runs, options);
  const app = new Hono();
  app.onError((error, c) => refuse(c, error, options.report));
  app.notFound((c) => refuse(c, new RefusedRequest(404, "nothing is there; the dashboard is at /"), options.report));
  app.use(async (c, next) => {
    await next();
    harden(c.res);
  });
  app.use(guard(options));
  serveShell(app, folder.name);
  app.get(
    EVENTS_PATH,
    () =>
      new Response(events.stream(), { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } }),
  );
  for (const name of Object.keys(endpoints) as EndpointName[]) serveEndpoint(app, answers, name);
  return {
    app,
    close: async () => {
      events.close();
      await answers.close();
    },
  };
}

function serveShell(app: Hono, title: string): void {
  const shell = openShell(title);
  app.get("/", (c) => c.html(shell.document(), 200, { "cache-control": "no-store" }));
  app.get("/:file{page\\.[0-9a-f]+\\.js|style\\.[0-9a-f]+\\.css|chunk-\\w+\\.js}", (c) => {
    const file = shell.file(c.req.param("file"));
    if (file === null) return c.notFound();
    // Its name is that of its content.
    const headers = {
      "content-type": file.type,
      "cache-control": "private, max-age=31536000, immutable",
      vary: "accept-encoding",
    };
    return takesGzip(c)
      ? c.body(file.zipped, 200, { ...headers, "content-encoding": "gzip" })
      : c.body(file.body, 200, headers);
  });
}

function serveEndpoint(app: Hono, answers: Answers, name: EndpointName): void {
  const { method, path } = endpoints[name];
  if (method === "GET") {
    app.get(path, async (c) =>
      reply(c, await answers.ask(name, readQuestion(name, fieldsOf(name, new URL(c.req.url).searchParams)))),
    );
    return;
  }
  app.post(path, bodyLimit({ maxSize: BODY_LIMIT_BYTES, onError: tooLong }), async (c) => {
    if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
      throw new RefusedRequest(415, "expected a body of content type application/json");
    }
    return reply(c, await answers.ask(name, readQuestion(name, bodyOf(await c.req.text()))));
  });
}

function tooLong(): never {
  throw new RefusedRequest(413, `a body of more than ${BODY_LIMIT_BYTES} bytes`);
}

const zip = promisify(gzip);

async function reply(c: Context, answer: unknown): Promise<Response> {
  const text = JSON.stringify(answer);
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    vary: "accept-encoding",
  };
  if (text.length < ZIPPED_FROM_BYTES || !takesGzip(c)) return c.body(text, 200, headers);
  const zipped = await zip(text, { level: ZIP_LEVEL });
  return c.body(new Uint8Array(zipped), 200, { ...headers, "content-encoding": "gzip" });
}

function takesGzip(c: Context): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(c.req.header("accept-encoding") ?? "");
}

/** As JSON where a program asks, in plain words where a person has opened the address. */
function refuse(c: Context, error: unknown, report: (error: unknown) => void): Response {
  const refusal = refusalOf(error, report);
  const response = c.req.path.startsWith("/api/")
    ? c.json({ error: refusal.error }, refusal.status)
    : c.text(`${refusal.error}\n`, refusal.status);
  response.headers.set("cache-control", "no-store");
  return response;
}
