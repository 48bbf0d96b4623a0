// Two signals as one, for as long as a request takes. AbortSignal.any does the same, but in Node 20 leaves something behind
// on signals that outlive it, and these live as long as a run.

import { setMaxListeners } from "node:events";

export interface Either {
  /** Aborted with the reason of whichever is first. */
  readonly signal: AbortSignal;
  /** To be called at the end: nothing listens any more. */
  release(): void;
}

export function either(one: AbortSignal, other: AbortSignal | undefined): Either {
  if (other === undefined) return { signal: one, release: () => {} };
  const both = new AbortController();
  // A caller may share one among hundreds of requests.
  setMaxListeners(0, other);
  const abort = (): void => both.abort(one.aborted ? one.reason : other.reason);
  const release = (): void => [one, other].forEach((signal) => signal.removeEventListener("abort", abort));
  for (const signal of [one, other]) signal.addEventListener("abort", abort, { once: true });
  if (one.aborted || other.aborted) abort();
  return { signal: both.signal, release };
}
