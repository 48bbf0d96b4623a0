// The rows of a benchmark's file as tasks: JSON lines, a JSON array or Parquet, zipped or not. A benchmark is a fixed
// set, so that a row that is none of it is an error here, never left out: a mean over fewer tasks is another number.

import { DataError } from "../../core/errors.js";
import { nameIn, type Row, RowFault } from "../../problems/sources/row.js";
import { openRows, type Stretch } from "../../problems/sources/rows.js";
import { taskFiles } from "./task-location.js";

/** What a row has to have so that a file is one of the benchmark's. */
interface Expected {
  /** As in messages: "HumanEval". */
  readonly name: string;
  readonly fields: readonly string[];
}

/** Where a row lies. */
export interface Place {
  readonly file: string;
  /** Undefined where the row cannot be read again alone. */
  readonly stretch: Stretch | undefined;
}

/**
 * Each row of the file, or of all files in the folder, as what `read` makes of it.
 *
 * @param read  may throw RowFault (textOf and its like do)
 * @throws DataError naming file, line and field; also where an id occurs twice
 */
export async function readTaskRows<Item extends { readonly id: string }>(
  path: string,
  expected: Expected,
  read: (row: Row, place: Place) => Item,
): Promise<Item[]> {
  const items = new Map<string, Item>();
  for (const file of taskFiles(path)) await addRows(items, file, expected, read);
  return [...items.values()];
}

async function addRows<Item extends { readonly id: string }>(
  items: Map<string, Item>,
  file: string,
  { name, fields }: Expected,
  read: (row: Row, place: Place) => Item,
): Promise<void> {
  const rows = await openRows(file);
  const missing = fields.filter((field) => !rows.fields.has(field));
  if (missing.length > 0) {
    const found = rows.fields.size === 0 ? "no rows" : `the fields ${[...rows.fields].slice(0, 20).join(", ")}`;
    throw new DataError(`${file}: found ${found}; expected rows of ${name}, with ${fields.join(", ")}`);
  }
  for await (const raw of rows.read(undefined)) {
    const where = rows.unit === "line" ? `${file}:${raw.number}` : `${file}: row ${raw.number}`;
    const item = blaming(where, () => {
      if (raw.kind === "fault") throw raw.fault;
      return read(raw.row, { file, stretch: raw.stretch });
    });
    if (item.id === "") throw new DataError(`${where}: found an empty id; every task of ${name} has a name of its own`);
    if (items.has(item.id)) throw new DataError(`${where}: "${item.id}" occurs twice; a task of ${name} is there once`);
    items.set(item.id, item);
  }
}

/** @throws DataError in the place of a RowFault */
export function blaming<Result>(place: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RowFault)) throw error;
    throw new DataError(`${place}: ${error.message}`, { cause: error });
  }
}

/** The day of a date and time, YYYY-MM-DD; undefined where there is none. */
export function dateIn(row: Row, field: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}/.exec(nameIn(row, field) ?? "")?.[0];
}
