// Who may ask, and what a browser may do with an answer. On this machine alone everybody may who calls the server by one of
// its own names; where other machines can reach it, whoever has the token. No page of another site may ask at all.

import { createHmac } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { hostIn, isLoopback, isSame } from "../core/listening.js";
import { RefusedRequest } from "./refusal.js";

/** Model output is hostile: whatever should get into the page, it loads and runs nothing but our own files. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export interface GuardOptions {
  /** Where the server listens. */
  readonly hostname: string;
  /** Null lets in everybody who can reach the address. */
  readonly token: string | null;
}

const WILDCARDS = new Set(["0.0.0.0", "::"]);

export function guard(options: GuardOptions): MiddlewareHandler {
  return async (c, next) => {
    checkName(c, options);
    checkOrigin(c);
    const redirect = options.token === null ? null : admit(c, options.token);
    if (redirect !== null) return redirect;
    await next();
    return undefined;
  };
}

/** Also of refusals. */
export function harden(response: Response): void {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
}

/** A site may let its own name lead to this machine: its pages would then count as ours. */
function checkName(c: Context, { hostname, token }: GuardOptions): void {
  const name = hostIn(c.req.header("host"));
  if (name !== null && (isLoopback(name) || name === hostname.toLowerCase())) return;
  // It has more names than it knows; who has no token gets nowhere by any of them.
  if (WILDCARDS.has(hostname) && token !== null) return;
  throw new RefusedRequest(
    403,
    `this dashboard answers under its own names alone (localhost, ${hostname}); start it with --host for another`,
  );
}

/** What a browser says of who asks. Opening the page from a link elsewhere is nobody's harm. */
function checkOrigin(c: Context): void {
  if (c.req.method === "GET" && !c.req.path.startsWith("/api/")) return;
  const site = c.req.header("sec-fetch-site") ?? "none";
  const origin = c.req.header("origin");
  // By its host: what speaks TLS in front of this server changes the rest.
  const isOwn = origin === undefined || /^https?:\/\/(.+)$/.exec(origin)?.[1] === c.req.header("host");
  if (isOwn && (site === "same-origin" || site === "none")) return;
  throw new RefusedRequest(403, "asked by a page of another site, which may not");
}

/** Null lets it pass. @throws RefusedRequest */
function admit(c: Context, token: string): Response | null {
  const cookie = cookieOf(token);
  const url = new URL(c.req.url);
  const given = url.searchParams.get("token");
  if (given !== null && isSame(given, token)) {
    setCookie(c, cookie.name, cookie.value, { httpOnly: true, sameSite: "Strict", path: "/" });
    // The token stays in no address, so in no history and on no screen.
    url.searchParams.delete("token");
    return c.redirect(`${url.pathname}${url.search}`, 303);
  }
  const bearer = /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (bearer !== undefined && isSame(bearer, token)) return null;
  if (isSame(getCookie(c, cookie.name) ?? "", cookie.value)) return null;
  throw new RefusedRequest(
    401,
    given === null && bearer === undefined
      ? "this dashboard needs its token: open the address that coderlplus dashboard has printed, or send Authorization: Bearer TOKEN"
      : "another token than this dashboard's: open the address that coderlplus dashboard has printed",
  );
}

/** Of two dashboards on one machine neither takes the other's; whoever reads the cookie has no token. */
function cookieOf(token: string): { readonly name: string; readonly value: string } {
  const derived = (what: string): string => createHmac("sha256", token).update(what).digest("hex");
  return { name: `coderlplus-${derived("name").slice(0, 12)}`, value: derived("value") };
}
