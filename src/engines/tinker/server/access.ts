// Who may ask: with a key set, whoever has it. Without one the server listens to this machine alone, and then a page of
// another site in this machine's browser must not reach it either.

import { isSame } from "../../../core/listening.js";
import { RequestError } from "../../../core/request-error.js";

const LOCAL = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

export function isLoopback(host: string): boolean {
  return LOCAL.test(host) || host === "::1";
}

/** What a request says of itself. */
export interface Claim {
  readonly key: string | undefined;
  readonly host: string | undefined;
}

/** @throws RequestError 401 without a key, 403 with a wrong one, or from a name that is not this machine's */
export function checkAccess({ key, host }: Claim, apiKey: string | null): void {
  if (apiKey === null) {
    if (host !== undefined && LOCAL.test(host)) return;
    throw new RequestError(403, "without a key this server answers to localhost alone");
  }
  if (key === undefined || key === "")
    throw new RequestError(401, "X-API-Key is missing: this server wants its key there");
  if (!isSame(key, apiKey)) throw new RequestError(403, "X-API-Key holds another key than this server's");
}
