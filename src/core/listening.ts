// A server's socket: where it listens, under which address it is found, and who counts as this machine. What is answered
// there is the server's own.

import { createHash, timingSafeEqual } from "node:crypto";
import type { Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { UsageError } from "./errors.js";

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** The name in a request's Host header, without port and brackets, in small letters; null for none. */
export function hostIn(header: string | undefined): string | null {
  try {
    return new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, "").toLowerCase();
  } catch {
    return null;
  }
}

/** Of secrets: digests are of one length, so that comparing takes the same time whatever is wrong. */
export function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** @throws UsageError for a port that is taken, or a host that is none of this machine's */
export function listenAt(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new UsageError(`${hostname}:${port}: ${REASONS[error.code ?? ""] ?? error.message}`, { cause: error }));
    server.once("error", fail);
    server.listen(port, hostname, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; choose another with --port",
  EACCES: "this user may not listen there; choose a port from 1024 with --port",
  EADDRNOTAVAIL: "not an address of this machine; choose another with --host",
  ENOTFOUND: "no address has this name; choose another with --host",
};

/** Of a server that listens. */
export function urlOf(server: Server): string {
  const { port, family, address } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
