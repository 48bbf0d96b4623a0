// Where a server is and which key goes there, from options and the environment.

import { UsageError } from "../../../core/errors.js";

export interface Address {
  /** Without a slash at its end. */
  readonly url: string;
  /** Sent to this address only, and never shown or written anywhere. */
  readonly key: string | null;
}

const HOSTED = "https://tinker.thinkingmachines.dev/services/tinker-prod";
const OWN_MACHINE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * `baseUrl`, else TINKER_BASE_URL, else the hosted service; `apiKey`, else TINKER_API_KEY. Empty texts count as unset.
 *
 * @throws UsageError for what is no address, a key that no header can hold, and the hosted service without a key
 */
export function addressFrom(
  options: { readonly baseUrl?: string | undefined; readonly apiKey?: string | undefined },
  environment: NodeJS.ProcessEnv,
): Address {
  const text = options.baseUrl || environment["TINKER_BASE_URL"] || HOSTED;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`${text}: expected a base URL such as http://localhost:8000, as baseUrl or TINKER_BASE_URL`);
  }
  const { username, password, search, hash } = new URL(text);
  if (username + password + search + hash !== "") {
    throw new UsageError("the server's address holds more than a place: pass a key as TINKER_API_KEY");
  }
  const url = text.replace(/\/+$/, "");
  const key = (options.apiKey || environment["TINKER_API_KEY"] || "").trim() || null;
  if (key === null && url === HOSTED) {
    throw new UsageError(
      "no key: set TINKER_API_KEY to a key of the hosted service, or baseUrl or TINKER_BASE_URL to a server of your own",
    );
  }
  if (key !== null && !/^[\x21-\x7e]+$/.test(key)) {
    throw new UsageError("TINKER_API_KEY holds characters that no key has: copy it again, without spaces");
  }
  return { url, key };
}

/** Whether the key would cross a network where others can read it. */
export function showsKey({ url, key }: Address): boolean {
  const { protocol, hostname } = new URL(url);
  return key !== null && protocol === "http:" && !OWN_MACHINE.test(hostname);
}
