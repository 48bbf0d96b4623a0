// What every compute worker does whatever it computes with: takes one job at a time, replies, and says when it is
// inside ONNX Runtime.

import { parentPort } from "node:worker_threads";
import { EngineError, messageOf } from "../../core/errors.js";
import type { Runtime } from "./graph/program.js";
import { BUSY, CLOSING, type JobKind, type Jobs, type Reply, type Request } from "./jobs.js";

type Handlers = { readonly [Kind in JobKind]: (job: Jobs[Kind]["job"]) => Promise<Jobs[Kind]["result"]> };

/** Counts this worker as busy, see {@link BUSY}. @throws EngineError once the engine is closing */
export function guardOf(control: Int32Array): Runtime["guard"] {
  return async (run) => {
    Atomics.add(control, BUSY, 1);
    try {
      if (Atomics.load(control, CLOSING)) throw new EngineError("the engine is closed");
      return await run();
    } finally {
      Atomics.sub(control, BUSY, 1);
      Atomics.notify(control, BUSY);
    }
  };
}

export function reply(message: Reply): void {
  parentPort?.postMessage(message, []);
}

export function serve(handlers: Handlers): void {
  const handle = async <Kind extends JobKind>(kind: Kind, job: Jobs[Kind]["job"]): Promise<void> => {
    try {
      reply({ kind: "done", result: await handlers[kind](job) });
    } catch (error) {
      reply({ kind: "failed", message: messageOf(error), name: error instanceof Error ? error.name : "" });
    }
  };
  parentPort?.on("message", (request: Request) => {
    if (request.kind === "close") parentPort?.close();
    else void handle(request.kind, request.job as never);
  });
}
