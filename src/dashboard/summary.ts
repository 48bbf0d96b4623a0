// One run in a line of the list: who it is, how far it is, what it has reached. Of its metrics only the end is read, of its
// evaluations the first and the last; what cannot be read makes a damaged run, not a failed list.

import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { messageOf, UsageError } from "../core/errors.js";
import { quantile } from "../core/maths.js";
import { writerOf } from "../runs/lock.js";
import type { MetricName } from "../runs/metrics.js";
import { evaluationSchema, runSchema } from "../runs/schemas.js";
import type { RunSummary } from "./api/runs.js";
import { readChecked, readTail } from "./files.js";

/** What the list says of the newest step. */
const LISTED = [
  "code/reward_mean",
  "code/pass_rate",
  "alignment/reward_mean",
  "alignment/all_right_rate",
  "alignment/variables_right",
  "policy/kl",
  "policy/entropy",
  "supervised/loss",
  "time/tokens_per_second",
] as const satisfies readonly MetricName[];

const TAIL_BYTES = 64_000;
/** Steps that the time of a step is the median of. */
const NEWEST_STEPS = 16;

/** A later version may write more than this one knows. */
export const infoSchema = z.object(runSchema.shape);
export const recordSchema = z.object(evaluationSchema.shape);

type Status = RunSummary["status"];

/** Never throws on what is in the folder. @param nameSetting  of a run's path */
export function summarise(path: string, place: string, nameSetting: (path: string) => string): RunSummary {
  try {
    return readSummary(path, place, nameSetting(path));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return damaged(path, place, messageOf(error));
  }
}

/** @param problem  for people */
export function damaged(path: string, place: string, problem: string): RunSummary {
  const changedAt = statSync(path, { throwIfNoEntry: false })?.mtime ?? new Date(0);
  return {
    run: place,
    name: basename(path),
    recipe: "",
    status: "damaged",
    problem,
    seed: 0,
    setting: "",
    startedAt: changedAt.toISOString(),
    finishedAt: null,
    steps: 0,
    stepsDone: 0,
    stepSeconds: null,
    secondsLeft: null,
    latest: {},
    headline: {},
  };
}

/** A run that says it is running is, while a process holds its lock. */
export function statusOf(path: string, said: z.output<typeof runSchema>["status"]): Status {
  return said === "running" && !isWritten(path) ? "interrupted" : said;
}

function isWritten(path: string): boolean {
  try {
    return writerOf(path) !== null;
  } catch {
    // It was released in this moment.
    return false;
  }
}

function readSummary(path: string, place: string, setting: string): RunSummary {
  const info = readChecked(join(path, "run.json"), infoSchema);
  const lines = newestLines(join(path, "metrics.jsonl"));
  const newest = lines.at(-1);
  const status = statusOf(path, info.status);
  const stepsDone = newest?.step ?? info.stepsDone;
  const stepSeconds = medianSeconds(lines);
  return {
    run: place,
    name: info.name,
    recipe: info.recipe,
    status,
    seed: info.seed,
    setting,
    startedAt: info.startedAt,
    finishedAt: info.finishedAt ?? null,
    steps: info.steps,
    stepsDone,
    stepSeconds,
    secondsLeft:
      status === "running" && stepSeconds !== null ? stepSeconds * Math.max(0, info.steps - stepsDone) : null,
    latest: Object.fromEntries(
      LISTED.flatMap((name) => (newest && name in newest ? [[name, numberOr(newest[name])]] : [])),
    ),
    headline: headlineOf(join(path, "eval")),
  };
}

type Line = Readonly<Record<string, unknown>> & { readonly step: number };

function newestLines(path: string): Line[] {
  return readTail(path, TAIL_BYTES)
    .slice(-NEWEST_STEPS)
    .flatMap((text) => lineOf(text) ?? []);
}

/** Null for what is no line of metrics: curves.ts tells of it. */
export function lineOf(text: string): Line | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("step" in value)) return null;
  return Number.isSafeInteger(value.step) && (value.step as number) >= 0 ? (value as Line) : null;
}

function medianSeconds(lines: readonly Line[]): number | null {
  const seconds = lines.flatMap((line) => numberOr(line["time/step_seconds"]) ?? []);
  return seconds.length === 0 ? null : quantile(seconds, 0.5);
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

const FAMILY = /^family-step-(\d+)\.json$/;

function headlineOf(folder: string): RunSummary["headline"] {
  const steps = namesIn(folder).flatMap((name) => {
    const step = FAMILY.exec(name)?.[1];
    return step === undefined ? [] : [{ name, step: Number(step) }];
  });
  steps.sort((a, b) => a.step - b.step);
  const [first, last] = [steps[0], steps.at(-1)].map((found) => found && measuresIn(join(folder, found.name)));
  return Object.fromEntries(
    Object.entries(first ?? {}).map(([measure, before]) => [
      measure,
      { before, after: steps.length > 1 ? (last?.[measure] ?? null) : null },
    ]),
  );
}

/** None where it is damaged: the evaluation itself says so when it is asked for. */
function measuresIn(path: string): z.output<typeof recordSchema>["metrics"] {
  try {
    return readChecked(path, recordSchema).metrics;
  } catch {
    return {};
  }
}

/** None where there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
