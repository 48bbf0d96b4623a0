// One place in the pool: a thread with an interpreter, its watchdog, and its replacement when it dies.

import type { Worker } from "node:worker_threads";
import { InfrastructureError } from "../core/errors.js";
import { startWorker } from "../core/worker.js";
import { type Execution, fromWire, type Job, type Place, toWire, type WireExecution, type WireJob } from "./job.js";
import type { Image } from "./python/interpreter.js";
import type { WorkerMessage, WorkerStart } from "./worker.js";

/** A program that makes no poll for this many times its limit hangs in C code; one that does is left to its budget. */
const SILENCE_FACTOR = 2;
const SILENCE_MIN_MS = 2000;
/** Wall clock, in limits, after which the thread is given up: by then it should have stopped the program itself. */
const WALL_FACTOR = 30;
const START_TIMEOUT_MS = 120_000;
/** Memoised recursion overflows the default stack of 4 MB and takes the interpreter with it. */
const STACK_MB = 256;

interface Thread {
  readonly worker: Worker;
  readonly progress: Int32Array;
  readonly engine: string;
}

export type ShareImage = (make: () => Promise<Image | null>) => Promise<Image | null>;

/** Something that runs one job at a time. */
export interface Room {
  /** Which interpreter, once it is ready. */
  readonly engine: string;
  run(job: Job): Promise<Execution>;
  ready(): Promise<void>;
}

/** A room of the pool's own. */
export interface OpenRoom extends Room {
  close(): Promise<void>;
}

/** The first slot to start makes the image; the others wait for it. A failed attempt is not remembered. */
export function sharedImage(): ShareImage {
  let image: Promise<Image | null> | null = null;
  return async (make) => {
    image ??= make();
    try {
      return await image;
    } catch (error) {
      image = null;
      throw error;
    }
  };
}

export class Slot implements OpenRoom {
  readonly #place: Place;
  readonly #shareImage: ShareImage;
  #thread: Promise<Thread> | null = null;
  #engine = "";

  constructor(place: Place, shareImage: ShareImage) {
    this.#place = place;
    this.#shareImage = shareImage;
  }

  get engine(): string {
    return this.#engine;
  }

  /**
   * Runs one job. A thread that dies under it is replaced and the job tried once more: dying twice is the program's
   * doing.
   *
   * @throws InfrastructureError where no interpreter starts
   */
  async run(job: Job): Promise<Execution> {
    return fromWire(await this.exchange(toWire(job)));
  }

  /** {@link run}, for a caller in another process. */
  async exchange(job: WireJob): Promise<WireExecution> {
    return (await this.#attempt(job)) ?? (await this.#attempt(job)) ?? failure("crashed", "the interpreter died twice");
  }

  async ready(): Promise<void> {
    await this.#running();
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    if (thread) await thread.then(({ worker }) => worker.terminate()).catch(() => {});
  }

  async #attempt(job: WireJob): Promise<WireExecution | null> {
    const thread = await this.#running();
    const outcome = await watch(thread, job);
    if (outcome.replace) {
      this.#thread = null;
      // Nobody waits for the old thread, and the new one is ready when the next program comes.
      thread.worker.terminate().catch(() => {});
      this.#thread = this.#start();
      this.#thread.catch(() => {});
    }
    return outcome.answer;
  }

  /** The thread, started where there is none. A failed start is not remembered: the next caller tries again. */
  async #running(): Promise<Thread> {
    this.#thread ??= this.#start();
    try {
      const thread = await this.#thread;
      this.#engine = thread.engine;
      return thread;
    } catch (error) {
      this.#thread = null;
      throw error;
    }
  }

  async #start(): Promise<Thread> {
    let made: Thread | null = null;
    const image = await this.#shareImage(async () => {
      const { thread, image } = await startThread(this.#place, null);
      made = thread;
      return image;
    });
    return made ?? (await startThread(this.#place, image)).thread;
  }
}

/** Starts a thread and waits until its interpreter is ready. */
function startThread(place: Place, image: Image | null): Promise<{ thread: Thread; image: Image | null }> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const worker = startWorker(new URL("./worker.js", import.meta.url), {
    workerData: { place, image, progress } satisfies WorkerStart,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  worker.unref();
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      worker.terminate().catch(() => {});
      reject(new InfrastructureError(`the interpreter does not start: ${why}`));
    };
    const timer = setTimeout(() => fail(`not ready after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    worker.once("error", (error) => fail(error.message));
    worker.once("exit", () => fail("its thread ended"));
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "broken") fail(message.message);
      else if (message.kind === "ready") {
        clearTimeout(timer);
        worker.removeAllListeners("message").removeAllListeners("exit").removeAllListeners("error");
        worker.on("error", () => {});
        resolve({ thread: { worker, progress, engine: message.engine }, image: message.image });
      }
    });
  });
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
        settle({ answer: { execution: message.execution, reply: message.reply }, replace: message.worn });
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
      settle({ answer: failure("timed-out", message, now - started), replace: true });
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
