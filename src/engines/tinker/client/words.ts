// What a server says of a failure, out of the forms that servers of this protocol put it in.

import { shownText } from "../../../core/http.js";

const SHOWN_CHARACTERS = 300;
/** SkyRL repeats what does not validate, whole. */
const PARSED_BYTES = 16 << 20;
/** Of a body that is no JSON, or is too long for it. */
const READ_BYTES = 1 << 16;

/** On one line, cut short, without the secrets. */
export function wordsOf(body: Buffer, secrets: readonly string[]): string {
  const value = body.length <= PARSED_BYTES ? objectOf(body) : null;
  return cut((value && saidIn(value)) ?? body.subarray(0, READ_BYTES).toString("utf8"), secrets);
}

export function cut(text: string, secrets: readonly string[]): string {
  const shown = shownText(text, ...secrets).trim();
  return shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS - 1)}…` : shown;
}

/** The object that a body is in JSON, or null. */
export function objectOf(body: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** `detail` of FastAPI, a text or what does not validate; `error` and `message` of the others. */
function saidIn(value: Readonly<Record<string, unknown>>): string | null {
  for (const key of ["detail", "error", "message"]) {
    const said = value[key];
    if (typeof said === "string") return said;
    if (Array.isArray(said)) return said.map(problemText).join("; ");
    if (typeof said === "object" && said !== null) return saidIn(said as Record<string, unknown>);
  }
  return null;
}

function problemText(problem: unknown): string {
  if (typeof problem !== "object" || problem === null) return String(problem);
  const { loc, msg } = problem as { readonly loc?: unknown; readonly msg?: unknown };
  return `${Array.isArray(loc) ? `${loc.join(".")}: ` : ""}${typeof msg === "string" ? msg : JSON.stringify(problem)}`;
}
