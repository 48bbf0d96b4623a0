// Bytes that arrive in pieces of any size, kept in one buffer: a program may send them one by one.

const FIRST_BYTES = 4096;

export class Bytes {
  #held = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#held.length));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    this.#held.set(part, this.#length);
    this.#length = length;
  }

  /** All of it; then it is empty. */
  take(): Buffer {
    const all = this.#held.subarray(0, this.#length);
    this.#held = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = 0;
    return all;
  }
}
