// A question as an address: what the page asks for, and the name under which a report holds the answer. No schema is
// needed for it, so that the page does not load one.

import type { EndpointName, Question } from "./endpoints.js";

/** Server-sent events, each a `runEvent`: what changes while the page is open. */
export const EVENTS_PATH = "/api/events";

/** Under which a report says what of the run it leaves out: sentences for people. */
export const NOTES_KEY = "notes";

const POSTED: ReadonlySet<EndpointName> = new Set(["trace"]);

/** `evaluatedProblem` -> `/api/evaluated-problem` */
export function pathOf(name: EndpointName): string {
  return `/api/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function methodOf(name: EndpointName): "GET" | "POST" {
  return POSTED.has(name) ? "POST" : "GET";
}

/** The same text for the same question, whatever the order of its fields. */
export function keyOf<N extends EndpointName>(name: N, question: Question<N>): string {
  const parameters = new URLSearchParams();
  for (const [field, value] of Object.entries(question).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) parameters.append(field, String(item));
    }
  }
  return parameters.size === 0 ? pathOf(name) : `${pathOf(name)}?${parameters.toString()}`;
}
