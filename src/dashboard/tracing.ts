// The sandbox behind the trace view: opened when a program is traced, one worker, closed when nobody has asked for a while.
// What a trace says is trace.ts.

import { CancelledError, InfrastructureError } from "../core/errors.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { RefusedRequest } from "./refusal.js";
import { Turns } from "./turns.js";

const MAXIMUM_WAITING = 8;
/** A trace takes several runs of a program, and others wait behind it. */
const DEADLINE_MS = 10_000;
/** What has been called off ends within this; what does not, ends with its sandbox. */
const GRACE_MS = 2000;
const IDLE_MS = 120_000;

export interface TracingOptions {
  readonly deadlineMs?: number | undefined;
  readonly idleMs?: number | undefined;
  readonly graceMs?: number | undefined;
}

export class Tracing {
  readonly #turns = new Turns("programs to be traced", MAXIMUM_WAITING);
  readonly #deadlineMs: number;
  readonly #idleMs: number;
  readonly #graceMs: number;
  #sandbox: Promise<Sandbox> | null = null;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ deadlineMs = DEADLINE_MS, idleMs = IDLE_MS, graceMs = GRACE_MS }: TracingOptions = {}) {
    this.#deadlineMs = deadlineMs;
    this.#idleMs = idleMs;
    this.#graceMs = graceMs;
  }

  /** Whether there is a sandbox now. */
  get isOpen(): boolean {
    return this.#sandbox !== null;
  }

  /**
   * @param ask  ends soon after its signal
   * @param signal  of who asks: aborted, what waits does not begin, and what runs ends
   * @throws OverloadError where too many wait, CancelledError where it was called off, RefusedRequest where it took too
   *   long, InfrastructureError where the sandbox fails
   */
  use<T>(ask: (sandbox: Sandbox, signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turns.take(async () => {
      if (this.#closed) throw new CancelledError("the dashboard is closing");
      if (signal?.aborted) throw new CancelledError("nobody waits for the trace any more");
      clearTimeout(this.#idle);
      try {
        return await this.#inTime(await this.#opened(), ask, signal);
      } finally {
        this.#idle = setTimeout(() => void this.#forget(), this.#idleMs).unref();
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    await this.#forget();
  }

  async #opened(): Promise<Sandbox> {
    this.#sandbox ??= openSandbox({ workers: 1, wall: "auto" });
    try {
      return await this.#sandbox;
    } catch (error) {
      this.#sandbox = null;
      throw error;
    }
  }

  async #inTime<T>(
    sandbox: Sandbox,
    ask: (sandbox: Sandbox, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const ending = new AbortController();
    const leave = (): void => ending.abort();
    signal?.addEventListener("abort", leave);
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      ending.abort();
    }, this.#deadlineMs);
    try {
      return await Promise.race([ask(sandbox, ending.signal), overdue(ending.signal, this.#graceMs)]);
    } catch (error) {
      // It failed because it was ended, which is nobody's fault.
      if (this.#closed) throw new CancelledError("the dashboard is closing");
      // What still runs in it would make the next one wait.
      if (error instanceof InfrastructureError) await this.#forget();
      if (!isLate) throw error;
      const message = `tracing took too long: given up after ${this.#deadlineMs / 1000} s; trace it on a smaller input`;
      throw new RefusedRequest(503, message);
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", leave);
    }
  }

  async #forget(): Promise<void> {
    const sandbox = this.#sandbox;
    this.#sandbox = null;
    await (await sandbox?.catch(() => null))?.close();
  }
}

/** Rejects some time after the signal. */
function overdue(signal: AbortSignal, graceMs: number): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener(
      "abort",
      () =>
        setTimeout(
          () => reject(new InfrastructureError("a trace did not end when it was called off")),
          graceMs,
        ).unref(),
      { once: true },
    );
  });
}
