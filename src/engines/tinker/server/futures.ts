// Promises on the wire: a submission is answered at once with an id, and the client polls for what became of it. An
// outcome is kept for a while after it was first fetched, for the answer may be lost on its way; all outcomes together
// stay under a limit. What they mean is not known here.

import { randomUUID } from "node:crypto";
import { DivergenceError, EngineError, messageOf, ShapeError, UsageError } from "../../../core/errors.js";
import { RequestError } from "../../../core/request-error.js";
import type { ForwardBackwardOutput, WireSampleResponse } from "../protocol/records.js";

type Outcome =
  /** A JSON object, as it goes on the wire. */
  | { readonly kind: "json"; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: "forward-backward"; readonly output: ForwardBackwardOutput }
  | { readonly kind: "sample"; readonly response: WireSampleResponse }
  | { readonly kind: "failed"; readonly error: string; readonly category: "user" | "server"; readonly name: string };

/** What a poll finds. */
export type Polled = Outcome | { readonly kind: "pending"; readonly pause: string | null } | { readonly kind: "gone" };

export interface FutureLimits {
  /** After the first fetch. */
  readonly keepFetchedMs: number;
  /** Where nobody ever asked. */
  readonly keepUnfetchedMs: number;
  /** Of all outcomes together, by estimate. */
  readonly mostBytes: number;
}

export const DEFAULT_FUTURE_LIMITS: FutureLimits = {
  keepFetchedMs: 1_200_000,
  keepUnfetchedMs: 3_600_000,
  mostBytes: 512e6,
};

/** Handed to whoever does the work. */
export interface Future {
  readonly id: string;
  settle(outcome: Outcome): void;
  fail(error: unknown): void;
  /** Why nothing happens yet, told to whoever polls; null when something does. */
  pause(reason: string | null): void;
}

interface Entry {
  outcome: Outcome | null;
  pause: string | null;
  bytes: number;
  /** When it may be forgotten; Infinity while there is no outcome. */
  until: number;
  fetched: boolean;
  readonly waiting: Set<() => void>;
}

export class Futures {
  readonly #limits: FutureLimits;
  /** In the order of their making, which is about that of their ends. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(limits: FutureLimits) {
    this.#limits = limits;
  }

  create(): Future {
    const id = randomUUID();
    const entry: Entry = {
      outcome: null,
      pause: null,
      bytes: 0,
      until: Number.POSITIVE_INFINITY,
      fetched: false,
      waiting: new Set(),
    };
    this.#entries.set(id, entry);
    const settle = (outcome: Outcome): void => {
      if (entry.outcome) return;
      entry.outcome = outcome;
      entry.bytes = bytesOf(outcome);
      entry.until = Date.now() + this.#limits.keepUnfetchedMs;
      this.#bytes += entry.bytes;
      for (const wake of entry.waiting) wake();
      this.#shrink();
    };
    return {
      id,
      settle,
      fail: (error) => settle(failure(error)),
      pause: (reason) => {
        entry.pause = reason;
      },
    };
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Waits up to so long for an outcome; less where the signal says that nobody listens any more. */
  async poll(id: string, waitMs: number, signal: AbortSignal): Promise<Polled> {
    const entry = this.#entries.get(id);
    if (!entry) return { kind: "gone" };
    if (!entry.outcome) await waited(entry, waitMs, signal);
    const { outcome } = entry;
    if (!outcome) return { kind: "pending", pause: entry.pause };
    if (!entry.fetched && !signal.aborted) {
      entry.fetched = true;
      entry.until = Date.now() + this.#limits.keepFetchedMs;
    }
    return outcome;
  }

  /** Forgets what is old. */
  sweep(now = Date.now()): void {
    for (const [id, { until }] of this.#entries) if (until <= now) this.#forget(id);
  }

  /** Wakes whoever polls, so that a server that stops need not wait for them. */
  release(): void {
    for (const { waiting } of this.#entries.values()) for (const wake of waiting) wake();
  }

  /** Fetched outcomes first, then the oldest. */
  #shrink(): void {
    for (const onlyFetched of [true, false]) {
      for (const [id, { outcome, fetched }] of this.#entries) {
        if (this.#bytes <= this.#limits.mostBytes) return;
        if (outcome && (fetched || !onlyFetched)) this.#forget(id);
      }
    }
  }

  #forget(id: string): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }
}

function waited(entry: Entry, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, waitMs);
    function end(): void {
      clearTimeout(timer);
      entry.waiting.delete(end);
      signal.removeEventListener("abort", end);
      resolve();
    }
    entry.waiting.add(end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** Whose fault it is: the words are the engine's own, which name the place. */
function failure(error: unknown): Outcome {
  const users = [UsageError, ShapeError, DivergenceError, RequestError];
  const category = users.some((kind) => error instanceof kind) || error instanceof EngineError ? "user" : "server";
  return { kind: "failed", error: messageOf(error), category, name: error instanceof Error ? error.name : "Error" };
}

const ENTRY_BYTES = 500;

function bytesOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "json":
    case "failed":
      return ENTRY_BYTES;
    case "forward-backward": {
      const arrays = outcome.output.outputs.flatMap((fields) => Object.values(fields));
      return arrays.reduce((bytes, { byteLength }) => bytes + byteLength, ENTRY_BYTES);
    }
    case "sample": {
      const { sequences, promptLogprobs } = outcome.response;
      const drawn = sequences.reduce((tokens, sequence) => tokens + sequence.tokens.length, 0);
      return ENTRY_BYTES + 12 * drawn + (promptLogprobs?.byteLength ?? 0);
    }
    default:
      return outcome satisfies never;
  }
}
