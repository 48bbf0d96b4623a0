// The thread that holds an interpreter: one message in, one message out. The pool is on the other side (sandbox.ts).

import { parentPort, workerData } from "node:worker_threads";
import { InfrastructureError, messageOf } from "../core/errors.js";
import { stringifyJson } from "../core/json.js";
import { cross } from "./crossing.js";
import { type Image, Interpreter } from "./interpreter.js";
import type { Execution, WireJob, World } from "./job.js";

export interface WorkerStart {
  readonly world: World;
  readonly image: Image | null;
  /** Shared with the watchdog: polls so far. */
  readonly progress: Int32Array;
}

export type WorkerMessage =
  | { readonly kind: "image"; readonly image: Image }
  | { readonly kind: "ready" }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "loading" | "loaded" }
  | {
      readonly kind: "done";
      readonly execution: Omit<Execution, "reply">;
      readonly reply: string | null;
      readonly worn: boolean;
    };

/** Memory of the interpreter grows and never shrinks: past this a fresh thread takes over. */
const WORN_BYTES = 64 * 1024 * 1024;

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new InfrastructureError("worker.ts runs in a worker thread only");
  const { world, image: given, progress } = workerData as WorkerStart;
  const post = (message: WorkerMessage): void => port.postMessage(message, []);
  const { interpreter, image } = await Interpreter.open(world, given ?? undefined, progress);
  if (!given) post({ kind: "image", image });
  let peer: Interpreter | null = null;
  let session: string | undefined;

  const perform = async (job: WireJob): Promise<void> => {
    if (job.session === undefined || job.session !== session) interpreter.restore();
    if (job.peer && !peer) {
      post({ kind: "loading" });
      peer = (await Interpreter.open(world, image, progress)).interpreter;
      post({ kind: "loaded" });
    }
    const { reply, ...execution } = job.peer && peer ? cross(interpreter, peer, job) : interpreter.run(job);
    session = reply?.clean === true ? job.session : undefined;
    const worn = interpreter.growth + (peer?.growth ?? 0) > WORN_BYTES;
    post({ kind: "done", execution, reply: reply && stringifyJson(reply), worn });
    if (session === undefined && !worn) interpreter.restore();
  };
  port.on("message", (job: WireJob) => {
    perform(job).catch((error: unknown) => post({ kind: "broken", message: messageOf(error) }));
  });
  post({ kind: "ready" });
}

main().catch((error: unknown) => {
  parentPort?.postMessage({ kind: "broken", message: messageOf(error) } satisfies WorkerMessage, []);
});
