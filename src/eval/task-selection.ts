// Which of a benchmark's tasks are asked.

import { UsageError } from "../core/errors.js";
import type { Task } from "./benchmarks/benchmark.js";

export interface TaskSelection {
  /** Days, YYYY-MM-DD, both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly difficulty?: string | undefined;
  /** The first so many of those that are left. */
  readonly limit?: number | undefined;
}

/** @throws UsageError where tasks do not have what they are chosen by, or none is left */
export function selectTasks(name: string, tasks: readonly Task[], selection: TaskSelection): readonly Task[] {
  const { from = "0000", to = "9999", difficulty, limit } = selection;
  const window = selection.from !== undefined || selection.to !== undefined;
  if (window && !tasks.some(({ date }) => date !== undefined)) {
    throw new UsageError(`${name}: its tasks have no dates; leave out --from and --to`);
  }
  const difficulties = [...new Set(tasks.flatMap((task) => task.difficulty ?? []))];
  if (difficulty !== undefined && !difficulties.includes(difficulty)) {
    const known = difficulties.length === 0 ? "its tasks have no difficulties" : `expected ${difficulties.join(", ")}`;
    throw new UsageError(`${name}: --difficulty ${difficulty}: ${known}`);
  }
  const chosen = tasks
    .filter((task) => !window || (task.date !== undefined && task.date >= from && task.date <= to))
    .filter((task) => difficulty === undefined || task.difficulty === difficulty)
    .slice(0, limit);
  if (chosen.length > 0) return chosen;
  const dates = tasks.flatMap(({ date }) => date ?? []).sort();
  throw new UsageError(`${name}: none of its ${tasks.length} tasks is chosen (dates ${dates[0]} to ${dates.at(-1)})`);
}
