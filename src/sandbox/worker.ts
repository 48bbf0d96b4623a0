// The thread that holds a guest: one message in, one message out, each with one job or several. The pool is on the other
// side (sandbox.ts).

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

/** What is asked for next is begun without a word within this time of a message: waiting for words costs more. */
const GO_MS = 5;

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new InfrastructureError("worker.ts runs in a worker thread only");
  const { place, image, progress } = workerData as WorkerStart;
  const post = (message: WorkerMessage): void => port.postMessage(message, []);
  const onLoading = (loading: boolean): void => post({ kind: loading ? "loading" : "loaded" });
  const guest = await openGuest(place, image, { progress, onLoading });
  const perform = async (job: WireJob): Promise<void> => {
    const until = performance.now() + GO_MS;
    const answer = await answerTo(guest, job);
    const next: WireExecution[] = [];
    for (let last = answer; next.length < (job.next?.length ?? 0); next.push(last)) {
      if (last.execution.ending.kind !== "finished" || performance.now() > until || guest.worn) break;
      guest.tidy();
      last = await answerTo(guest, (job.next as readonly WireJob[])[next.length]);
    }
    const { worn } = guest;
    post({ kind: "done", ...answer, next, worn });
    if (!worn) guest.tidy();
  };
  port.on("message", (job: WireJob) => {
    perform(job).catch((error: unknown) => post({ kind: "broken", message: messageOf(error) }));
  });
  post({ kind: "ready", engine: guest.engine, image: image ? null : guest.image });
}

async function answerTo(guest: Guest, job: WireJob): Promise<WireExecution> {
  const { reply, ...execution } = await guest.run(job);
  return { execution, reply: reply && stringifyJson(reply) };
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
