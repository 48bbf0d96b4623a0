// Writes what a step leaves behind, beside the work of the next: the loop hands it over and goes on, and it is written as
// soon as the engine is busy. A checkpoint waits for it (session.ts), so that none is ahead of its records.

import type { StepMetrics } from "../runs/metrics.js";
import type { RolloutRecord, TokenRecord } from "../runs/records.js";
import type { RunDirectory } from "../runs/run-directory.js";

/** What a step leaves behind; what takes time to put together is made when it is written. */
export interface StepRecords {
  readonly metrics: StepMetrics;
  readonly rollouts: () => readonly RolloutRecord[];
  /** null where none are asked for. */
  readonly tokens: (() => Iterable<TokenRecord>) | null;
}

export class Recorder {
  readonly #run: RunDirectory;
  #last: Promise<void> = Promise.resolve();

  constructor(run: RunDirectory) {
    this.#run = run;
  }

  /** Metrics last: a step that has metrics has its rollouts. @throws what writing the step before came to */
  async add(records: StepRecords): Promise<void> {
    await this.#last;
    this.#last = this.#write(records);
    // Whoever waits for it next is told.
    this.#last.catch(() => {});
  }

  /** Waits until all is written. */
  flush(): Promise<void> {
    return this.#last;
  }

  async #write({ metrics, rollouts, tokens }: StepRecords): Promise<void> {
    await new Promise(setImmediate);
    if (tokens) this.#run.writeTokens(metrics.step, tokens());
    this.#run.writeRollouts(metrics.step, rollouts());
    this.#run.appendMetrics(metrics);
  }
}
