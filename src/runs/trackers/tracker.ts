// The files that other programs draw curves from: a TensorBoard event file and a CSV table, both made of a run's history
// alone. A tracker follows a run: it writes again what is there when it is opened, and adds what has come since.

import { join } from "node:path";
import { appendDurable, writeAtomic } from "../../core/files.js";
import { type MetricName, metricCatalogue, type StepMetrics } from "../metrics.js";
import type { RunDirectory } from "../run-directory.js";
import { fileVersion, scalarEvent } from "./event-file.js";
import { historyOf, type Moment, momentAfter, startOf } from "./history.js";

export interface TrackerFile {
  readonly path: string;
  /** The bytes of what has happened, to be written one after the other. */
  readonly head: Uint8Array | string;
  readonly each: (moment: Moment) => Uint8Array | string;
}

/** `events.out.tfevents.<seconds>.coderlplus`: the name that TensorBoard and those who read its files look for. */
export function eventFileOf(run: RunDirectory, folder = join(run.path, "tensorboard")): TrackerFile {
  const start = startOf(run);
  return {
    path: join(folder, `events.out.tfevents.${Math.floor(start)}.coderlplus`),
    head: fileVersion(start),
    each: (moment) => scalarEvent(moment.wallSeconds, moment.step, scalarsOf(moment)),
  };
}

function scalarsOf(moment: Moment): Array<[string, number]> {
  if (moment.kind === "evaluation") {
    const { benchmark, metrics } = moment.record;
    return Object.entries(metrics).map(([name, { value }]) => [`eval/${benchmark}/${name}`, value]);
  }
  return Object.entries(moment.metrics).flatMap(([name, value]) =>
    name === "step" || typeof value !== "number" ? [] : [[name, value]],
  );
}

const names = Object.keys(metricCatalogue) as MetricName[];

const columns = ["step", "timestamp", ...names];

/** A row a step and a column a metric, all of them in every run's file: `step`, `timestamp`, then the catalogue's. */
export function csvFileOf(run: RunDirectory): TrackerFile {
  return {
    path: join(run.path, "metrics.csv"),
    head: `${columns.join(",")}\n`,
    each: (moment) => (moment.kind === "step" ? `${csvRow(moment.metrics, moment.wallSeconds)}\n` : ""),
  };
}

function csvRow(metrics: StepMetrics, wallSeconds: number): string {
  const time = new Date(wallSeconds * 1000).toISOString();
  return [metrics.step, time, ...names.map((name) => metrics[name] ?? "")].join(",");
}

/** One table; of several runs with their names in a first column. */
export function csvOf(runs: ReadonlyArray<{ readonly name: string; readonly run: RunDirectory }>): string {
  const first = (text: string): string => (runs.length === 1 ? "" : `${text},`);
  const rows = runs.flatMap(({ name, run }) =>
    historyOf(run).flatMap((moment) =>
      moment.kind === "step" ? [`${first(csvText(name))}${csvRow(moment.metrics, moment.wallSeconds)}`] : [],
    ),
  );
  return `${[`${first("run")}${columns.join(",")}`, ...rows].join("\n")}\n`;
}

function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes the whole file from what the run has so far. */
export function writeTracker(file: TrackerFile, history: readonly Moment[]): void {
  const parts = [file.head, ...history.map(file.each)];
  writeAtomic(file.path, Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))));
}

/** Keeps the run's own tracker files up to date. Written anew at first, so that what a killed run left over is gone. */
export function follow(run: RunDirectory, { tensorboard, csv }: { tensorboard: boolean; csv: boolean }): void {
  const files = [...(tensorboard ? [eventFileOf(run)] : []), ...(csv ? [csvFileOf(run)] : [])];
  if (files.length === 0) return;
  const start = startOf(run);
  let last: Moment | null = null;
  const writeAll = (): void => {
    const history = historyOf(run);
    for (const file of files) writeTracker(file, history);
    last = history.at(-1) ?? null;
  };
  run.afterWrite = (written) => {
    const moment = momentAfter(last, written, start);
    if (moment === null) return writeAll();
    for (const file of files) appendDurable(file.path, file.each(moment));
    last = moment;
  };
  writeAll();
}
