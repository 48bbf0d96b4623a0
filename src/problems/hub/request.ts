// One request to a hub: tried again while that can help, with the token where it may go, and with errors that say what to
// do. Nothing here knows what is asked for.

import { setTimeout as delay } from "node:timers/promises";
import { HubError, messageOf, UsageError } from "../../core/errors.js";

export interface Hub {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string | null;
  /** Of silence, before a connection is given up. */
  readonly silenceMs: number;
  /** Before the second attempt; doubled before each further one. */
  readonly pauseMs: number;
  /** Told of every further attempt before it is made. */
  readonly onRetry?: (text: string) => void;
}

const PUBLIC_HUB = "https://huggingface.co";

/**
 * The hub to ask: `mirror`, else CODERLPLUS_HUB, else HF_ENDPOINT, else the public one. CODERLPLUS_HUB_TOKEN goes to
 * whichever that is, HF_TOKEN to the public one only: a mirror is another party.
 *
 * @throws UsageError for what is no address
 */
export function hubFrom(mirror: string | undefined, environment: NodeJS.ProcessEnv): Hub {
  const text = mirror || environment["CODERLPLUS_HUB"] || environment["HF_ENDPOINT"] || PUBLIC_HUB;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`${text}: expected the address of a hub, such as ${PUBLIC_HUB}`);
  }
  const { username, password, search, hash } = new URL(text);
  if (username + password + search + hash !== "") {
    throw new UsageError("the hub's address holds more than a place: pass a token as CODERLPLUS_HUB_TOKEN");
  }
  const url = text.replace(/\/+$/, "");
  const token = environment["CODERLPLUS_HUB_TOKEN"] || (url === PUBLIC_HUB && environment["HF_TOKEN"]) || null;
  return { url, token, silenceMs: 60_000, pauseMs: 500 };
}

const ATTEMPTS = 6;
const MAX_PAUSE_MS = 30_000;

/** Waits before attempt `n`, and gives up after the last. @throws HubError */
export async function pauseBefore(attempt: number, hub: Hub, what: string, error: unknown): Promise<void> {
  if (attempt > ATTEMPTS) {
    const why = `${what}: gave up after ${ATTEMPTS} attempts (${reasonOf(error)})`;
    throw new HubError(`${why}; what has arrived is kept: the same command goes on from there`, { cause: error });
  }
  const asked = error instanceof TryAgain ? error.afterMs : 0;
  const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(asked, hub.pauseMs * 2 ** (attempt - 2)));
  hub.onRetry?.(`${reasonOf(error)}; attempt ${attempt} of ${ATTEMPTS} in ${pauseMs / 1000} s: ${what}`);
  await delay(pauseMs);
}

/** What may go away by itself: the server is busy, the connection broke. */
export class TryAgain extends Error {
  override readonly name = "TryAgain";
  constructor(
    message: string,
    readonly afterMs = 0,
  ) {
    super(message);
  }
}

/** `fetch` says "fetch failed" and hides why in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || "" : messageOf(error);
}

/**
 * A response that is a success; redirects are followed, the token is not taken to other hosts.
 *
 * @param signal  aborted, it ends the request and the reading of its body
 * @throws TryAgain for what may go away, UsageError for what the person can put right
 */
export async function ask(
  hub: Hub,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await fetch(url, {
    headers: {
      ...headers,
      // A body that is packed on the way has other positions than the file.
      "accept-encoding": "identity",
      ...(hub.token === null ? {} : { authorization: `Bearer ${hub.token}` }),
    },
    signal,
  });
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  throw failure(hub, url, response);
}

function failure(hub: Hub, url: string, { status, headers }: Response): Error {
  if (status === 408 || status === 429 || status >= 500) {
    return new TryAgain(`${url}: status ${status}`, 1000 * (Number(headers.get("retry-after")) || 0));
  }
  const says = headers.get("x-error-message")?.slice(0, 300);
  const found = `${url}: status ${status}${says ? ` (${says})` : ""}`;
  if (status !== 401 && status !== 403 && status !== 404) return new HubError(`${found}; expected 200`);
  return new UsageError(`${found}; ${advice(hub, status)}`);
}

function advice({ url, token }: Hub, status: number): string {
  if (status === 404) return "no such data set, revision or file there: check the name, and --revision";
  if (token !== null) {
    return "the token given may not read it: accept the data set's terms on its page, or use another token";
  }
  const variable = url === PUBLIC_HUB ? "HF_TOKEN or CODERLPLUS_HUB_TOKEN" : "CODERLPLUS_HUB_TOKEN";
  const gated = "it is private, gated or does not exist: check the name, accept the terms on its page";
  return `${gated} and pass a token in the environment variable ${variable}`;
}

/** Ends a request that has been silent for too long. `heard` starts the clock again. */
export function silence(hub: Hub): { readonly signal: AbortSignal; heard(): void; stop(): void } {
  const controller = new AbortController();
  const error = new TryAgain(`nothing heard for ${hub.silenceMs / 1000} s`);
  const timer = setTimeout(() => controller.abort(error), hub.silenceMs);
  return { signal: controller.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}
