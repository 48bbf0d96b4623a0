// Who may ask the service. On this machine alone everybody who calls it by one of this machine's own names; where other
// machines can reach it, whoever has the token.

import { hostIn, isLoopback, isSame } from "../core/listening.js";
import { RequestError } from "../core/request-error.js";

/** What a request says of itself. */
export interface Claim {
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

/** @throws RequestError 401 without the token, 403 from a name that is not this machine's */
export function checkAccess({ authorization, host }: Claim, token: string | null): void {
  if (token === null) {
    // A page of another site may let its own name lead to this machine.
    if (isLoopback(hostIn(host) ?? "")) return;
    throw new RequestError(403, "without a token this service answers to localhost alone");
  }
  const given = tokenIn(authorization ?? "");
  if (given !== null && isSame(given, token)) return;
  throw new RequestError(
    401,
    given === null
      ? "this service needs its token: send Authorization: Bearer TOKEN, or call it as http://coderlplus:TOKEN@HOST"
      : "another token than this service's",
  );
}

/** As a bearer has it, or as clients send it that can be told nothing but an address. */
function tokenIn(authorization: string): string | null {
  const bearer = /^Bearer +(.+)$/i.exec(authorization)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1];
  return basic === undefined
    ? null
    : Buffer.from(basic, "base64")
        .toString("utf8")
        .replace(/^[^:]*:/, "");
}
