// Rows of a Parquet file. Holds one page a column, whatever the size of the row groups.

import { type FileHandle, open } from "node:fs/promises";
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { assembleNested } from "hyparquet/src/assemble.js";
import { DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { DataError, messageOf } from "../../core/errors.js";
import { Float, type Json } from "../../core/json.js";
import { ParquetLeaf } from "./parquet-leaf.js";
import { decodeText, RowFault } from "./row.js";
import type { RawRow, Rows } from "./rows.js";

/** @throws DataError for a file that is no whole Parquet file */
export async function openParquet(path: string): Promise<Rows> {
  try {
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const count = Number(metadata.num_rows);
    const fields = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
    let done = 0;
    const read = async function* (columns: readonly string[] | undefined): AsyncGenerator<RawRow> {
      for await (const values of rowsOf(path, metadata, columns)) yield rawRow(done++, values);
    };
    return { unit: "row", zipped: false, count, fields, share: () => (count === 0 ? 1 : done / count), read };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** What a broken file makes the reader throw, as an error a person can act on. */
function unreadable(path: string, error: unknown): DataError {
  const why = `not a whole Parquet file, or one this reader does not know: ${messageOf(error)}`;
  return new DataError(`${path}: ${why}`, { cause: error });
}

type Values = Readonly<Record<string, unknown>>;

async function* rowsOf(
  path: string,
  metadata: FileMetaData,
  columns: readonly string[] | undefined,
): AsyncGenerator<Values> {
  const file = await open(path);
  try {
    for await (const batch of batches(file, metadata, columns)) yield* batch;
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file.close();
  }
}

/** The next few rows, as many as the column with the largest values has at hand. */
async function* batches(
  file: FileHandle,
  metadata: FileMetaData,
  columns: readonly string[] | undefined,
): AsyncGenerator<Values[]> {
  const schema = parquetSchema(metadata);
  const wanted = schema.children.filter(({ element }) => columns?.includes(element.name) ?? true);
  if (wanted.length === 0) throw new RangeError(`it has none of the columns ${columns?.join(", ")}`);
  const names = new Set(wanted.map(({ element }) => element.name));
  for (const group of metadata.row_groups) {
    const chunks = group.columns.flatMap(({ meta_data: chunk }) => (chunk ? [chunk] : []));
    const leaves = chunks
      .filter((chunk) => names.has(chunk.path_in_schema[0]))
      .map((chunk) => new ParquetLeaf(file, schema, chunk));
    for (let left = Number(group.num_rows); left > 0; ) {
      const counts = await Promise.all(leaves.map((leaf) => leaf.available()));
      const count = Math.min(left, ...counts);
      if (count === 0) throw new RangeError(`${left} rows are missing`);
      left -= count;
      yield assembled(leaves, wanted, count);
    }
  }
}

function assembled(leaves: readonly ParquetLeaf[], columns: readonly SchemaTree[], count: number): Values[] {
  const values = new Map<string, unknown[]>(leaves.map((leaf) => [leaf.path, leaf.take(count)]));
  for (const column of columns) assembleNested(values, column, DEFAULT_PARSERS);
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(columns.map(({ element: { name } }) => [name, values.get(name)?.[row]])),
  );
}

function rawRow(number: number, values: Values): RawRow {
  try {
    const entries = Object.entries(values).map(([name, value]) => [name, jsonOf(value)] as const);
    return { kind: "row", number, row: Object.fromEntries(entries) };
  } catch (error) {
    if (error instanceof RowFault) return { kind: "fault", number, fault: error };
    throw error;
  }
}

/** What hyparquet makes of a column as JSON makes it; a kind of value that JSON lacks is null. */
function jsonOf(value: unknown): Json {
  if (value instanceof Uint8Array) return decodeText(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (value instanceof Float) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonOf(item)]));
}
