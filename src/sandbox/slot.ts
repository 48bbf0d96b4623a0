// One place in the pool: a thread with an interpreter, its watchdog, and its replacement when it dies.

import { CancelledError, InfrastructureError } from "../core/errors.js";
import { type Execution, fromWire, type Job, toWire, type WireExecution, type WireJob } from "./job.js";
import { START_TIMEOUT_MS, type Thread, type Threads } from "./threads.js";
import type { WorkerMessage } from "./worker.js";

/** A program that makes no poll for this many times its limit hangs in C code; one that does is left to its budget. */
const SILENCE_FACTOR = 2;
const SILENCE_MIN_MS = 2000;
/** Wall clock, in limits, after which the thread is given up: by then it should have stopped the program itself. */
const WALL_FACTOR = 30;
/** What Node gives as the number of a thread that is no more. */
const ENDED = -1;

/** Something that runs one job at a time. */
export interface Room {
  /** Which interpreter, once it is ready. */
  readonly engine: string;
  run(job: Job): Promise<Execution>;
  ready(): Promise<void>;
}

/** A room whose caller may change its mind. */
export interface CancellableRoom extends Room {
  /** Ends what runs in it: the caller gets a CancelledError. */
  cancel(): void;
}

/** A room of the pool's own. */
export interface OpenRoom extends CancellableRoom {
  close(): Promise<void>;
}

export class Slot implements OpenRoom {
  readonly #threads: Threads;
  #thread: Promise<Thread> | null = null;
  #engine = "";
  #running = false;
  #cancelled = false;
  #closed = false;

  constructor(threads: Threads) {
    this.#threads = threads;
  }

  get engine(): string {
    return this.#engine;
  }

  /**
   * Runs one job. A thread that dies under it is replaced and the job tried once more: dying twice is the program's
   * doing.
   *
   * @throws InfrastructureError where no interpreter starts
   * @throws CancelledError where `cancel` was called meanwhile
   */
  async run(job: Job): Promise<Execution> {
    return fromWire(await this.exchange(toWire(job)));
  }

  /** {@link run}, for a caller in another process. */
  async exchange({ next, ...job }: WireJob): Promise<WireExecution> {
    this.#cancelled = false;
    this.#running = true;
    try {
      // What goes wrong among several may be the fault of any of them: then the first is run alone.
      const together = next ? await this.#attempt({ ...job, next }) : null;
      return (
        together ??
        (await this.#attempt(job)) ??
        (await this.#attempt(job)) ??
        failure("crashed", "the interpreter died twice")
      );
    } finally {
      this.#running = false;
    }
  }

  /** Too late, it does nothing: what runs next is somebody else's. */
  cancel(): void {
    if (!this.#running) return;
    this.#cancelled = true;
    this.#thread?.then(({ worker }) => worker.terminate()).catch(() => {});
  }

  async ready(): Promise<void> {
    await this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    this.#thread = null;
    if (thread) await thread.then(({ worker }) => worker.terminate()).catch(() => {});
  }

  async #attempt(job: WireJob): Promise<WireExecution | null> {
    const thread = await this.#open();
    const outcome = await watch(thread, job);
    // Its answer may have come after all, but a thread that was called off ends all the same.
    if ((outcome.replace || this.#cancelled) && !this.#closed) this.#replace(thread);
    if (this.#cancelled) throw new CancelledError("the run was cancelled");
    return outcome.answer;
  }

  /** The thread, started where there is none. A failed start is not remembered: the next caller tries again. */
  async #open(): Promise<Thread> {
    if (this.#closed) throw new InfrastructureError("the sandbox is closed");
    this.#thread ??= this.#threads.start();
    try {
      const thread = await this.#thread;
      this.#engine = thread.engine;
      if (thread.worker.threadId !== ENDED) return thread;
      this.#replace(thread);
    } catch (error) {
      this.#thread = null;
      throw error;
    }
    return this.#open();
  }

  #replace(thread: Thread): void {
    this.#thread = this.#threads.replace(thread);
    this.#thread.catch(() => {});
  }
}

interface Watched {
  /** Null where the thread died without an answer. */
  readonly answer: WireExecution | null;
  readonly replace: boolean;
}

/** Posts a job and waits for the answer, the thread's death, or too long a silence. */
function watch({ worker, progress }: Thread, job: WireJob): Promise<Watched> {
  const silenceMs = Math.max(SILENCE_MIN_MS, SILENCE_FACTOR * job.limits.timeMs);
  const wallMs = Math.max(3 * SILENCE_MIN_MS, WALL_FACTOR * job.limits.timeMs);
  return new Promise((resolve) => {
    const started = performance.now();
    let polls = progress[0];
    let heard = started;
    const settle = (watched: Watched): void => {
      clearInterval(timer);
      worker.off("message", onMessage).off("error", onDeath).off("exit", onDeath);
      resolve(watched);
    };
    const onMessage = (message: WorkerMessage): void => {
      if (message.kind === "done") {
        const { worn, kind: _, ...answer } = message;
        settle({ answer, replace: worn });
      } else if (message.kind === "loading") heard = performance.now() + START_TIMEOUT_MS;
      else if (message.kind === "loaded") heard = performance.now();
      else if (message.kind === "broken") settle({ answer: null, replace: true });
    };
    const onDeath = (): void => settle({ answer: null, replace: true });
    const check = (): void => {
      const now = performance.now();
      if (progress[0] !== polls) heard = now;
      polls = progress[0];
      if (now - heard < silenceMs && now - started < wallMs) return;
      const message = `no sign of life for ${Math.round((now - heard) / 1000)} s`;
      settle({ answer: job.next ? null : failure("timed-out", message, now - started), replace: true });
    };
    const timer = setInterval(check, Math.min(100, silenceMs / 10));
    worker.on("message", onMessage).on("error", onDeath).on("exit", onDeath);
    worker.postMessage(job, []);
  });
}

function failure(kind: "timed-out" | "crashed", message: string, cpuMs = 0): WireExecution {
  const ending = { kind, message };
  return { execution: { ending, stdout: "", stdoutIsText: true, work: 0, outputBytes: 0, cpuMs }, reply: null };
}
