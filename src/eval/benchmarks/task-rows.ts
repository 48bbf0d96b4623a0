// Tasks from what `data fetch` brought: one file, or a folder of several that make one set.

import { DataError } from "../../core/errors.js";
import { nameIn, type Row } from "../../problems/sources/row.js";
import type { Task } from "./benchmark.js";
import { readTaskRows } from "./task-file.js";
import { taskFiles } from "./task-location.js";

/** @throws DataError naming file, line and field; also where two files hold the same task */
export async function loadTasks(
  path: string,
  expected: { readonly name: string; readonly fields: readonly string[] },
  taskOf: (row: Row) => Task,
): Promise<Task[]> {
  const tasks = new Map<string, Task>();
  for (const file of taskFiles(path)) {
    for (const task of await readTaskRows(file, expected, taskOf)) {
      if (tasks.has(task.id)) {
        throw new DataError(`${file}: "${task.id}" is in another file of ${path} too; name one of them with --path`);
      }
      tasks.set(task.id, task);
    }
  }
  return [...tasks.values()];
}

/** The day of a date and time, YYYY-MM-DD; undefined where there is none. */
export function dateIn(row: Row, field: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}/.exec(nameIn(row, field) ?? "")?.[0];
}
