// The bytes that a child process writes, taken in pieces of asked-for length. One taker at a time.

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { InfrastructureError } from "../../core/errors.js";

const MAX_COMPLAINT = 2000;

export class Bytes {
  #parts: Buffer[] = [];
  #length = 0;
  #complaint = "";
  #lost: InfrastructureError | null = null;
  #wake: () => void = () => {};
  readonly #end: Promise<void>;

  constructor(child: ChildProcessWithoutNullStreams) {
    child.stdout.on("data", (part: Buffer) => {
      this.#parts.push(part);
      this.#length += part.length;
      this.#wake();
    });
    child.stderr.on("data", (part: Buffer) => {
      this.#complaint = (this.#complaint + part.toString()).slice(-MAX_COMPLAINT);
    });
    // Its own end is what is looked at: a broken pipe is only the first sign of it.
    child.stdin.on("error", () => {});
    this.#end = new Promise((resolve) => {
      const lose = (why: string): void => {
        this.#lost ??= new InfrastructureError(`the native engine has ended: ${this.#complaint.trim() || why}`);
        this.#wake();
        resolve();
      };
      child.once("error", (error) => lose(error.message));
      child.once("close", (code, signal) => lose(signal ?? `exit code ${code}`));
    });
  }

  /** @throws InfrastructureError where the process ends first */
  async take(length: number): Promise<Buffer> {
    while (this.#length < length) {
      if (this.#lost) throw this.#lost;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = all.length > length ? [all.subarray(length)] : [];
    this.#length = all.length - length;
    return all.subarray(0, length);
  }

  ended(): Promise<void> {
    return this.#end;
  }
}
