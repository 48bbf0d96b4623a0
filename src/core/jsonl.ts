// JSON lines with errors a person can act on: file, line, field.

import { createReadStream } from "node:fs";
import { createGunzip, gunzipSync } from "node:zlib";
import type { z } from "zod";
import { DataError, messageOf, UsageError } from "./errors.js";
import { cannotRead, decodeText, readBytes } from "./files.js";
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
    if (line.trim() !== "") lines.push({ number: index + 1, value: parseLine(line, path, index + 1) });
  }
  return lines;
}

function parseLine(text: string, path: string, number: number): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new DataError(`${path}:${number}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function unzip(bytes: Buffer, path: string): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new DataError(`${path}: not a whole gzip file (${messageOf(error)})`, { cause: error });
  }
}

interface Numbered<Schema extends z.ZodType> {
  readonly line: number;
  readonly record: z.output<Schema>;
}

/** One record a line with its line number, checked against its schema. @throws DataError naming file, line and field. */
export function readRecords<Schema extends z.ZodType>(path: string, schema: Schema): Array<Numbered<Schema>> {
  return readLines(path).map((line) => checked(line, path, schema));
}

function checked<Schema extends z.ZodType>({ number, value }: Line, path: string, schema: Schema): Numbered<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw new DataError(`${path}:${number}: ${explain(result.error, value, schema)}`);
  return { line: number, record: result.data };
}

/** A record and where its line lies in the file, in bytes of the unzipped text. */
export interface Placed<Schema extends z.ZodType> extends Numbered<Schema> {
  readonly start: number;
  readonly bytes: number;
}

/** As {@link readRecords}, one after the other: the file may be larger than the memory. */
export async function* streamRecords<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): AsyncGenerator<Placed<Schema>> {
  let number = 0;
  let start = 0;
  for await (const line of splitLines(path)) {
    number++;
    const text = decodeLine(line, path, number);
    const place = { start, bytes: line.length };
    start += line.length + 1;
    if (text.trim() !== "")
      yield { ...checked({ number, value: parseLine(text, path, number) }, path, schema), ...place };
  }
}

function decodeLine(bytes: Uint8Array, path: string, number: number): string {
  const text = decodeText(bytes, path, number);
  return number === 1 ? text.replace(/^\uFEFF/, "") : text;
}

async function* splitLines(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  const zipped = path.endsWith(".gz");
  const gunzip = zipped ? createGunzip() : null;
  // `pipe` passes no errors on.
  const stream = gunzip ? file.on("error", (error) => gunzip.destroy(error)).pipe(gunzip) : file;
  let parts: Uint8Array[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; start = end + 1, end = chunk.indexOf(10, start)) {
        yield Buffer.concat([...parts, chunk.subarray(start, end)]);
        parts = [];
      }
      parts.push(chunk.subarray(start));
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (zipped && (error as NodeJS.ErrnoException).syscall === undefined) {
      throw new DataError(`${path}: not a whole gzip file (${messageOf(error)})`, { cause: error });
    }
    throw cannotRead(path, error);
  } finally {
    file.destroy();
  }
  yield Buffer.concat(parts);
}

export function toLines(records: readonly unknown[]): string {
  return [...eachLine(records)].join("");
}

/** A line a record, made as it is asked for. */
export function* eachLine(records: Iterable<unknown>): Generator<string> {
  for (const record of records) yield `${stringifyJson(record)}\n`;
}
