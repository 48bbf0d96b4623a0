// The keys and values that sampling has computed so far, and one token's attention to them. They lie in pages of
// WebAssembly memory, in exact lengths: rows of one prompt share its full pages, which are read once for all of them.
// A page holds a few tokens of every layer and key-value head. H heads, N key-value heads, G = H / N, C size of a head.

import type { DecoderConfig } from "../model/config.js";
import { type AttentionKernels, attentionKernels } from "./kernels/attention.js";
import { FLOAT, PAGE_TOKENS, pageFloats } from "./kernels/pages.js";
import { PagePool } from "./page-pool.js";

/** A sequence's pages, in order, and how many tokens they hold. */
export interface CachedRow {
  readonly pages: number[];
  length: number;
}

/** Of each row, after the rotation: query [H C], key and value [N C]. */
export interface StepHeads {
  readonly query: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** Neighbouring rows that begin with the same pages. */
interface Group {
  readonly first: number;
  readonly count: number;
  readonly sharedPages: number;
}

/** Where the scratch memory holds what, bytes. */
interface Scratch {
  readonly query: number;
  readonly keys: number;
  readonly values: number;
  readonly read: number;
  readonly tables: number;
  readonly tableStride: number;
  readonly scores: number;
  readonly scoreStride: number;
}

/** Of pages, half of what a WebAssembly memory can hold. */
const MOST_CACHE_BYTES = 2 ** 31;

/** Rows of so many tokens that a cache has room for. */
export function mostRows({ layers, keyValueHeads, headSize }: DecoderConfig, tokens: number): number {
  const pages = Math.ceil(tokens / PAGE_TOKENS) + 1;
  const rowBytes = pages * layers * keyValueHeads * pageFloats(headSize) * FLOAT;
  return Math.max(1, Math.floor(MOST_CACHE_BYTES / rowBytes));
}

export class KeyValueCache {
  readonly #config: DecoderConfig;
  readonly #pool: PagePool;
  readonly #kernels: AttentionKernels;
  readonly #headBytes: number;
  #scratch: Scratch;
  #groups: readonly Group[] = [];

  constructor(config: DecoderConfig) {
    this.#config = config;
    this.#headBytes = pageFloats(config.headSize) * FLOAT;
    this.#pool = new PagePool(config.layers * config.keyValueHeads * this.#headBytes);
    this.#kernels = attentionKernels(config, this.#pool.memory);
    this.#scratch = this.#place(0, 0);
  }

  /** Forgets everything and makes room to work on so many rows of so many tokens at most. */
  reset(rows: number, tokens: number): void {
    this.#scratch = this.#place(rows, tokens);
  }

  /**
   * Keeps a prompt's keys and values for each of its rows.
   *
   * @param part  of one layer, keys [N, C, stride] and values [N, stride, C], of which the first `length` tokens count
   */
  addPrompt(
    rows: number,
    length: number,
    stride: number,
    part: (layer: number) => Pick<StepHeads, "keys" | "values">,
  ): CachedRow[] {
    const pages = Array.from({ length: Math.ceil(length / PAGE_TOKENS) }, () => this.#pool.take());
    for (let layer = 0; layer < this.#config.layers; layer++)
      this.#writePrompt(pages, layer, length, stride, part(layer));
    const full = Math.floor(length / PAGE_TOKENS);
    return Array.from({ length: rows }, (_, row) => ({
      pages: pages.map((page, at) => {
        if (row === 0) return page;
        return at < full ? this.#pool.share(page) : this.#pool.copy(page);
      }),
      length,
    }));
  }

  release({ pages }: CachedRow): void {
    for (const page of pages) this.#pool.giveBack(page);
  }

  /** Makes a place for one more token in each row, to be filled layer by layer. */
  beginToken(rows: readonly CachedRow[]): void {
    for (const row of rows) {
      if (row.length % PAGE_TOKENS === 0) row.pages.push(this.#pool.take());
      row.length++;
    }
    this.#groups = groupRows(rows);
    const { tables, tableStride } = this.#scratch;
    const integers = new Int32Array(this.#pool.memory.buffer);
    for (const [row, { pages, length }] of rows.entries()) {
      const line = (tables + row * tableStride) / FLOAT;
      integers[line] = length;
      integers.set(pages, line + 1);
    }
  }

  /**
   * Attention of the new token of each row, its own key and value among those it sees.
   *
   * @returns  [rows, H C], a view that the next call overwrites
   */
  attend(layer: number, heads: StepHeads): Float32Array {
    const { query, keys, values, read, tables, tableStride, scores, scoreStride } = this.#scratch;
    const floats = new Float32Array(this.#pool.memory.buffer);
    floats.set(heads.query, query / FLOAT);
    floats.set(heads.keys, keys / FLOAT);
    floats.set(heads.values, values / FLOAT);
    const result = floats.subarray(read / FLOAT, read / FLOAT + heads.query.length).fill(0);
    const offset = this.#headOffset(layer, 0);
    const { heads: queryHeads, keyValueHeads, headSize } = this.#config;
    const [queryStride, keyStride] = [queryHeads * headSize * FLOAT, keyValueHeads * headSize * FLOAT];
    for (const { first, count, sharedPages } of this.#groups) {
      this.#kernels.attend(
        query + first * queryStride,
        keys + first * keyStride,
        values + first * keyStride,
        read + first * queryStride,
        tables + first * tableStride,
        tableStride,
        count,
        sharedPages,
        offset,
        scores,
        scoreStride,
      );
    }
    return result;
  }

  #writePrompt(
    pages: readonly number[],
    layer: number,
    length: number,
    stride: number,
    { keys, values }: Pick<StepHeads, "keys" | "values">,
  ): void {
    const { keyValueHeads, headSize } = this.#config;
    const scratch = this.#scratch;
    const floats = new Float32Array(this.#pool.memory.buffer);
    const [key, value] = [scratch.keys / FLOAT, scratch.values / FLOAT];
    for (let head = 0; head < keyValueHeads; head++) {
      const offset = this.#headOffset(layer, head);
      for (let token = 0; token < length; token++) {
        for (let channel = 0; channel < headSize; channel++) {
          floats[key + channel] = keys[(head * headSize + channel) * stride + token];
          floats[value + channel] = values[(head * stride + token) * headSize + channel];
        }
        const page = pages[Math.floor(token / PAGE_TOKENS)] + offset;
        this.#kernels.append(scratch.keys, scratch.values, page, token % PAGE_TOKENS);
      }
    }
  }

  #headOffset(layer: number, head: number): number {
    return (layer * this.#config.keyValueHeads + head) * this.#headBytes;
  }

  #place(rows: number, tokens: number): Scratch {
    const { heads, keyValueHeads, headSize } = this.#config;
    const pages = Math.ceil(tokens / PAGE_TOKENS);
    let next = 0;
    const take = (floats: number): number => {
      const at = next;
      next += floats * FLOAT;
      return at;
    };
    const scratch = {
      query: take(rows * heads * headSize),
      keys: take(rows * keyValueHeads * headSize),
      values: take(rows * keyValueHeads * headSize),
      read: take(rows * heads * headSize),
      tables: take(rows * (1 + pages)),
      tableStride: (1 + pages) * FLOAT,
      scores: take(((rows * heads) / keyValueHeads) * pages * PAGE_TOKENS),
      scoreStride: pages * PAGE_TOKENS * FLOAT,
    };
    this.#pool.reset(next);
    return scratch;
  }
}

/** Rows with a shared first page stand next to each other. */
function groupRows(rows: readonly CachedRow[]): Group[] {
  const groups: Group[] = [];
  for (let first = 0, end = 0; first < rows.length; first = end) {
    const { pages } = rows[first];
    end = first + 1;
    while (end < rows.length && rows[end].pages[0] === pages[0]) end++;
    const other = end - first > 1 ? rows[first + 1].pages : [];
    const different = pages.findIndex((page, at) => page !== other[at]);
    groups.push({ first, count: end - first, sharedPages: different });
  }
  return groups;
}
