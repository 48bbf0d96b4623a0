// Where an OpenAI-compatible endpoint is and which key goes there, from a flag and the environment.

import { UsageError } from "../../core/errors.js";

export interface Address {
  /** Without a slash at its end. */
  readonly url: string;
  /** Sent with every request, and never shown or written anywhere. */
  readonly key: string | null;
}

const HOSTED = "https://api.openai.com";
const OWN_MACHINE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * `flag`, else CODERLPLUS_BASE_URL, else OPENAI_BASE_URL. CODERLPLUS_API_KEY goes to whichever that is; OPENAI_API_KEY
 * only to the address in OPENAI_BASE_URL, to OpenAI itself and to this machine: others are other parties.
 *
 * @throws UsageError for what is no address
 */
export function addressFrom(flag: string | undefined, environment: NodeJS.ProcessEnv): Address {
  const text = flag || environment["CODERLPLUS_BASE_URL"] || environment["OPENAI_BASE_URL"] || "";
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(
      `${text || "no endpoint"}: expected a base URL such as http://localhost:8000/v1, with --endpoint, ` +
        "in CODERLPLUS_BASE_URL or in OPENAI_BASE_URL",
    );
  }
  const { username, password, search, hash, hostname } = new URL(text);
  if (username + password + search + hash !== "") {
    throw new UsageError("the endpoint's address holds more than a place: pass a key as CODERLPLUS_API_KEY");
  }
  const url = text.replace(/\/+$/, "");
  const trusted =
    url.startsWith(`${HOSTED}/`) ||
    OWN_MACHINE.test(hostname) ||
    url === environment["OPENAI_BASE_URL"]?.replace(/\/+$/, "");
  const key = environment["CODERLPLUS_API_KEY"] || (trusted && environment["OPENAI_API_KEY"]) || null;
  return { url, key };
}
