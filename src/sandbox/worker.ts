// The thread that holds a guest: one message in, one message out. The pool is on the other side (sandbox.ts).

import { parentPort, workerData } from "node:worker_threads";
import { InfrastructureError, messageOf } from "../core/errors.js";
import { stringifyJson } from "../core/json.js";
import type { Guest, GuestStart } from "./guest.js";
import { JavaScriptGuest } from "./javascript/javascript.js";
import type { Place, WireExecution, WireJob } from "./job.js";
import type { Image } from "./python/interpreter.js";
import { PythonGuest } from "./python/python.js";

export interface WorkerStart {
  readonly place: Place;
  readonly image: Image | null;
  /** Shared with the watchdog: polls so far. */
  readonly progress: Int32Array;
}

export type WorkerMessage =
  | { readonly kind: "ready"; readonly engine: string; readonly image: Image | null }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "loading" | "loaded" }
  | (WireExecution & { readonly kind: "done"; readonly worn: boolean });

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new InfrastructureError("worker.ts runs in a worker thread only");
  const { place, image, progress } = workerData as WorkerStart;
  const post = (message: WorkerMessage): void => port.postMessage(message, []);
  const onLoading = (loading: boolean): void => post({ kind: loading ? "loading" : "loaded" });
  const guest = await openGuest(place, image, { progress, onLoading });
  const perform = async (job: WireJob): Promise<void> => {
    const { reply, ...execution } = await guest.run(job);
    const { worn } = guest;
    post({ kind: "done", execution, reply: reply && stringifyJson(reply), worn });
    if (!worn) guest.tidy();
  };
  port.on("message", (job: WireJob) => {
    perform(job).catch((error: unknown) => post({ kind: "broken", message: messageOf(error) }));
  });
  post({ kind: "ready", engine: guest.engine, image: image ? null : guest.image });
}

function openGuest(place: Place, image: Image | null, start: GuestStart): Promise<Guest> {
  const { language } = place;
  switch (language) {
    case "python":
      return PythonGuest.open(place, image, start);
    case "javascript":
      return JavaScriptGuest.open(place.world, start);
    default:
      return language satisfies never;
  }
}

main().catch((error: unknown) => {
  parentPort?.postMessage({ kind: "broken", message: messageOf(error) } satisfies WorkerMessage, []);
});
