// Rows of JSON: one object a line, or the elements of one array. Read piece by piece; only one row is held at a time,
// and one that is too big to hold is passed over.

import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { DataError, messageOf } from "../../core/errors.js";
import { cannotRead } from "../../core/files.js";
import { type Json, parseJson } from "../../core/json.js";
import { decodeText, type Row, RowFault, rowOf } from "./row.js";
import type { RawRow, Rows, Stretch } from "./rows.js";

/** Test data of LiveCodeBench comes in rows of tens of megabytes; no row of a known set comes near this. */
const MAXIMUM_ROW_BYTES = 256 * 1024 * 1024;

/** The bytes of one row; null where they are too many. */
interface Piece {
  readonly number: number;
  readonly bytes: Buffer | null;
  /** Where they begin, in a file of lines. */
  readonly start?: number;
}

/** @throws DataError for a file that is not whole, UsageError for one that cannot be read */
export async function openText(path: string, zipped: boolean): Promise<Rows> {
  let bytesRead = 0;
  const size = Math.max(1, statSync(path).size);
  const open = (): AsyncGenerator<Buffer> => readBytes(path, zipped, (count) => (bytesRead = count));
  const isArray = (await firstCharacter(open())) === "[";
  const read = async function* (): AsyncGenerator<RawRow> {
    for await (const piece of isArray ? splitArray(open(), path) : splitLines(open())) {
      const raw = rawRow(piece, !zipped);
      if (raw) yield raw;
    }
  };
  const fields = await firstFields(read());
  return { unit: isArray ? "row" : "line", zipped, count: undefined, fields, share: () => bytesRead / size, read };
}

async function firstFields(rows: AsyncIterable<RawRow>): Promise<ReadonlySet<string>> {
  for await (const raw of rows) if (raw.kind === "row") return new Set(Object.keys(raw.row));
  return new Set();
}

async function firstCharacter(chunks: AsyncIterable<Buffer>): Promise<string> {
  for await (const chunk of chunks) {
    const text = chunk.toString("utf8").trimStart();
    if (text !== "") return text[0];
  }
  return "";
}

/** Undefined for a blank line. */
function rawRow({ number, bytes, start }: Piece, seekable: boolean): RawRow | undefined {
  try {
    if (bytes === null) throw new RowFault("malformed", `row over ${MAXIMUM_ROW_BYTES / 2 ** 20} MiB`);
    const row = rowIn(bytes);
    if (row === undefined) return undefined;
    const stretch = seekable && start !== undefined ? { start, length: bytes.length } : undefined;
    return { kind: "row", number, row, ...(stretch && { stretch }) };
  } catch (error) {
    if (error instanceof RowFault) return { kind: "fault", number, fault: error };
    throw error;
  }
}

function rowIn(bytes: Buffer): Row | undefined {
  const text = decodeText(bytes).replace(/^\uFEFF/, "");
  return text.trim() === "" ? undefined : rowOf(parse(text), "row");
}

/** A row that was read before, by where it lies. @throws RowFault where it lies there no more */
export function readRowAt(path: string, { start, length }: Stretch): Row {
  const bytes = Buffer.alloc(length);
  try {
    const file = openSync(path, "r");
    try {
      readSync(file, bytes, 0, length, start);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
  const row = rowIn(bytes);
  if (row === undefined) throw new RowFault("malformed", "row: not where it was; the file has changed meanwhile");
  return row;
}

function parse(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new RowFault("malformed", "row: not JSON", messageOf(error));
  }
}

async function* readBytes(path: string, zipped: boolean, onRead: (bytes: number) => void): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const gunzip = zipped ? createGunzip() : null;
  // `pipe` passes no errors on.
  const stream = gunzip ? file.on("error", (error) => gunzip.destroy(error)).pipe(gunzip) : file;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      onRead(file.bytesRead);
      yield chunk;
    }
  } catch (error) {
    if (zipped && (error as NodeJS.ErrnoException).syscall === undefined) {
      throw new DataError(`${path}: not a whole gzip file (${messageOf(error)})`, { cause: error });
    }
    throw cannotRead(path, error);
  } finally {
    file.destroy();
  }
}

/** The bytes of one row as they come in, up to the limit. */
class Gathering {
  #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > MAXIMUM_ROW_BYTES) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): Buffer | null {
    const whole = this.#length > MAXIMUM_ROW_BYTES ? null : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return whole;
  }
}

const NEWLINE = 10;

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const line = new Gathering();
  let number = 1;
  let lineStart = 0;
  let read = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      line.add(chunk.subarray(start, end));
      yield { number: number++, bytes: line.take(), start: lineStart };
      start = end + 1;
      lineStart = read + start;
    }
    line.add(chunk.subarray(start));
    read += chunk.length;
  }
  yield { number, bytes: line.take(), start: lineStart };
}

const [QUOTE, BACKSLASH, COMMA] = codes('"\\,') as [number, number, number];
const OPENING = new Set(codes("[{"));
const CLOSING = new Set(codes("]}"));

function codes(characters: string): number[] {
  return [...Buffer.from(characters)];
}

/** The elements of one array, numbered from 0. What follows the array is ignored. */
async function* splitArray(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<Piece> {
  const element = new Gathering();
  let number = 0;
  let depth = 0;
  let inText = false;
  let escaped = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
        continue;
      }
      if (byte === QUOTE) inText = true;
      else if (OPENING.has(byte) && ++depth === 1) start = at + 1;
      const ended = CLOSING.has(byte) && --depth === 0;
      if (!ended && !(byte === COMMA && depth === 1)) continue;
      element.add(chunk.subarray(start, at));
      yield { number: number++, bytes: element.take() };
      if (ended) return;
      start = at + 1;
    }
    element.add(chunk.subarray(start));
  }
  throw new DataError(`${path}: its JSON array does not end: the file is not whole`);
}
