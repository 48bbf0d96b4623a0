// What the index holds of rollouts: 48 bytes each, in columns over one buffer, so that a file of them is used as it was
// read and a filter is one pass over numbers. Names stand in tables beside them (names.ts).

import { type Entry, stopReasons, tasks, verdictKinds } from "./entry.js";

export interface Columns {
  /** NaN for none. */
  readonly reward: Float64Array;
  readonly advantage: Float64Array;
  /** Where the line lies in the step's file, in bytes. */
  readonly offset: Uint32Array;
  readonly length: Uint32Array;
  readonly group: Uint32Array;
  readonly tokens: Uint32Array;
  /** Its number among the names. */
  readonly problem: Uint32Array;
  readonly hashLow: Uint32Array;
  readonly hashHigh: Uint32Array;
  readonly sample: Uint16Array;
  /** Task, verdict and stop reason: {@link kindOf}. */
  readonly kind: Uint8Array;
  /** 0 for none, else its number among the names plus 1. */
  readonly reason: Uint8Array;
}

export const BYTES_PER_ROW = 48;
export const MAX_REASONS = 255;
export const MAX_OFFSET = 2 ** 32 - 1;

/**
 * The widest first: so each begins where its items may lie.
 *
 * @param at  where they begin in the buffer, a multiple of 8
 */
export function columnsOver(buffer: ArrayBuffer, rows: number, at = 0): Columns {
  const from = (bytesBefore: number): number => at + bytesBefore * rows;
  return {
    reward: new Float64Array(buffer, from(0), rows),
    advantage: new Float64Array(buffer, from(8), rows),
    offset: new Uint32Array(buffer, from(16), rows),
    length: new Uint32Array(buffer, from(20), rows),
    group: new Uint32Array(buffer, from(24), rows),
    tokens: new Uint32Array(buffer, from(28), rows),
    problem: new Uint32Array(buffer, from(32), rows),
    hashLow: new Uint32Array(buffer, from(36), rows),
    hashHigh: new Uint32Array(buffer, from(40), rows),
    sample: new Uint16Array(buffer, from(44), rows),
    kind: new Uint8Array(buffer, from(46), rows),
    reason: new Uint8Array(buffer, from(47), rows),
  };
}

/** The same rows in a buffer with room for as many as are said, or with none to spare. */
export function resized(columns: Columns, rows: number, capacity: number): Columns {
  const copy = columnsOver(new ArrayBuffer(capacity * BYTES_PER_ROW), capacity);
  for (const name of Object.keys(copy) as Array<keyof Columns>) copy[name].set(columns[name].subarray(0, rows));
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

/** By a row's `kind`. */
export const kinds: ReadonlyArray<Pick<Entry, "task" | "verdict" | "stopReason">> = Array.from(
  { length: KINDS },
  (_, kind) => ({
    task: tasks[kind & 1],
    verdict: verdictKinds[((kind >> VERDICT_BITS) & 7) - 1] ?? null,
    stopReason: stopReasons[kind >> STOP_BIT],
  }),
);
