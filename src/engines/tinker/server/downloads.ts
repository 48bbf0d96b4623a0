// What is taken from here to be used elsewhere: a checkpoint as one archive, or file by file. It is fetched without the key,
// from an address that opens it for a while.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Context, Hono } from "hono";
import { notFound, RequestError } from "../../../core/request-error.js";
import { tarGz } from "./archive.js";
import { named, ONE } from "./checkpoint-requests.js";
import { modelFiles } from "./checkpoints.js";
import type { Host } from "./host.js";
import type { Env } from "./routes.js";

const OPEN_SECONDS = 900;

/** Where it lies; with the key. */
export function addressRoutes(app: Hono<Env>, host: Host, secret: Buffer): void {
  app.get(`${ONE}/archive`, (c) => {
    host.checkpoints.find(named(c));
    const until = opensUntil();
    return c.json({ url: opening(c, secret, `${c.req.path}/${until}`), expires: timeOf(until) });
  });
  app.get(`${ONE}/external_weights_urls`, (c) => {
    const { folder } = host.checkpoints.find(named(c));
    const until = opensUntil();
    const place = c.req.path.replace(/external_weights_urls$/, `archive/${until}`);
    const urls = modelFiles(folder).map(({ name }) => [
      name,
      opening(c, secret, `${place}/${encodeURIComponent(name)}`),
    ]);
    return c.json({ urls: Object.fromEntries(urls), expires: timeOf(until) });
  });
}

/** What needs no key but its address. */
export function openRoutes(app: Hono<Env>, host: Host, secret: Buffer): void {
  app.get(`${ONE}/archive/:until/:signature`, (c) => {
    checkOpening(c, secret);
    const { folder, note, name } = host.checkpoints.find(named(c));
    return download(tarGz(folder, modelFiles(folder), new Date(note.time)), {
      "content-type": "application/gzip",
      "content-disposition": `attachment; filename="${name}.tar.gz"`,
    });
  });
  app.get(`${ONE}/archive/:until/:file/:signature`, (c) => {
    checkOpening(c, secret);
    const { folder } = host.checkpoints.find(named(c));
    const file = modelFiles(folder).find(({ name }) => name === c.req.param("file"));
    if (!file) throw notFound("no such file");
    return download(createReadStream(join(folder, file.name)), {
      "content-type": "application/octet-stream",
      "content-length": String(file.bytes),
    });
  });
}

function download(body: Readable, headers: Readonly<Record<string, string>>): Response {
  return new Response(Readable.toWeb(body) as ReadableStream, { headers });
}

function opensUntil(): number {
  return Math.floor(Date.now() / 1000) + OPEN_SECONDS;
}

function timeOf(seconds: number): string {
  return new Date(1000 * seconds).toISOString();
}

/** The address that opens a path. */
function opening(c: Context<Env>, secret: Buffer, path: string): string {
  const scheme = c.req.header("x-forwarded-proto") === "https" ? "https" : "http";
  return `${scheme}://${c.req.header("host")}${path}/${signature(secret, path)}`;
}

/** @throws RequestError for an address that this server did not give, or gave too long ago */
function checkOpening(c: Context<Env>, secret: Buffer): void {
  const { signature: claimed = "", until } = c.req.param() as Record<string, string>;
  const path = c.req.path.slice(0, c.req.path.lastIndexOf("/"));
  const [given, right] = [claimed, signature(secret, path)].map((text) => Buffer.from(text));
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw notFound("nothing is to be had here");
  if (Number(until) < Date.now() / 1000) throw new RequestError(410, "this address is too old: ask again");
}

function signature(secret: Buffer, path: string): string {
  return createHmac("sha256", secret).update(path).digest("hex");
}
