// What requests carry to say who they are from: a key, or a token that the server gives for it and that lives for minutes.
// Keys and tokens are held in closures here, so that no inspection of a client shows them.

import { messageOf } from "../../../core/errors.js";
import { authTokenResponse } from "../protocol/messages.js";
import { ask } from "./answers.js";
import { TinkerError } from "./errors.js";
import type { Link } from "./submission.js";
import type { Credentials } from "./transport.js";

export function keyCredentials(key: string | null): Credentials {
  return {
    current: async () => key,
    replace: async () => null,
    secrets: () => (key === null ? [] : [key]),
  };
}

interface Token {
  readonly text: string;
  /** By the client's clock. */
  readonly refreshMs: number;
  readonly expiresMs: number;
}

/** With less left than this, a request waits for another token. */
const SHORTEST_LEFT_MS = 60_000;
const UNKNOWN_LIFETIME_MS = 10 * 60_000;

/**
 * Tokens exchanged for the key. From half of a token's life on another one is fetched beside the requests, which a
 * session's heartbeats see to; a request waits only where there is less than a minute left.
 *
 * @param link  with the key as its credentials
 */
export function tokenCredentials(link: Link): Credentials {
  let token: Token | null = null;
  let exchange: Promise<Token> | null = null;
  const renew = (): Promise<Token> => {
    exchange ??= fetchToken(link)
      .then((fetched) => (token = fetched))
      .finally(() => (exchange = null));
    return exchange;
  };
  return {
    async current() {
      const now = link.transport.clock.nowMs();
      if (token === null || token.expiresMs <= now) return (await renew()).text;
      if (now < token.refreshMs) return token.text;
      const held = token;
      const renewed = renew().catch((error: unknown) => {
        // The one at hand is good for a while; a key that is refused stays refused.
        if (error instanceof TinkerError && error.kind === "key") throw error;
        link.notices.repeat("token", `${link.transport.url}: no new token yet (${messageOf(error)})`);
        return held;
      });
      if (token.expiresMs - now > SHORTEST_LEFT_MS) {
        renewed.catch(() => {});
        return token.text;
      }
      return (await renewed).text;
    },
    async replace(rejected) {
      return token !== null && token.text !== rejected ? token.text : (await renew()).text;
    },
    secrets: () => [...link.transport.credentials.secrets(), ...(token ? [token.text] : [])],
  };
}

async function fetchToken(link: Link): Promise<Token> {
  const call = { method: "POST", path: "auth/token", body: {} } as const;
  const { jwt } = await ask(link, { name: "exchange of the key" }, call, authTokenResponse);
  const now = link.transport.clock.nowMs();
  const lifeMs = lifetimeMs(jwt);
  return { text: jwt, refreshMs: now + lifeMs / 2, expiresMs: now + lifeMs };
}

/** Between the two moments that a token names, both of the server's clock; clocks differ. */
function lifetimeMs(jwt: string): number {
  try {
    const claims = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
    const madeMs = claims["iat"] === undefined ? Date.now() : 1000 * Number(claims["iat"]);
    const ms = 1000 * Number(claims["exp"]) - madeMs;
    return ms > 0 ? ms : UNKNOWN_LIFETIME_MS;
  } catch {
    return UNKNOWN_LIFETIME_MS;
  }
}
