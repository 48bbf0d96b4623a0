// A room for one lease: the caller's own for as long as it has it, whatever it does or leaves undone. Its jobs run one
// after another, and none begins or goes on once the lease is called off or over.

import { CancelledError } from "../core/errors.js";
import type { Execution, Job } from "./job.js";
import type { CancellableRoom, Room } from "./slot.js";

export class LeasedRoom implements Room {
  readonly #room: CancellableRoom;
  readonly #signal: AbortSignal | undefined;
  readonly #cancel = (): void => {
    this.#over = true;
    if (this.#running) this.#room.cancel();
  };
  #over: boolean;
  #running = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(room: CancellableRoom, signal: AbortSignal | undefined) {
    this.#room = room;
    this.#signal = signal;
    this.#over = signal?.aborted ?? false;
    signal?.addEventListener("abort", this.#cancel, { once: true });
  }

  get engine(): string {
    return this.#room.engine;
  }

  ready(): Promise<void> {
    return this.#room.ready();
  }

  run(job: Job): Promise<Execution> {
    const execution = this.#last.then(() => this.#begin(job));
    this.#last = execution.catch(() => {});
    return execution;
  }

  /** Ends what the caller has not waited for. */
  async end(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#cancel);
    this.#cancel();
    await this.#last;
  }

  async #begin(job: Job): Promise<Execution> {
    if (this.#over) throw new CancelledError("cancelled before it ran");
    this.#running = true;
    try {
      return await this.#room.run(job);
    } finally {
      this.#running = false;
    }
  }
}
