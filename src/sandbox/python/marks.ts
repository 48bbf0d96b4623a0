// Which pages of the interpreter's memory have been written since its state was saved. The interpreter's own stores
// leave their marks themselves (store-tracking.ts); what the host writes on its behalf is marked here.

import { PAGE_BITS, PAGE_BYTES, REACH_BYTES, TABLE_BYTES } from "./store-tracking.js";
import type { WasmMemory } from "./wasm.js";

const PAGES_PER_WORD = 8;

/** Copies of some pages, one after another: an allocation for each would cost more than the copying. */
export class Pages {
  readonly numbers: readonly number[];
  readonly #bytes: Uint8Array;
  /** By page: where its copy begins. */
  readonly #places: ReadonlyMap<number, number>;

  /** @param numbers  ascending */
  constructor(heap: Uint8Array, numbers: readonly number[]) {
    this.numbers = numbers;
    this.#bytes = new Uint8Array(numbers.length * PAGE_BYTES);
    this.#places = new Map(numbers.map((page, index) => [page, index * PAGE_BYTES]));
    for (const [first, end] of runsOf(numbers)) {
      this.#bytes.set(heap.subarray(first * PAGE_BYTES, end * PAGE_BYTES), this.#places.get(first));
    }
  }

  /** Writes a page, or its beginning, back where it is among these. */
  putBack(heap: Uint8Array, page: number, length = PAGE_BYTES): void {
    const place = this.#places.get(page);
    if (place !== undefined) heap.set(this.#bytes.subarray(place, place + length), page * PAGE_BYTES);
  }
}

/** A state of the memory: the first one whole, and the pages that are not as there. */
export interface SavedMemory {
  readonly base: Uint8Array;
  readonly changed: Pages;
}

export class Marks {
  #memory: WasmMemory = { buffer: new ArrayBuffer(0) };
  #heap = new Uint8Array(0);
  #words = new BigUint64Array(0);
  #table = 0;

  /** @param table  address of the marks, a byte a page */
  connect(memory: WasmMemory, table: number): void {
    this.#memory = memory;
    this.#table = table;
  }

  /** To be called after a write, as the interpreter's own marks come after theirs. What is outside is left alone. */
  add(at: number, length: number): void {
    const heap = this.#bytes();
    const from = at >>> 0;
    const last = Math.min(from + length, heap.length) - 1;
    if (last >= from) heap.fill(1, this.#table + (from >>> PAGE_BITS), this.#table + (last >>> PAGE_BITS) + 1);
  }

  /** The memory as it is now, for reading. */
  view(): DataView {
    const heap = this.#bytes();
    return new DataView(heap.buffer, heap.byteOffset, heap.byteLength);
  }

  /** Forgets everything: the memory is as saved. */
  clear(): void {
    const heap = this.#bytes();
    heap.fill(0, this.#table, this.#table + (heap.length >>> PAGE_BITS));
  }

  /**
   * Every page that has been written, ascending; null where a program may have wiped marks. A store may also reach up to
   * {@link REACH_BYTES} into the page behind one of these.
   */
  pages(): number[] | null {
    const heap = this.#bytes();
    if (this.#isForged(heap)) return null;
    const pages: number[] = [];
    const count = heap.length >>> PAGE_BITS;
    for (let word = 0; word * PAGES_PER_WORD < count; word++) {
      if (this.#words[word] === 0n) continue;
      for (let page = word * PAGES_PER_WORD; page < (word + 1) * PAGES_PER_WORD; page++) {
        if (heap[this.#table + page] !== 0) pages.push(page);
      }
    }
    return pages;
  }

  /** {@link pages}, and those into which a store may have reached; in front of the table there is nobody's. */
  reachedPages(): number[] | null {
    const pages = this.pages();
    if (pages === null) return null;
    const count = this.#bytes().length >>> PAGE_BITS;
    const beside = (this.#table >>> PAGE_BITS) - 1;
    const reached = new Set(pages.flatMap((page) => [page, page + 1]));
    return [...reached].filter((page) => page < count && page !== beside).sort((a, b) => a - b);
  }

  /**
   * Puts every marked page of the memory back, and forgets the marks. Marks that a program may have wiped are not
   * believed: then the whole memory is put back.
   */
  restore(saved: SavedMemory): void {
    const heap = this.#bytes();
    const { base, changed } = saved;
    const pages = this.pages();
    if (pages === null) putBack(heap, base, 0, heap.length);
    for (const [first, end] of pages ? runsOf(pages) : []) {
      putBack(heap, base, first * PAGE_BYTES, Math.min(end * PAGE_BYTES + REACH_BYTES, heap.length));
      changed.putBack(heap, end, REACH_BYTES);
    }
    for (const page of pages ?? changed.numbers) changed.putBack(heap, page);
    this.clear();
  }

  /** Nothing owns the pages of the table and beside it: a program that wrote there meant to wipe its traces. */
  #isForged(heap: Uint8Array): boolean {
    const last = (this.#table + TABLE_BYTES) >>> PAGE_BITS;
    const first = (this.#table >>> PAGE_BITS) - 1;
    return heap.subarray(this.#table + first, this.#table + last + 1).some((mark) => mark !== 0);
  }

  /** The memory moves when it grows. */
  #bytes(): Uint8Array {
    if (this.#heap.buffer !== this.#memory.buffer) {
      this.#heap = new Uint8Array(this.#memory.buffer);
      this.#words = new BigUint64Array(this.#memory.buffer, this.#table, TABLE_BYTES / PAGES_PER_WORD);
    }
    return this.#heap;
  }
}

/** Beyond what was saved there was nothing yet. */
function putBack(heap: Uint8Array, base: Uint8Array, from: number, to: number): void {
  if (from < base.length) heap.set(base.subarray(from, to), from);
  if (to > base.length) heap.fill(0, Math.max(from, base.length), to);
}

/** Ascending numbers as ranges, the end not included. */
function* runsOf(pages: readonly number[]): Generator<readonly [number, number]> {
  for (let index = 0; index < pages.length; ) {
    const first = pages[index];
    let end = first + 1;
    while (pages[++index] === end) end++;
    yield [first, end];
  }
}
