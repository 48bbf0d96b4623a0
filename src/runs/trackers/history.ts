// What trackers show of a run, in the order in which it happened: steps, and evaluations after their steps. Read from
// metrics.jsonl and eval/, which stay the only truth; everything a tracker file holds can be made again from here.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { EvaluationRecord } from "../records.js";
import type { RunDirectory, Written } from "../run-directory.js";

export type Moment = {
  readonly step: number;
  /** Since 1970: when the run began, and the seconds of its steps so far. Pauses between parts of a run do not count. */
  readonly wallSeconds: number;
} & Written;

/** Everything the run has recorded, in order. */
export function historyOf(run: RunDirectory): Moment[] {
  const evaluations = evaluationsOf(run);
  const evaluated = (from: number, before: number, wallSeconds: number): Moment[] =>
    evaluations
      .filter(({ step }) => step >= from && step < before)
      .map((record) => ({ kind: "evaluation", step: record.step, wallSeconds, record }));
  const moments: Moment[] = [];
  let wallSeconds = startOf(run);
  let from = 0;
  for (const metrics of run.readMetrics()) {
    moments.push(...evaluated(from, metrics.step, wallSeconds));
    wallSeconds += metrics["time/step_seconds"] ?? 0;
    moments.push({ kind: "step", step: metrics.step, wallSeconds, metrics });
    from = metrics.step;
  }
  // What a cut-back run has of later steps is not its history yet.
  return [...moments, ...evaluated(from, from + 1, wallSeconds)];
}

/**
 * What was just recorded, as the moment after the last of the history; null where it comes before that, or too early.
 *
 * @param last   null: nothing has happened yet
 * @param start  when the run began, in seconds since 1970
 */
export function momentAfter(last: Moment | null, written: Written, start: number): Moment | null {
  const { step, wallSeconds } = last ?? { step: 0, wallSeconds: start };
  if (written.kind === "step") {
    const { metrics } = written;
    const seconds = metrics["time/step_seconds"] ?? 0;
    return metrics.step > step ? { ...written, step: metrics.step, wallSeconds: wallSeconds + seconds } : null;
  }
  const { record } = written;
  const isFirst = last?.kind !== "evaluation" || last.record.benchmark < record.benchmark;
  return record.step === step && isFirst ? { ...written, step, wallSeconds } : null;
}

/** When the run began, in seconds since 1970. */
export function startOf(run: RunDirectory): number {
  return Date.parse(run.readInfo().startedAt) / 1000;
}

function evaluationsOf(run: RunDirectory): EvaluationRecord[] {
  const folder = join(run.path, "eval");
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name) => {
    const [, benchmark, step] = /^(.+)-step-(\d+)\.json$/.exec(name) ?? [];
    const record = benchmark === undefined ? null : run.readEvaluation(benchmark, Number(step));
    return record ? [record] : [];
  });
  return found.sort((a, b) => a.step - b.step || (a.benchmark < b.benchmark ? -1 : 1));
}
