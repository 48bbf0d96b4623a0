// When a problem was first set, where its data set says so.

import { UsageError } from "../../core/errors.js";
import type { Problem } from "../../problems/problem.js";

const FIELDS = ["contest_date", "contestDate", "date", "start_time"];

/** `YYYY-MM-DD`; undefined where the metadata has no date that can be read. */
export function dateOf({ metadata }: Problem): string | undefined {
  for (const field of FIELDS) {
    const value = metadata[field];
    if (
      typeof value === "string" &&
      /^\d{4}-\d{2}-\d{2}/.test(value) &&
      !Number.isNaN(Date.parse(value.slice(0, 10)))
    ) {
      return value.slice(0, 10);
    }
  }
  return undefined;
}

/** @throws UsageError for what is no day */
export function dayFrom(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new UsageError(`${JSON.stringify(text)}: expected a day, such as 2023-05-01`);
}
