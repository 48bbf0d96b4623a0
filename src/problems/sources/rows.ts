// A file as rows, whatever holds them: JSON lines, one JSON array, or Parquet. Told apart by their first bytes.

import { closeSync, openSync, readSync } from "node:fs";
import { UsageError } from "../../core/errors.js";
import { cannotRead, isRegularFile } from "../../core/files.js";
import { openParquet } from "./parquet.js";
import type { Row, RowFault } from "./row.js";
import { openText } from "./text-rows.js";

/** A place in a file, in bytes. */
export interface Stretch {
  readonly start: number;
  readonly length: number;
}

/** One row, or why there is none where one should be. */
export type RawRow =
  | {
      readonly kind: "row";
      readonly number: number;
      readonly row: Row;
      /** Where it lies, so that it can be read again alone; of lines that are not zipped only. */
      readonly stretch?: Stretch;
    }
  | { readonly kind: "fault"; readonly number: number; readonly fault: RowFault };

export interface Rows {
  readonly unit: "line" | "row";
  readonly zipped: boolean;
  /** Undefined where only reading tells. */
  readonly count: number | undefined;
  /** The names of a row's fields: of the schema, or of the first row that is one. */
  readonly fields: ReadonlySet<string>;
  /** How much has been read, 0 to 1. */
  readonly share: () => number;
  /** @param columns  the only ones wanted, where the file can leave out others */
  readonly read: (columns: readonly string[] | undefined) => AsyncIterable<RawRow>;
}

/** @throws UsageError where the file cannot be read, or read twice */
export async function openRows(path: string): Promise<Rows> {
  const start = firstBytes(path);
  if (!isRegularFile(path)) throw new UsageError(`${path}: expected a file that can be read twice, not a pipe`);
  return start.toString("latin1") === "PAR1"
    ? openParquet(path)
    : openText(path, start[0] === 0x1f && start[1] === 0x8b);
}

function firstBytes(path: string): Buffer {
  const bytes = Buffer.alloc(4);
  try {
    const file = openSync(path, "r");
    try {
      return bytes.subarray(0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}
