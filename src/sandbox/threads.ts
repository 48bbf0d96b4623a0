// The threads of one kind: all start from the same saved image, and once one has died another waits ready for the next
// that does. Not here: what runs in them and how long (slot.ts).

import type { Worker } from "node:worker_threads";
import { InfrastructureError } from "../core/errors.js";
import { startWorker } from "../core/worker.js";
import type { Place } from "./job.js";
import type { Image } from "./python/interpreter.js";
import type { WorkerMessage, WorkerStart } from "./worker.js";

export const START_TIMEOUT_MS = 120_000;
/** Memoised recursion overflows the default stack of 4 MB and takes the interpreter with it. */
const STACK_MB = 256;

export interface Thread {
  readonly worker: Worker;
  readonly progress: Int32Array;
  readonly engine: string;
}

export class Threads {
  readonly #place: Place;
  #image: Promise<Image | null> | null = null;
  #spare: Promise<Thread> | null = null;
  #closed = false;

  constructor(place: Place) {
    this.#place = place;
  }

  /** A thread that is ready. @throws InfrastructureError where none starts; the next caller tries again */
  start(): Promise<Thread> {
    const spare = this.#spare;
    this.#spare = null;
    // Where a spare did not start, the reason may have gone.
    return spare ? spare.catch(() => this.#startNew()) : this.#startNew();
  }

  /** Ends a thread and gives the one that takes its place. From the first time on another is kept ready. */
  async replace(old: Thread): Promise<Thread> {
    // Nobody waits for the old one.
    old.worker.terminate().catch(() => {});
    const thread = await this.start();
    if (!this.#closed) {
      this.#spare ??= this.#startNew();
      this.#spare.catch(() => {});
    }
    return thread;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const spare = this.#spare;
    this.#spare = null;
    await spare?.then(({ worker }) => worker.terminate()).catch(() => {});
  }

  /** The first to start makes the image; the others wait for it. A failed attempt is not remembered. */
  async #startNew(): Promise<Thread> {
    if (this.#image) return (await startThread(this.#place, await this.#image)).thread;
    const first = startThread(this.#place, null);
    this.#image = first.then(({ image }) => image);
    this.#image.catch(() => {
      this.#image = null;
    });
    return (await first).thread;
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
