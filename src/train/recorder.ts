// Writes what a step leaves behind, beside the work of the next: the loop hands it over and goes on, and it is written as
// soon as the engine is busy. A checkpoint waits for it (session.ts), so that none is ahead of its records.

import type { StepMetrics } from "../runs/metrics.js";
import type { RolloutRecord } from "../runs/records.js";
import type { RunDirectory } from "../runs/run-directory.js";

export class Recorder {
  readonly #run: RunDirectory;
  #last: Promise<void> = Promise.resolve();

  constructor(run: RunDirectory) {
    this.#run = run;
  }

  /** Rollouts first: a step that has metrics has its rollouts. @throws what writing the step before came to */
  async add(metrics: StepMetrics, rollouts: () => readonly RolloutRecord[]): Promise<void> {
    await this.#last;
    this.#last = this.#write(metrics, rollouts);
    // Whoever waits for it next is told.
    this.#last.catch(() => {});
  }

  /** Waits until all is written. */
  flush(): Promise<void> {
    return this.#last;
  }

  async #write(metrics: StepMetrics, rollouts: () => readonly RolloutRecord[]): Promise<void> {
    await new Promise(setImmediate);
    this.#run.writeRollouts(metrics.step, rollouts());
    this.#run.appendMetrics(metrics);
  }
}
