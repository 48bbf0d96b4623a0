// JSON lines with errors a person can act on: file, line, field.

import { gunzipSync } from "node:zlib";
import type { z } from "zod";
import { DataError, messageOf } from "./errors.js";
import { readBytes } from "./files.js";
import { type Json, parseJson, stringifyJson } from "./json.js";
import { explain } from "./schema.js";

export interface Line {
  readonly number: number;
  readonly value: Json;
}

/** The JSON values of a `.jsonl` (or `.jsonl.gz`) file with their line numbers; blank lines are skipped. */
export function readLines(path: string): Line[] {
  const bytes = readBytes(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").replace(/^\uFEFF/, "");
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

/** One record a line, checked against its schema. @throws DataError naming file, line and field. */
export function readRecords<Schema extends z.ZodType>(path: string, schema: Schema): Array<z.output<Schema>> {
  return readLines(path).map(({ number, value }) => {
    const result = schema.safeParse(value);
    if (!result.success) throw new DataError(`${path}:${number}: ${explain(result.error, value, schema)}`);
    return result.data;
  });
}

export function toLines(records: readonly unknown[]): string {
  return records.map((record) => `${stringifyJson(record)}\n`).join("");
}
