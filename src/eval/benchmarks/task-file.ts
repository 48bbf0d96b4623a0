// The rows of a benchmark's file as tasks: JSON lines, a JSON array or Parquet, zipped or not. A benchmark is a fixed
// set, so that a row that is none of it is an error here, never left out: a mean over fewer tasks is another number.

import { DataError } from "../../core/errors.js";
import { type Row, RowFault } from "../../problems/sources/row.js";
import { openRows, type RawRow, type Stretch } from "../../problems/sources/rows.js";

/** What a row has to have so that a file is one of the benchmark's. */
interface Expected {
  /** As in messages: "HumanEval". */
  readonly name: string;
  readonly fields: readonly string[];
}

/**
 * Each row as what `read` makes of it.
 *
 * @param read  may throw RowFault (textOf and its like do)
 * @throws DataError naming file, line and field; also where an id occurs twice, or no row is there
 */
export async function readTaskRows<Item extends { readonly id: string }>(
  path: string,
  { name, fields }: Expected,
  read: (row: Row, stretch: Stretch | undefined) => Item,
): Promise<Item[]> {
  const rows = await openRows(path);
  const missing = fields.filter((field) => !rows.fields.has(field));
  if (missing.length > 0) {
    const found = rows.fields.size === 0 ? "no rows" : `the fields ${[...rows.fields].slice(0, 20).join(", ")}`;
    throw new DataError(`${path}: found ${found}; expected rows of ${name}, with ${fields.join(", ")}`);
  }
  const items = new Map<string, Item>();
  for await (const raw of rows.read(undefined)) {
    const place = rows.unit === "line" ? `${path}:${raw.number}` : `${path}: row ${raw.number}`;
    const item = itemOf(raw, read, place);
    if (items.has(item.id)) throw new DataError(`${place}: "${item.id}" occurs twice; tasks of ${name} are named once`);
    items.set(item.id, item);
  }
  return [...items.values()];
}

function itemOf<Item>(raw: RawRow, read: (row: Row, stretch: Stretch | undefined) => Item, place: string): Item {
  return blaming(place, () => {
    if (raw.kind === "fault") throw raw.fault;
    return read(raw.row, raw.stretch);
  });
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
