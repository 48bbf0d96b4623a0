// Comparisons as they are asked for: one at a time in a thread, kept until a run has changed. What they say is compare.ts.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { CancelledError, InfrastructureError } from "../../core/errors.js";
import { startWorker } from "../../core/worker.js";
import type { ComparisonTable } from "../api/runs.js";
import { Turns } from "../turns.js";
import type { Compared } from "./compare.js";

const MAXIMUM_KEPT = 16;
const MAXIMUM_WAITING = 8;
/** What a comparison is made from. */
const FILES = ["run.json", "config.yaml", "eval", join("eval", "samples"), "samples"];

export class Comparer {
  readonly #kept = new Map<string, Promise<ComparisonTable>>();
  readonly #turns = new Turns("comparisons", MAXIMUM_WAITING);
  #worker: Worker | null = null;
  #closed = false;

  /** @throws OverloadError where too many are asked for at once */
  compare(compared: readonly Compared[]): Promise<ComparisonTable> {
    const key = JSON.stringify(compared.map(stateOf));
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const made = this.#turns.take(() => this.#make(compared));
    this.#kept.set(key, made);
    made.catch(() => this.#kept.delete(key));
    for (const old of [...this.#kept.keys()].slice(0, -MAXIMUM_KEPT)) this.#kept.delete(old);
    return made;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #make(compared: readonly Compared[]): Promise<ComparisonTable> {
    const closing = (): CancelledError => new CancelledError("the dashboard is closing");
    if (this.#closed) return Promise.reject(closing());
    return new Promise((resolve, reject) => {
      const worker = startWorker(new URL("./worker.js", import.meta.url), { workerData: compared });
      this.#worker = worker;
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", (code) =>
        reject(this.#closed ? closing() : new InfrastructureError(`the comparison's thread ended with ${code}`)),
      );
    });
  }
}

function stateOf({ path }: Compared): string {
  const times = FILES.map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  // A folder of evaluations holds its records itself.
  return [path, statSync(path, { throwIfNoEntry: false })?.mtimeMs, ...times].join(" ");
}
