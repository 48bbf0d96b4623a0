// JSON lines with errors a person can act on: file, line, field.

import { gunzipSync } from "node:zlib";
import type { z } from "zod";
import { DataError, messageOf } from "./errors.js";
import { decodeText, readBytes } from "./files.js";
import { type Json, parseJson, stringifyJson } from "./json.js";
import { explain } from "./schema.js";

export interface Line {
  readonly number: number;
  readonly value: Json;
}

/** The JSON values of a `.jsonl` (or `.jsonl.gz`) file with their line numbers; blank lines are skipped. */
export function readLines(path: string): Line[] {
  const bytes = readBytes(path);
  const text = decodeText(path.endsWith(".gz") ? unzip(bytes, path) : bytes, path).replace(/^\uFEFF/, "");
  const lines: Line[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      lines.push({ number: index + 1, value: parseJson(line) });
    } catch (error) {
      throw new DataError(`${path}:${index + 1}: not JSON: ${messageOf(error)}`, { cause: error });
    }
  }
  return lines;
}

function unzip(bytes: Buffer, path: string): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new DataError(`${path}: not a whole gzip file (${messageOf(error)})`, { cause: error });
  }
}

/** One record a line with its line number, checked against its schema. @throws DataError naming file, line and field. */
export function readRecords<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Array<{ readonly line: number; readonly record: z.output<Schema> }> {
  return readLines(path).map(({ number, value }) => {
    const result = schema.safeParse(value);
    if (!result.success) throw new DataError(`${path}:${number}: ${explain(result.error, value, schema)}`);
    return { line: number, record: result.data };
  });
}

export function toLines(records: readonly unknown[]): string {
  return records.map((record) => `${stringifyJson(record)}\n`).join("");
}
