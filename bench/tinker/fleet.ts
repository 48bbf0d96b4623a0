// How long answers take in the simulation: a fleet that decodes so many sequences at once, each at its own pace, first
// come, first served, as a batching server does; and a trainer that does one thing after the other. No work is done here.

import type { Rng } from "../../src/core/rng.js";

export interface Rates {
  /** Tokens a second that the fleet samples in all. */
  readonly tokensPerSecond: number;
  /** Of one sequence; all / this is how many are under way at once. */
  readonly sequenceTokensPerSecond: number;
  /** Tokens a second that forward_backward takes. */
  readonly trainedTokensPerSecond: number;
  /** Of one optimizer step. */
  readonly optimizerSeconds: number;
  /** Of bringing new weights to the samplers. */
  readonly weightsSeconds: number;
}

export class Fleet {
  /** When each place is free, in ms; a heap, the earliest first. */
  readonly #free: number[];
  #trainerFree = 0;

  constructor(private readonly rates: Rates) {
    const places = Math.max(1, Math.round(rates.tokensPerSecond / rates.sequenceTokensPerSecond));
    this.#free = new Array<number>(places).fill(0);
  }

  /** When a sequence of so many tokens is done, in ms of performance.now(). */
  sampled(tokens: number): number {
    const start = Math.max(performance.now(), this.#free[0]);
    const end = start + (1000 * tokens) / this.rates.sequenceTokensPerSecond;
    this.#replaceFirst(end);
    return end;
  }

  forwardBackward(tokens: number): number {
    return this.#train(tokens / this.rates.trainedTokensPerSecond);
  }

  optimStep(): number {
    return this.#train(this.rates.optimizerSeconds);
  }

  weights(): number {
    return this.#train(this.rates.weightsSeconds);
  }

  #train(seconds: number): number {
    this.#trainerFree = Math.max(performance.now(), this.#trainerFree) + 1000 * seconds;
    return this.#trainerFree;
  }

  #replaceFirst(value: number): void {
    const heap = this.#free;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const child = left + 1 < heap.length && heap[left + 1] < heap[left] ? left + 1 : left;
      if (heap[child] >= value) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  }
}

/** Between half and one and a half of the mean, so that answers do not come all at once. */
export function lengthOf(meanTokens: number, rng: Rng): number {
  return rng.integer(Math.ceil(meanTokens / 2), Math.floor(meanTokens * 1.5));
}
