// A model's requests, run one after another in the order of their sequence numbers, whatever order they arrive in. The
// same number again with the same body is a repeated submission, and is answered as before; with another body it is a
// mistake. It knows nothing of what the requests do.

import { RequestError } from "../../../core/request-error.js";
import type { Future, Futures } from "./futures.js";

/** How many requests may wait behind one that has not come. */
const MOST_AHEAD = 4096;
/** How many of the last submissions are remembered. */
const MOST_KNOWN = 8192;

export interface Submission {
  /** From 1 on, without holes; null takes its turn as it arrives. */
  readonly sequenceId: number | null;
  /** Tells bodies apart. */
  readonly digest: string;
  readonly run: (future: Future) => Promise<void>;
}

interface Waiting {
  readonly future: Future;
  readonly run: Submission["run"];
}

export class SequenceQueue {
  readonly #futures: Futures;
  readonly #gapMs: number;
  #next = 1;
  #tail: Promise<void> = Promise.resolve();
  readonly #ahead = new Map<number, Waiting>();
  readonly #known = new Map<number, { readonly digest: string; readonly id: string }>();
  readonly #waiting = new Set<Future>();
  #gap: NodeJS.Timeout | undefined;
  #closed: Error | null = null;

  /** @param gapMs  how long a missing request is waited for, once later ones are here */
  constructor(futures: Futures, gapMs: number) {
    this.#futures = futures;
    this.#gapMs = gapMs;
  }

  /** @returns the future's id @throws RequestError for a number that was used for something else, or is far ahead */
  submit({ sequenceId, digest, run }: Submission): string {
    if (this.#closed) throw this.#closed;
    if (sequenceId === null) {
      const future = this.#futures.create();
      this.#run({ future, run });
      return future.id;
    }
    const known = this.#known.get(sequenceId);
    if (known?.digest === digest) return known.id;
    if (known || sequenceId < this.#next) {
      throw new RequestError(409, `seq_id ${sequenceId} of this model was used already, for another request`);
    }
    if (sequenceId >= this.#next + MOST_AHEAD) {
      throw new RequestError(429, `seq_id ${sequenceId} is far ahead: this model waits for ${this.#next}`, 1);
    }
    const future = this.#futures.create();
    this.#remember(sequenceId, digest, future.id);
    this.#ahead.set(sequenceId, { future, run });
    this.#waiting.add(future);
    this.#advance();
    return future.id;
  }

  /** Nothing more is taken, and what waits fails with the reason; what runs goes on. */
  close(reason: Error): void {
    this.#closed = reason;
    clearTimeout(this.#gap);
    for (const future of this.#waiting) future.fail(reason);
    this.#waiting.clear();
    this.#ahead.clear();
  }

  #advance(): void {
    for (let waiting = this.#ahead.get(this.#next); waiting; waiting = this.#ahead.get(this.#next)) {
      this.#ahead.delete(this.#next);
      this.#next++;
      this.#run(waiting);
    }
    clearTimeout(this.#gap);
    if (this.#ahead.size === 0) return;
    this.#gap = setTimeout(() => this.#giveUp(), this.#gapMs);
    this.#gap.unref();
  }

  #run({ future, run }: Waiting): void {
    this.#waiting.add(future);
    this.#tail = this.#after(this.#tail, future, run);
  }

  async #after(earlier: Promise<void>, future: Future, run: Submission["run"]): Promise<void> {
    await earlier;
    // It has failed meanwhile, with all that waited.
    if (!this.#waiting.delete(future)) return;
    try {
      await run(future);
    } catch (error) {
      future.fail(error);
    }
  }

  /** The numbers may be used again: nothing of these requests has happened. */
  #giveUp(): void {
    const missing = `seq_id ${this.#next} of this model has not come for ${this.#gapMs / 1000} s`;
    for (const [sequenceId, { future }] of this.#ahead) {
      future.fail(new RequestError(408, `${missing}, and this request, seq_id ${sequenceId}, is to run after it`));
      this.#waiting.delete(future);
      this.#known.delete(sequenceId);
    }
    this.#ahead.clear();
  }

  #remember(sequenceId: number, digest: string, id: string): void {
    this.#known.set(sequenceId, { digest, id });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) return;
      this.#known.delete(oldest);
    }
  }
}
