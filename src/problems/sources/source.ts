// Files of real data sets as streams of problems, one row after the other in bounded memory. What a file is shows in
// its first bytes and fields, never in its name. Not here: what each format's fields mean (one file a format), nor
// what becomes of the problems (convert.ts).

import { UsageError } from "../../core/errors.js";
import { explain } from "../../core/schema.js";
import { type Problem, problemSchema } from "../problem.js";
import { type Format, type FormatName, formatOf, formats } from "./formats.js";
import { type Draft, type Row, RowFault } from "./row.js";
import { openRows, type RawRow } from "./rows.js";

/** Where a row stands: a line of a text file from 1, or a row of a table (Parquet, a JSON array) from 0. */
export interface Place {
  readonly file: string;
  readonly unit: "line" | "row";
  readonly number: number;
}

export function placeText({ file, unit, number }: Place): string {
  return unit === "line" ? `${file}:${number}` : `${file}: row ${number}`;
}

export type SourceItem =
  | { readonly kind: "problem"; readonly where: Place; readonly problem: Problem }
  | {
      /** `skipped`: fine, but not for us (mathematics, another language). `malformed`: broken. */
      readonly kind: "skipped" | "malformed";
      readonly where: Place;
      /** The same for all rows with this trouble. */
      readonly reason: string;
      /** What it was in this row; may be empty. */
      readonly detail: string;
    };

export interface Source extends AsyncIterable<SourceItem> {
  readonly path: string;
  readonly format: FormatName;
  /** Rows in the file, where it says so without being read. */
  readonly rows: number | undefined;
  /** How much of the file has been read, 0 to 1. */
  share(): number;
}

/**
 * Opens a file of problems in any known format: JSON lines, a JSON array or Parquet, zipped (gzip) or not.
 * Iterate once; leaving the loop early closes the file.
 *
 * @throws UsageError where the file cannot be read, or looks like none of the formats
 */
export async function openSource(
  path: string,
  options: { readonly format?: FormatName | undefined } = {},
): Promise<Source> {
  const rows = await openRows(path);
  const name = options.format ?? formatOf(rows.fields);
  if (name === undefined) throw new UsageError(unknownFormat(path, rows.fields));
  const format: Format = formats[name];
  const items = async function* (): AsyncGenerator<SourceItem> {
    for await (const raw of rows.read(format.columns)) {
      yield itemOf(raw, { file: path, unit: rows.unit, number: raw.number }, format);
    }
  };
  return { path, format: name, rows: rows.count, share: rows.share, [Symbol.asyncIterator]: items };
}

function unknownFormat(path: string, fields: ReadonlySet<string>): string {
  if (fields.size === 0) return `${path}: found no rows; expected JSON lines, one JSON array, or Parquet`;
  const found = [...fields].slice(0, 20).join(", ");
  const known = Object.entries(formats).map(([name, { about }]) => `  ${name}: ${about}`);
  return `${path}: found the fields ${found}; no known format has these. Name one with --format:\n${known.join("\n")}`;
}

function itemOf(raw: RawRow, where: Place, format: Format): SourceItem {
  try {
    if (raw.kind === "fault") throw raw.fault;
    return {
      kind: "problem",
      where,
      problem: checked(format.problem(raw.row, raw.number - (where.unit === "line" ? 1 : 0))),
    };
  } catch (error) {
    if (!(error instanceof RowFault)) throw error;
    return { kind: error.kind, where, reason: error.reason, detail: error.detail };
  }
}

function checked(draft: Draft | Row): Problem {
  const result = problemSchema.safeParse(draft);
  if (result.success) return result.data;
  const said = explain(result.error, draft, problemSchema);
  const [expected = "", ...found] = said.split("; found ");
  // Without the index, so that the same trouble in another test is the same reason.
  const reason = expected.replaceAll(/\[\d+\]/g, "[]");
  const detail = found.length === 0 ? "" : `found ${found.join("; found ")}`;
  throw new RowFault("malformed", reason, reason === expected ? detail : said);
}
