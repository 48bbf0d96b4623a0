// What was said of each task's completions, counted: the ground of every number in a report. Samples that the grader
// failed on count nowhere. Not here: means and their errors (summary.ts, breakdown.ts).

import { passAtK } from "../pass-at-k.js";
import type { SampleRecord } from "../records.js";

/** The two ways of grading, always side by side. */
export const gradings = ["strict", "official"] as const;
export type Grading = (typeof gradings)[number];

/** A task's completions by one grading. */
export interface TaskCount {
  readonly task: string;
  /** Completions that were graded. */
  readonly n: number;
  /** Those of them that are right. */
  readonly c: number;
}

/** In the order in which the tasks first occur. */
export function countTasks(
  samples: ReadonlyArray<Pick<SampleRecord, "task" | "grade">>,
  grading: Grading,
): TaskCount[] {
  const counts = new Map<string, { task: string; n: number; c: number; dropped: number }>();
  for (const { task, grade } of samples) {
    const count = counts.get(task) ?? { task, n: 0, c: 0, dropped: 0 };
    counts.set(task, count);
    const mark = grade[grading];
    if (mark.kind !== "infrastructure") count.n++;
    if (mark.kind === "right") count.c++;
    if (mark.kind === "wrong" && mark.dropped) count.dropped++;
  }
  // What a published grader drops makes a task's other answers weigh more; without a right one, all count as wrong.
  return [...counts.values()].map(({ task, n, c, dropped }) => ({ task, n: c > 0 ? n - dropped : n, c }));
}

/** Each task's chance to pass in k tries, of the tasks with k graded completions or more: fewer say nothing of it. */
export function scoresAt(k: number, counts: readonly TaskCount[]): Map<string, number> {
  return new Map(counts.filter(({ n }) => n >= k).map(({ task, n, c }) => [task, passAtK(n, c, k)]));
}

/** The k that reports know; of an evaluation count those for which a task has completions enough. */
const TRIES = [1, 5, 10, 100];

export interface Metric {
  /** `pass_at_1` is strict, `official_pass_at_1` as the published graders have it. */
  readonly name: string;
  readonly grading: Grading;
  readonly k: number;
}

export const metrics: readonly Metric[] = gradings.flatMap((grading) =>
  TRIES.map((k) => ({ name: metricName(grading, k), grading, k })),
);

export function metricName(grading: Grading, k: number): string {
  return `${grading === "official" ? "official_" : ""}pass_at_${k}`;
}
