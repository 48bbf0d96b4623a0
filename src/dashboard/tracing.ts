// The sandbox behind the trace view: opened when a program is traced, one worker, closed when nobody has asked for a while.
// What a trace says is trace.ts.

import { CancelledError, InfrastructureError } from "../core/errors.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { Turns } from "./turns.js";

const MAXIMUM_WAITING = 8;
/** Far beyond the limits that the sandbox has itself: a trace takes several runs of a program. */
const DEADLINE_MS = 60_000;
const IDLE_MS = 120_000;

export interface TracingOptions {
  readonly deadlineMs?: number | undefined;
  readonly idleMs?: number | undefined;
}

export class Tracing {
  readonly #turns = new Turns("programs to be traced", MAXIMUM_WAITING);
  readonly #deadlineMs: number;
  readonly #idleMs: number;
  #sandbox: Promise<Sandbox> | null = null;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ deadlineMs = DEADLINE_MS, idleMs = IDLE_MS }: TracingOptions = {}) {
    this.#deadlineMs = deadlineMs;
    this.#idleMs = idleMs;
  }

  /** Whether there is a sandbox now. */
  get isOpen(): boolean {
    return this.#sandbox !== null;
  }

  /** @throws OverloadError where too many wait, InfrastructureError where the sandbox fails or takes too long */
  use<T>(ask: (sandbox: Sandbox) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      if (this.#closed) throw new CancelledError("the dashboard is closing");
      clearTimeout(this.#idle);
      try {
        return await this.#inTime(ask(await this.#opened()));
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

  async #inTime<T>(trace: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new InfrastructureError(`no trace within ${this.#deadlineMs / 1000} s`)),
        this.#deadlineMs,
      );
    });
    try {
      return await Promise.race([trace, late]);
    } catch (error) {
      // What still runs in it would make the next one wait.
      if (error instanceof InfrastructureError) await this.#forget();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #forget(): Promise<void> {
    const sandbox = this.#sandbox;
    this.#sandbox = null;
    await (await sandbox?.catch(() => null))?.close();
  }
}
