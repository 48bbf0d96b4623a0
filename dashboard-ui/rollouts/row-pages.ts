// The rows of a long list as they came from the server: whole pages, the few nearest to where the reader is.

import type { RolloutRow } from "../../src/dashboard/api/rollouts.js";

export const PAGE_ROWS = 200;
/** Some 2 MB at most. */
const HELD_PAGES = 24;

export type RowPages = ReadonlyMap<number, readonly RolloutRow[]>;

/** Numbers of the pages that hold rows from `first` up to `end`. */
export function pagesFor(first: number, end: number): readonly number[] {
  const from = Math.floor(first / PAGE_ROWS);
  const to = Math.ceil(end / PAGE_ROWS);
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

export function rowAt(pages: RowPages, index: number): RolloutRow | null {
  return pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS] ?? null;
}

/** With one page more, and without those farthest from it where there are too many. */
export function withPage(pages: RowPages, page: number, rows: readonly RolloutRow[]): RowPages {
  const next = new Map(pages).set(page, rows);
  const byDistance = [...next.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page));
  for (const far of byDistance.slice(0, Math.max(0, next.size - HELD_PAGES))) next.delete(far);
  return next;
}

/** Rows that came in before the others, so that what the reader looks at stays where it is. */
export function rowsBefore(order: string, had: number, has: number): number {
  return order === "newest" ? Math.max(0, has - had) : 0;
}
