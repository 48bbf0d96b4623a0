// One leaf column of one row group of a Parquet file, page by page. hyparquet reads whole column chunks, and pandas
// writes all of a file into one row group: a gigabyte in one piece. Its parts that decode one page are used here
// instead, so that a page (about a megabyte) is all that is held.

import type { FileHandle } from "node:fs/promises";
import type { ColumnMetaData, SchemaTree } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert, DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getTreePath, isFlatColumn } from "hyparquet/src/schema.js";
import { compressors } from "hyparquet-compressors";
import { Float } from "../../core/json.js";
import { RowFault } from "./row.js";

const HEADER_BYTES = 1 << 13;
const MAXIMUM_HEADER_BYTES = 1 << 24;
const MAXIMUM_PAGE_BYTES = 1 << 30;
const MAXIMUM_PAGE_VALUES = 1 << 24;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A text that is none stays in its row as the reason for dropping it. */
function textFromBytes(bytes: Uint8Array | undefined): string | RowFault | undefined {
  if (bytes === undefined) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return new RowFault("malformed", "row: not UTF-8");
  }
}

const parsers = { ...DEFAULT_PARSERS, stringFromBytes: textFromBytes, jsonFromBytes: textFromBytes };

type Decoder = Parameters<typeof readPage>[2];

export class ParquetLeaf {
  readonly path: string;
  readonly #decoder: Decoder;
  readonly #isFlat: boolean;
  readonly #end: number;
  #offset: number;
  #dictionary: Parameters<typeof readPage>[3];
  /** Rows decoded and not yet taken; of a nested column the last may go on in the next page. */
  #rows: unknown[] = [];
  #taken = 0;

  constructor(
    private readonly file: FileHandle,
    schema: SchemaTree,
    chunk: ColumnMetaData,
  ) {
    const schemaPath = getTreePath(schema, chunk.path_in_schema);
    const element = schemaPath[schemaPath.length - 1].element;
    this.path = chunk.path_in_schema.join(".");
    this.#decoder = { ...chunk, pathInSchema: chunk.path_in_schema, element, schemaPath, parsers, compressors };
    this.#isFlat = isFlatColumn(schemaPath);
    // Some writers leave out where the dictionary is, or say 0.
    this.#offset = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
    this.#end = this.#offset + Number(chunk.total_compressed_size);
  }

  /** How many whole rows can be taken, after reading on until there is one; 0 only at the end. */
  async available(): Promise<number> {
    while (this.#whole() === 0 && this.#offset < this.#end) await this.#readPage();
    return this.#whole();
  }

  take(count: number): unknown[] {
    const rows = this.#rows.slice(this.#taken, this.#taken + count);
    this.#taken += count;
    const { type } = this.#decoder.element;
    return type === "DOUBLE" || type === "FLOAT" ? rows.map(asFloats) : rows;
  }

  #whole(): number {
    const rest = this.#rows.length - this.#taken;
    return this.#isFlat || this.#offset >= this.#end ? rest : Math.max(0, rest - 1);
  }

  async #readPage(): Promise<void> {
    const { header, length } = await this.#readHeader();
    const values = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0;
    if (Math.max(header.uncompressed_page_size, header.compressed_page_size) > MAXIMUM_PAGE_BYTES) {
      throw new RangeError(`a page of ${this.path} is over ${MAXIMUM_PAGE_BYTES / 2 ** 20} MiB`);
    }
    if (values > MAXIMUM_PAGE_VALUES) throw new RangeError(`a page of ${this.path} claims ${values} values`);
    const view = viewOf(await this.#read(this.#offset + length, header.compressed_page_size));
    this.#offset += length + header.compressed_page_size;
    const rest = this.#rows.slice(this.#taken);
    this.#taken = 0;
    // A nested column's next page may go on with the last row, so it is given that one to go on with.
    const { data } = readPage({ view, offset: 0 }, header, this.#decoder, this.#dictionary, rest, 0);
    if (header.type === "DICTIONARY_PAGE") {
      this.#dictionary = data && convert(data, this.#decoder);
      this.#rows = rest;
    } else this.#rows = data === undefined || data === rest ? rest : [...rest, ...Array.from(data)];
  }

  async #readHeader(): Promise<{ header: ReturnType<typeof parquetHeader>; length: number }> {
    for (let size = HEADER_BYTES; ; size *= 4) {
      const reader = {
        view: viewOf(await this.#read(this.#offset, Math.min(size, this.#end - this.#offset))),
        offset: 0,
      };
      try {
        return { header: parquetHeader(reader), length: reader.offset };
      } catch (error) {
        // Statistics in the header may hold long texts.
        if (size >= MAXIMUM_HEADER_BYTES || size >= this.#end - this.#offset) throw error;
      }
    }
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await this.file.read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  }
}

function asFloats(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asFloats);
  return typeof value === "number" ? new Float(value) : value;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
