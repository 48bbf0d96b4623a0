// Where the page's answers come from: the server, or, in a report that is one file, what was put into it (held.ts). Views
// ask by endpoint and never learn which.

import type { Answer, EndpointName, Question } from "../src/dashboard/api/endpoints.js";
import { keyOf, methodOf, pathOf } from "../src/dashboard/api/question.js";

export interface Source {
  /** Whether answers change while the page is open, and programs can be traced. */
  readonly live: boolean;
  /** What of the run is left out, for people; empty for the server's. */
  readonly notes: readonly string[];
  /** @throws AnswerError with the server's words */
  ask<N extends EndpointName>(name: N, question: Question<N>, signal?: AbortSignal): Promise<Answer<N>>;
}

/** What the server could not answer, in its words. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

export function serverSource(): Source {
  return {
    live: true,
    notes: [],
    async ask<N extends EndpointName>(name: N, question: Question<N>, signal?: AbortSignal): Promise<Answer<N>> {
      const method = methodOf(name);
      const init =
        method === "GET"
          ? {}
          : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(question) };
      const address = method === "GET" ? keyOf(name, question) : pathOf(name);
      const response = await fetch(address, { ...init, signal: signal ?? null }).catch((error: unknown) => {
        if (signal?.aborted) throw error;
        throw new AnswerError("The server does not answer. Is coderlplus dashboard still running?", { cause: error });
      });
      const body: unknown = await response.json().catch(() => null);
      if (response.ok) return body as Answer<N>;
      throw new AnswerError(errorIn(body) ?? `The server answered ${response.status}.`);
    },
  };
}

function errorIn(body: unknown): string | null {
  return typeof body === "object" && body !== null && "error" in body && typeof body.error === "string"
    ? body.error
    : null;
}
