// The index of a run's rollouts: read from its files once, the newest step first, in slices beside other work; kept in
// files beside them where that can be, and in memory. It follows a run that goes on, and one that was cut back and has
// written its steps again. Questions are asked of what has been indexed so far (view.ts).

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, StorageError } from "../../core/errors.js";
import type { IndexProgress } from "../api/rollouts.js";
import { emptyTables, GrowingRows } from "./growing.js";
import { Listing } from "./listing.js";
import { addRollouts } from "./read-step.js";
import { readSegment, type Skipped, type StepRows, segmentNames, writeSegment } from "./segment-file.js";
import { Slices } from "./slices.js";

/** A file of the index holds at least so many rollouts; fewer are read again when the run is opened the next time. */
const SEGMENT_ROWS = 1 << 15;
/** Steps are written again from some step on: where so many of the newest are as they were, so are those before. */
const ENOUGH_UNCHANGED = 64;

export class RolloutIndex {
  readonly tables = emptyTables();
  readonly #listing: Listing;
  readonly #steps = new Map<number, StepRows>();
  #growing = new GrowingRows(this.tables);
  #growingSteps: StepRows[] = [];
  #generation = 0;
  #note: string | null = null;
  #begun: Promise<void> | null = null;
  #work: Promise<void> | null = null;
  /** One file is read at a time. */
  #reading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly runPath: string,
    private readonly segmentRows = SEGMENT_ROWS,
  ) {
    this.#listing = new Listing(runPath);
  }

  /** A number that changes with every change. */
  get generation(): number {
    return this.#generation;
  }

  /** Every step that the run has a file of, the newest first. */
  get listed(): readonly number[] {
    return this.#listing.steps;
  }

  /** Those indexed so far, in no order. */
  get indexed(): ReadonlyMap<number, StepRows> {
    return this.#steps;
  }

  path(step: number): string {
    return this.#listing.path(step);
  }

  progress(): IndexProgress {
    let [rollouts, skipped] = [0, 0];
    for (const step of this.#steps.values()) {
      rollouts += step.count;
      skipped += step.skipped.count;
    }
    return { steps: this.#steps.size, of: this.listed.length, rollouts, skipped, note: this.#note };
  }

  /** Notices what has changed in the folder, and goes on reading; the newest step is there when it returns. */
  async follow(): Promise<void> {
    this.#begun ??= this.#begin();
    await this.#begun;
    if (await this.#listing.refresh()) await this.#compare();
    const newest = this.listed[0];
    if (newest !== undefined) await this.step(newest);
    this.#goOn();
  }

  /** One step as its file is now; null where there is none. */
  async step(step: number): Promise<StepRows | null> {
    const stat = this.#listing.stat(step);
    const known = this.#steps.get(step);
    if (known && stat && isSame(known, stat)) return known;
    this.#forget(step);
    if (stat === null) return null;
    await this.#read(step);
    return this.#steps.get(step) ?? null;
  }

  /** Waits until every step is indexed and what can be kept is kept. */
  async complete(): Promise<void> {
    await this.follow();
    await this.#work;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#begun;
    await this.#work;
    await this.#reading;
  }

  get #folder(): string {
    return join(this.runPath, "rollouts", "index");
  }

  async #begin(): Promise<void> {
    await this.#listing.refresh();
    const listed = new Set(this.listed);
    const slices = new Slices();
    for (const name of await segmentNames(this.#folder)) {
      const steps = (await readSegment(this.#folder, name, this.tables)) ?? [];
      let used = false;
      for (const rows of steps) {
        if (slices.over) await slices.pause();
        const stat = listed.has(rows.step) && !this.#steps.has(rows.step) ? this.#listing.stat(rows.step) : null;
        if (stat === null || !isSame(rows, stat)) continue;
        used = true;
        this.#steps.set(rows.step, rows);
      }
      // Its rollouts are in another file, or no more.
      if (!used && steps.length > 0) await rm(join(this.#folder, name), { force: true }).catch(() => {});
    }
    this.#generation++;
  }

  /** Forgets steps whose file is gone or another. */
  async #compare(): Promise<void> {
    const listed = new Set(this.listed);
    for (const step of this.#steps.keys()) if (!listed.has(step)) this.#forget(step);
    const slices = new Slices();
    let unchanged = 0;
    for (const step of this.listed) {
      const known = this.#steps.get(step);
      if (!known) continue;
      if (slices.over) await slices.pause();
      const stat = this.#listing.stat(step);
      if (!stat || !isSame(known, stat)) this.#forget(step);
      else if (++unchanged === ENOUGH_UNCHANGED) break;
    }
  }

  #forget(step: number): void {
    if (this.#steps.delete(step)) this.#generation++;
  }

  #goOn(): void {
    if (this.#steps.size < this.listed.length) {
      this.#work ??= this.#readMissing()
        .catch((error: unknown) => {
          this.#note = `${this.runPath}: its rollouts cannot be indexed further: ${messageOf(error)}`;
        })
        .finally(() => {
          this.#work = null;
        });
    }
  }

  async #readMissing(): Promise<void> {
    for (const step of this.listed) {
      if (this.#closed) return;
      if (!this.#steps.has(step)) await this.#read(step);
    }
  }

  #read(step: number): Promise<void> {
    const before = this.#reading;
    const read = async (): Promise<void> => {
      await before.catch(() => {});
      if (!this.#steps.has(step)) await this.#readStep(step);
      if (this.#growing.rows >= this.segmentRows) await this.#keep();
    };
    this.#reading = read();
    return this.#reading;
  }

  /** A file that cannot be read is one fault, until it is another file. */
  async #readStep(step: number): Promise<void> {
    const stat = this.#listing.stat(step);
    if (stat === null || this.#closed) return;
    const start = this.#growing.rows;
    let skipped: Skipped;
    try {
      skipped = await addRollouts(this.#growing, this.path(step), () => this.#closed);
    } catch (error) {
      this.#growing.cutBackTo(start);
      if (this.#closed) return;
      skipped = { count: 1, first: [[0, messageOf(error)]] };
    }
    const { size, mtimeMs } = stat;
    const count = this.#growing.rows - start;
    const rows = { step, size, mtimeMs, columns: this.#growing.columns, start, count, skipped };
    this.#steps.set(step, rows);
    this.#growingSteps.push(rows);
    this.#generation++;
  }

  /** What has grown becomes a file, where the folder takes one. */
  async #keep(): Promise<void> {
    const columns = this.#growing.trimmed();
    const steps = this.#growingSteps
      .filter((rows) => this.#steps.get(rows.step) === rows)
      .map((rows) => ({ ...rows, columns }));
    for (const rows of steps) this.#steps.set(rows.step, rows);
    this.#growing = new GrowingRows(this.tables);
    this.#growingSteps = [];
    this.#generation++;
    if (this.#note !== null || steps.length === 0) return;
    try {
      await writeSegment(this.#folder, columns, steps, this.tables);
    } catch (error) {
      const why = messageOf(StorageError.of(this.#folder, error));
      this.#note = `${why}: the index is kept in memory alone, and built again the next time`;
    }
  }
}

function isSame(known: Pick<StepRows, "size" | "mtimeMs">, stat: Pick<StepRows, "size" | "mtimeMs">): boolean {
  return known.size === stat.size && known.mtimeMs === stat.mtimeMs;
}
