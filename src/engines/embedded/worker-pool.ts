// The engine's compute workers: hands each job to the next free one, in order, and turns a worker's death into an
// error for whoever waits. It does not know what the jobs do.

import type { Worker } from "node:worker_threads";
import { DivergenceError, EngineError, StorageError } from "../../core/errors.js";
import { startWorker } from "../../core/worker.js";
import type { Device } from "./devices.js";
import { BUSY, CLOSING, type JobKind, type Jobs, type Reply, type Request, type WorkerSetup } from "./jobs.js";
import type { Drawn } from "./sampling/sampler.js";

interface Pending {
  readonly request: Request;
  readonly onDrawn: ((drawn: Drawn) => void) | undefined;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** What a worker runs. */
const MODULES: Readonly<Record<Device, URL>> = {
  cpu: new URL("./worker.js", import.meta.url),
  webgpu: new URL("./webgpu/worker.js", import.meta.url),
};

/** Those of a worker that keep their class. */
const ERRORS: Readonly<Record<string, new (message: string) => Error>> = { DivergenceError, StorageError };

const EXIT_WAIT_MS = 10_000;

export class WorkerPool {
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #running = new Map<Worker, Pending>();
  readonly #waiting: Pending[] = [];
  readonly #exits: Promise<void>[] = [];
  readonly #control: Int32Array;
  #failure: EngineError | undefined;

  constructor(count: number, setup: WorkerSetup) {
    this.#control = new Int32Array(setup.control);
    this.#workers = Array.from({ length: count }, () => this.#start(setup));
    this.#idle = [...this.#workers];
    process.once("exit", this.#awaitKernels);
  }

  run<Kind extends JobKind>(
    kind: Kind,
    job: Jobs[Kind]["job"],
    onDrawn?: (drawn: Drawn) => void,
  ): Promise<Jobs[Kind]["result"]> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request: { kind, job }, onDrawn, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#fail(new EngineError("the engine is closed"));
    this.#stop();
    await Promise.all(this.#exits);
    process.off("exit", this.#awaitKernels);
  }

  #start(setup: WorkerSetup): Worker {
    const worker = startWorker(MODULES[setup.device], { workerData: setup });
    worker.on("message", (reply: Reply) => this.#onReply(worker, reply));
    worker.on("error", (error) => this.#die(error));
    this.#exits.push(
      new Promise((resolve) => {
        worker.on("exit", (code) => {
          this.#die(new Error(`exit code ${code}`));
          resolve();
        });
      }),
    );
    return worker;
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const worker = this.#idle.shift() as Worker;
      const pending = this.#waiting.shift() as Pending;
      this.#running.set(worker, pending);
      worker.postMessage(pending.request, []);
    }
  }

  #onReply(worker: Worker, reply: Reply): void {
    const pending = this.#running.get(worker);
    if (!pending) return;
    if (reply.kind === "drawn") {
      try {
        pending.onDrawn?.(reply.drawn);
      } catch (error) {
        // The listener's error is the caller's, not this thread's.
        pending.reject(error as Error);
      }
      return;
    }
    this.#running.delete(worker);
    this.#idle.push(worker);
    if (reply.kind === "done") pending.resolve(reply.result as never);
    else pending.reject(new (ERRORS[reply.name] ?? EngineError)(reply.message));
    this.#dispatch();
  }

  /** The others may wait for the dead one's gradient: none can go on. */
  #die(cause: Error): void {
    if (this.#failure) return;
    this.#fail(new EngineError(`a compute worker of the engine died: ${cause.message}`, { cause }));
    this.#stop();
  }

  /** A process that exits while a worker is inside ONNX Runtime would abort: waits for the kernels in progress. */
  readonly #awaitKernels = (): void => {
    Atomics.store(this.#control, CLOSING, 1);
    const deadline = performance.now() + EXIT_WAIT_MS;
    for (let busy = Atomics.load(this.#control, BUSY); busy > 0; busy = Atomics.load(this.#control, BUSY)) {
      if (performance.now() > deadline) return;
      Atomics.wait(this.#control, BUSY, busy, EXIT_WAIT_MS);
    }
  };

  /** Lets each worker end by itself, after the kernel it may be in. */
  #stop(): void {
    Atomics.store(this.#control, CLOSING, 1);
    for (const worker of this.#workers) worker.postMessage({ kind: "close" } satisfies Request, []);
  }

  #fail(failure: EngineError): void {
    this.#failure ??= failure;
    for (const { reject } of [...this.#running.values(), ...this.#waiting.splice(0)]) reject(failure);
    this.#running.clear();
  }
}
