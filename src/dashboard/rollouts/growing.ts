// Rows that are being added, step by step, until there are enough of them for a file of their own.

import { BYTES_PER_ROW, type Columns, columnsOver, kindOf, MAX_REASONS, resized } from "./columns.js";
import type { Entry } from "./entry.js";
import { Names } from "./names.js";
import { programHash } from "./program-hash.js";

/** Names of a whole index; every row's numbers are of these. */
export interface Tables {
  readonly problems: Names;
  readonly reasons: Names;
}

export function emptyTables(): Tables {
  return { problems: new Names(), reasons: new Names(MAX_REASONS) };
}

const FIRST_CAPACITY = 1024;

export class GrowingRows {
  #columns = columnsOver(new ArrayBuffer(FIRST_CAPACITY * BYTES_PER_ROW), FIRST_CAPACITY);
  #rows = 0;

  constructor(private readonly tables: Tables) {}

  get rows(): number {
    return this.#rows;
  }

  get columns(): Columns {
    return this.#columns;
  }

  add(entry: Entry, offset: number, length: number): void {
    const row = this.#rows++;
    if (row === this.#columns.reward.length) this.#columns = resized(this.#columns, row, row * 2);
    const columns = this.#columns;
    const hash = programHash(entry.problem, entry.program);
    columns.reward[row] = entry.reward ?? Number.NaN;
    columns.advantage[row] = entry.advantage ?? Number.NaN;
    columns.offset[row] = offset;
    columns.length[row] = length;
    columns.group[row] = entry.group;
    columns.tokens[row] = entry.tokens;
    columns.problem[row] = this.tables.problems.add(entry.problem) ?? 0;
    columns.hashLow[row] = hash.low;
    columns.hashHigh[row] = hash.high;
    columns.sample[row] = entry.sample;
    columns.kind[row] = kindOf(entry);
    const reason = entry.reason === null ? null : this.tables.reasons.add(entry.reason);
    columns.reason[row] = reason === null ? 0 : reason + 1;
  }

  /** Forgets what was added after. */
  cutBackTo(rows: number): void {
    this.#rows = rows;
  }

  /** All rows, without room to spare. */
  trimmed(): Columns {
    return resized(this.#columns, this.#rows, this.#rows);
  }
}
