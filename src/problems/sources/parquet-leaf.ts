// One leaf column of one row group of a Parquet file, page by page. hyparquet reads whole column chunks, and pandas
// writes all of a file into one row group: a gigabyte in one piece. Its parts that decode one page are used here
// instead, so that a page (about a megabyte) is all that is held.

import type { FileHandle } from "node:fs/promises";
import type { ColumnMetaData, DecodedArray, PageHeader, SchemaTree } from "hyparquet";
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert, DEFAULT_PARSERS } from "hyparquet/src/convert.js";
import { getTreePath, isFlatColumn } from "hyparquet/src/schema.js";
import { Float } from "../../core/json.js";
import { boundedCompressors } from "./parquet-codecs.js";

const HEADER_BYTES = 1 << 13;
const MAXIMUM_HEADER_BYTES = 1 << 24;
const MAXIMUM_PAGE_BYTES = 1 << 30;
const MAXIMUM_PAGE_VALUES = 1 << 24;

/** Texts stay bytes until their row is wanted: as strings a page would take twice and more of its size. */
const asBytes = (bytes: Uint8Array | undefined): Uint8Array | undefined => bytes;
const parsers = { ...DEFAULT_PARSERS, stringFromBytes: asBytes, jsonFromBytes: asBytes };

type Decoder = Parameters<typeof readPage>[2];

export class ParquetLeaf {
  readonly path: string;
  readonly #decoder: Decoder;
  readonly #isFlat: boolean;
  readonly #end: number;
  #offset: number;
  #dictionaryAt: number | undefined;
  #dictionary: DecodedArray | undefined;
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
    this.#decoder = {
      ...chunk,
      pathInSchema: chunk.path_in_schema,
      element,
      schemaPath,
      parsers,
      compressors: boundedCompressors,
    };
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
    const { header, bodyAt } = await this.#readHeader(this.#offset);
    if (header.type === "DICTIONARY_PAGE") this.#dictionaryAt = this.#offset;
    this.#offset = bodyAt + header.compressed_page_size;
    const page = header.data_page_header ?? header.data_page_header_v2;
    if (page === undefined) return;
    if (page.num_values > MAXIMUM_PAGE_VALUES) {
      throw new RangeError(`a page of ${this.path} claims ${page.num_values} values`);
    }
    // Dropped where values stand in the pages themselves: a dictionary of long texts is as large as a page.
    const isCoded = page.encoding.endsWith("_DICTIONARY");
    this.#dictionary = isCoded ? (this.#dictionary ?? (await this.#readDictionary())) : undefined;
    const rest = this.#rows.slice(this.#taken);
    this.#taken = 0;
    // A nested column's next page may go on with the last row, so it is given that one to go on with.
    const data = await this.#decode(header, bodyAt, rest);
    this.#rows = data === undefined || data === rest ? rest : [...rest, ...Array.from(data)];
  }

  async #readDictionary(): Promise<DecodedArray | undefined> {
    if (this.#dictionaryAt === undefined) throw new RangeError(`${this.path} has no dictionary`);
    const { header, bodyAt } = await this.#readHeader(this.#dictionaryAt);
    const data = await this.#decode(header, bodyAt, []);
    return data && convert(data, this.#decoder);
  }

  async #decode(header: PageHeader, bodyAt: number, rest: DecodedArray): Promise<DecodedArray | undefined> {
    const view = viewOf(await this.#read(bodyAt, header.compressed_page_size));
    return readPage({ view, offset: 0 }, header, this.#decoder, this.#dictionary, rest, 0).data;
  }

  async #readHeader(at: number): Promise<{ header: PageHeader; bodyAt: number }> {
    for (let size = HEADER_BYTES; ; size *= 4) {
      const reader = { view: viewOf(await this.#read(at, Math.min(size, this.#end - at))), offset: 0 };
      try {
        const header = parquetHeader(reader);
        return { header: this.#checked(header), bodyAt: at + reader.offset };
      } catch (error) {
        // Statistics in the header may hold long texts.
        if (size >= MAXIMUM_HEADER_BYTES || size >= this.#end - at) throw error;
      }
    }
  }

  /** A header is a claim: one of a negative size would be read for ever. */
  #checked(header: PageHeader): PageHeader {
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    if (packed < 0 || unpacked < 0 || Math.max(packed, unpacked) > MAXIMUM_PAGE_BYTES) {
      throw new RangeError(`a page of ${this.path} claims ${packed} bytes, ${unpacked} unpacked`);
    }
    return header;
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
