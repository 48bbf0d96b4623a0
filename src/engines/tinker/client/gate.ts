// Lets so much through at once, in the order of coming.

export class Gate {
  readonly #limit: number;
  readonly #waiting: Array<() => void> = [];
  #held = 0;

  /** @param limit  of what is let through together: requests, or bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Waits until less than the limit is through; so one that is larger than the limit passes too, when it is alone.
   *
   * @returns to be called when what was let through is done
   * @throws the signal's reason once it is aborted
   */
  async enter(weight: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#held >= this.#limit || this.#waiting.length > 0) await this.#turn(signal);
    this.#held += weight;
    this.#next();
    return () => {
      this.#held -= weight;
      this.#next();
    };
  }

  #turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(admit), 1);
        reject(signal?.reason as Error);
      };
      const admit = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(admit);
    });
  }

  #next(): void {
    if (this.#held < this.#limit) this.#waiting.shift()?.();
  }
}
