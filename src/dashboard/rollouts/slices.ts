// Long work in slices of a few milliseconds, so that questions are answered in between.

const SLICE_MS = 6;

export class Slices {
  #since = performance.now();

  /** Whether it is time to let others go first. */
  get over(): boolean {
    return performance.now() - this.#since > SLICE_MS;
  }

  async pause(): Promise<void> {
    await new Promise(setImmediate);
    this.#since = performance.now();
  }
}
