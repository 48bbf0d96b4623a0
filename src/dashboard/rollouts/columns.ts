// What the index holds of rollouts: 48 bytes each, in columns over one buffer, so that a file of them is used as it was
// read and a filter is one pass over numbers. Names stand in tables beside them (names.ts).

import { type Entry, stopReasons, tasks, verdictKinds } from "./entry.js";

/** Columns by what an item takes up, the widest first: so each begins where its items may lie. */
const LAYOUT = {
  /** NaN for none. */
  reward: Float64Array,
  advantage: Float64Array,
  /** Where the line lies in the step's file, in bytes. */
  offset: Uint32Array,
  length: Uint32Array,
  group: Uint32Array,
  tokens: Uint32Array,
  /** Its number among the names. */
  problem: Uint32Array,
  hashLow: Uint32Array,
  hashHigh: Uint32Array,
  sample: Uint16Array,
  /** Task, verdict and stop reason: {@link kindOf}. */
  kind: Uint8Array,
  /** 0 for none, else its number among the names plus 1. */
  reason: Uint8Array,
} as const;

export type Columns = { readonly [Name in keyof typeof LAYOUT]: InstanceType<(typeof LAYOUT)[Name]> };

type Column = Columns[keyof Columns];

const names = Object.keys(LAYOUT) as Array<keyof Columns>;

export const BYTES_PER_ROW = names.reduce((bytes, name) => bytes + LAYOUT[name].BYTES_PER_ELEMENT, 0);
export const MAX_REASONS = 255;
export const MAX_OFFSET = 2 ** 32 - 1;

/** @param at  where they begin in the buffer, a multiple of 8 */
export function columnsOver(buffer: ArrayBuffer, rows: number, at = 0): Columns {
  let start = at;
  const columns = names.map((name) => {
    const column = new LAYOUT[name](buffer, start, rows);
    start += column.byteLength;
    return [name, column] as const;
  });
  return Object.fromEntries(columns) as unknown as Columns;
}

/** The same rows in a buffer with room for as many as are said, or with none to spare. */
export function resized(columns: Columns, rows: number, capacity: number): Columns {
  const copy = columnsOver(new ArrayBuffer(capacity * BYTES_PER_ROW), capacity);
  for (const name of names) copy[name].set(columns[name].subarray(0, rows) as Column);
  return copy;
}

/** All columns, one after the other. @param columns  without room to spare */
export function bytesOf(columns: Columns): Uint8Array {
  const { buffer, byteOffset, length } = columns.reward;
  return new Uint8Array(buffer, byteOffset, length * BYTES_PER_ROW);
}

const VERDICT_BITS = 1;
const STOP_BIT = 4;
export const KINDS = 1 << (STOP_BIT + 1);

export function kindOf({ task, verdict, stopReason }: Pick<Entry, "task" | "verdict" | "stopReason">): number {
  const judged = verdict === null ? 0 : verdictKinds.indexOf(verdict) + 1;
  return tasks.indexOf(task) | (judged << VERDICT_BITS) | (stopReasons.indexOf(stopReason) << STOP_BIT);
}

/** By a row's `kind`. A number that no rollout has, as in a foreign file, is read as some kind. */
export const kinds: ReadonlyArray<Pick<Entry, "task" | "verdict" | "stopReason">> = Array.from(
  { length: KINDS },
  (_, kind) => ({
    task: tasks[kind & 1],
    verdict: verdictKinds[((kind >> VERDICT_BITS) & 7) - 1] ?? null,
    stopReason: stopReasons[kind >> STOP_BIT],
  }),
);
