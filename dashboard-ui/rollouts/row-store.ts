// The rows of a long list as far as they came from the server, by their place in it. The list may grow while it is read:
// what was at a place may then be at another.

import type { IndexProgress, RolloutPage, RolloutRow } from "../../src/dashboard/api/rollouts.js";
import type { Order } from "./filter.js";

export const PAGE_ROWS = 200;
/** Some 2 MB. */
const HELD_ROWS = 24 * PAGE_ROWS;

export interface RowStore {
  readonly rows: ReadonlyMap<number, RolloutRow>;
  /** Null before the first answer. */
  readonly total: number | null;
  /** Rows that came in before the first since then. */
  readonly before: number;
  readonly index: IndexProgress | null;
}

export const emptyStore: RowStore = { rows: new Map(), total: null, before: 0, index: null };

/** Where the pages begin that hold rows from `first` up to `end`; the first page where there are none. */
export function pageOffsets(first: number, end: number): readonly number[] {
  const from = Math.floor(first / PAGE_ROWS);
  const to = Math.max(from + 1, Math.ceil(end / PAGE_ROWS));
  return Array.from({ length: to - from }, (_, index) => (from + index) * PAGE_ROWS);
}

export function holds({ rows, total }: RowStore, offset: number): boolean {
  if (total === null) return false;
  const end = Math.min(offset + PAGE_ROWS, total);
  for (let index = offset; index < end; index++) if (!rows.has(index)) return false;
  return true;
}

/**
 * With what an answer brought. Rows that it shares with those held say how far the list has moved; what was held and
 * may be anywhere now is dropped.
 */
export function taken(store: RowStore, order: Order, page: RolloutPage): RowStore {
  const grown = store.total === null ? 0 : page.total - store.total;
  const came = store.total === null ? 0 : movedBy(store, order, page, grown);
  const isInPlace = grown === 0 || order === "newest" || order === "oldest";
  const rows = new Map<number, RolloutRow>();
  if (isInPlace) for (const [index, row] of store.rows) rows.set(index + came, row);
  page.rows.forEach((row, index) => rows.set(page.offset + index, row));
  return {
    rows: nearest(rows, page.offset),
    total: page.total,
    before: store.before + came,
    index: page.index,
  };
}

function movedBy(store: RowStore, order: Order, page: RolloutPage, grown: number): number {
  if (grown === 0) return 0;
  const held = new Map([...store.rows].map(([index, row]) => [placeOf(row), index]));
  for (const [at, row] of page.rows.entries()) {
    const was = held.get(placeOf(row));
    if (was !== undefined) return page.offset + at - was;
  }
  // The index is built from the newest step on: what it adds is older than all else, unless the run has gone on.
  const isIndexAlone = store.index?.of === page.index.of;
  return isIndexAlone && order === "oldest" ? grown : 0;
}

function placeOf({ step, group, sample }: RolloutRow): string {
  return `${step} ${group} ${sample}`;
}

function nearest(rows: Map<number, RolloutRow>, offset: number): Map<number, RolloutRow> {
  if (rows.size <= HELD_ROWS) return rows;
  const middle = offset + PAGE_ROWS / 2;
  return new Map([...rows].sort(([a], [b]) => Math.abs(a - middle) - Math.abs(b - middle)).slice(0, HELD_ROWS));
}
