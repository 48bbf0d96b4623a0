// A run's curves: metrics.jsonl in columns, read on from where it was left. A last line without its end waits; a file that
// is another one, or shorter, is read anew, as after a resume.

import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { metricCatalogue } from "../runs/metrics.js";
import type { MetricColumns } from "./api/runs.js";
import { lineOf } from "./summary.js";

const CHUNK_BYTES = 1 << 20;
/** A longer line is none of ours. */
const LINE_BYTES = 1 << 20;
const SEAM_BYTES = 64;
const MAXIMUM_COLUMNS = 1000;
/** Numbers that are kept of all runs together, about 160 MB; the run that was asked for longest ago goes first. */
const MAXIMUM_KEPT = 20e6;

export interface CurveReader {
  /** @throws UsageError where metrics.jsonl cannot be read */
  columns(path: string, place: string, names: readonly string[], after: number): Promise<MetricColumns>;
  /** Metrics that have a number in some step, in the catalogue's order, others behind; and what could not be read. */
  overview(path: string): Promise<{ readonly metrics: readonly string[]; readonly problem: string | null }>;
  /** Numbers that are kept of all runs. */
  kept(): number;
}

export function openCurveReader(maximumKept = MAXIMUM_KEPT): CurveReader {
  const kept = new Map<string, Curves>();
  const size = (): number => [...kept.values()].reduce((sum, each) => sum + each.size, 0);
  const current = async (path: string): Promise<Curves> => {
    const curves = kept.get(path) ?? new Curves(join(path, "metrics.jsonl"));
    // The newest at the end.
    kept.delete(path);
    kept.set(path, curves);
    await curves.update();
    for (const other of kept.keys()) {
      if (size() <= maximumKept || other === path) break;
      kept.delete(other);
    }
    return curves;
  };
  return {
    kept: size,
    columns: async (path, place, names, after) => ({ run: place, ...(await current(path)).after(after, names) }),
    overview: async (path) => {
      const curves = await current(path);
      return { metrics: inOrder(curves.names()), problem: curves.problem };
    },
  };
}

function inOrder(names: ReadonlySet<string>): string[] {
  const known = Object.keys(metricCatalogue).filter((name) => names.has(name));
  return [...known, ...[...names].filter((name) => !Object.hasOwn(metricCatalogue, name))];
}

/** Owns nothing between two updates but what it has read. */
class Curves {
  #steps = new Float64Array(64);
  #columns = new Map<string, Float64Array>();
  #length = 0;
  #file = { id: -1, offset: 0 };
  /** What stood last before the offset: what has been written over does not go on there. */
  #seam = Buffer.alloc(0);
  #rest = Buffer.alloc(0);
  #lines = 0;
  #updating: Promise<void> = Promise.resolve();
  /** The first line that is none of metrics, for people. */
  problem: string | null = null;

  constructor(private readonly path: string) {}

  get size(): number {
    return this.#steps.length * (1 + this.#columns.size);
  }

  /** One after the other: two at once would read the same lines twice. */
  update(): Promise<void> {
    const next = this.#updating.then(() => this.#read());
    this.#updating = next.catch(() => {});
    return next;
  }

  names(): ReadonlySet<string> {
    const holds = (column: Float64Array): boolean =>
      column.subarray(0, this.#length).some((value) => !Number.isNaN(value));
    return new Set([...this.#columns].flatMap(([name, column]) => (holds(column) ? [name] : [])));
  }

  after(step: number, names: readonly string[]): Omit<MetricColumns, "run"> {
    const steps = this.#steps.subarray(0, this.#length);
    const first = steps.findIndex((value) => value > step);
    const from = first < 0 ? this.#length : first;
    const columns = names.map((name) => {
      const column = this.#columns.get(name)?.subarray(from, this.#length);
      return [
        name,
        column
          ? Array.from(column, (value) => (Number.isNaN(value) ? null : value))
          : Array.from(steps.subarray(from), () => null),
      ] as const;
    });
    return { steps: [...steps.subarray(from)], columns: Object.fromEntries(columns) };
  }

  async #read(): Promise<void> {
    let file: FileHandle;
    try {
      file = await open(this.path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return this.#reset(-1);
      throw error;
    }
    try {
      const { ino, size } = await file.stat();
      if (ino !== this.#file.id || !(await this.#goesOn(file))) this.#reset(ino);
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(0, size - this.#file.offset)));
      while (this.#file.offset < size) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#file.offset);
        if (bytesRead === 0) break;
        this.#file.offset += bytesRead;
        this.#take(chunk.subarray(0, bytesRead));
        this.#seam = Buffer.from(chunk.subarray(Math.max(0, bytesRead - SEAM_BYTES), bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  async #goesOn(file: FileHandle): Promise<boolean> {
    const { length } = this.#seam;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, this.#file.offset - length);
    return bytesRead === length && buffer.equals(this.#seam);
  }

  #reset(id: number): void {
    this.#columns.clear();
    this.#length = 0;
    this.#lines = 0;
    this.#file = { id, offset: 0 };
    this.#rest = Buffer.alloc(0);
    this.#seam = Buffer.alloc(0);
    this.problem = null;
  }

  #take(bytes: Uint8Array): void {
    const whole = Buffer.concat([this.#rest, bytes]);
    const end = whole.lastIndexOf(10) + 1;
    for (const line of whole.toString("utf8", 0, end).split("\n").slice(0, -1)) this.#add(line);
    this.#rest = whole.subarray(end);
    // Told of when its end comes, as what it is then: no line of metrics.
    if (this.#rest.length > LINE_BYTES) this.#rest = Buffer.from("(too long)");
  }

  #add(text: string): void {
    this.#lines++;
    const line = lineOf(text);
    const last = this.#length === 0 ? -1 : this.#steps[this.#length - 1];
    if (line === null || line.step <= last) {
      this.problem ??= `${this.path}:${this.#lines}: ${line === null ? "not a step's metrics" : `step ${line.step} behind step ${last}`}; left out`;
      return;
    }
    if (this.#length === this.#steps.length) this.#grow();
    this.#steps[this.#length] = line.step;
    for (const [name, value] of Object.entries(line)) {
      if (name === "step" || typeof value !== "number") continue;
      this.#column(name)?.fill(value, this.#length, this.#length + 1);
    }
    this.#length++;
  }

  #column(name: string): Float64Array | undefined {
    const column = this.#columns.get(name);
    if (column || this.#columns.size >= MAXIMUM_COLUMNS) return column;
    const fresh = new Float64Array(this.#steps.length).fill(Number.NaN);
    this.#columns.set(name, fresh);
    return fresh;
  }

  #grow(): void {
    const capacity = this.#steps.length * 2;
    const grown = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(capacity).fill(Number.NaN);
      to.set(from);
      return to;
    };
    this.#steps = grown(this.#steps);
    for (const [name, column] of this.#columns) this.#columns.set(name, grown(column));
  }
}
