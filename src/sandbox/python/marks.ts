// Which pages of the interpreter's memory have been written since its state was saved. The interpreter's own stores
// leave their marks themselves (store-tracking.ts); what the host writes on its behalf is marked here.

import { PAGE_BITS, PAGE_BYTES, REACH_BYTES, TABLE_BYTES } from "./store-tracking.js";
import type { WasmMemory } from "./wasm.js";

const PAGES_PER_WORD = 8;

/** A state of the memory: the first one whole, and copies of the pages that are not as there. */
export class SavedMemory {
  readonly #base: Uint8Array;
  #changed: readonly number[] = [];
  /** One after another, in a buffer that serves one set of pages after the other: a fresh one costs more than copying. */
  #copies = new Uint8Array(0);
  /** By page: where its copy begins, plus one; 0 where there is none. */
  #places = new Int32Array(0);

  /** @param base  of the memory, from its beginning; beyond it there is nothing yet: zeros */
  constructor(base: Uint8Array) {
    this.#base = base;
  }

  /** The pages that are not as in the first state, ascending. */
  get changed(): readonly number[] {
    return this.#changed;
  }

  /** The same first state, and these pages as they are now; what was kept here before is forgotten. @param pages  ascending */
  keep(heap: Uint8Array, pages: readonly number[]): void {
    for (const page of this.#changed) this.#places[page] = 0;
    const bytes = pages.length * PAGE_BYTES;
    if (this.#copies.length < bytes) this.#copies = new Uint8Array(2 * bytes);
    if (this.#places.length < pagesOf(heap)) this.#places = new Int32Array(pagesOf(heap));
    for (const [index, page] of pages.entries()) this.#places[page] = index * PAGE_BYTES + 1;
    this.#changed = pages;
    for (const [first, end] of runsOf(pages)) {
      this.#copies.set(heap.subarray(first * PAGE_BYTES, end * PAGE_BYTES), this.#places[first] - 1);
    }
  }

  /** Writes the pages from `first` to before `end` back, and as many bytes of the page behind them. */
  putBack(heap: Uint8Array, first: number, end: number, beyond: number): void {
    const places = this.#places;
    const to = Math.min(end * PAGE_BYTES + beyond, heap.length);
    for (let page = first, at = first * PAGE_BYTES; at < to; at = page * PAGE_BYTES) {
      const place = places[page] ?? 0;
      // On to the first page whose bytes do not lie behind these.
      const step = place && PAGE_BYTES;
      let expected = place;
      do {
        page++;
        expected += step;
      } while (page * PAGE_BYTES < to && (places[page] ?? 0) === expected);
      const stop = Math.min(page * PAGE_BYTES, to);
      if (place > 0) heap.set(this.#copies.subarray(place - 1, place - 1 + stop - at), at);
      else this.#putBase(heap, at, stop);
    }
  }

  #putBase(heap: Uint8Array, from: number, to: number): void {
    const base = this.#base;
    if (from < base.length) heap.set(base.subarray(from, to), from);
    if (to > base.length) heap.fill(0, Math.max(from, base.length), to);
  }
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
    heap.fill(0, this.#table, this.#table + pagesOf(heap));
  }

  /**
   * Every page that has been written, ascending; null where a program may have wiped marks. A store may also reach up to
   * {@link REACH_BYTES} into the page behind one of these.
   */
  pages(): number[] | null {
    const heap = this.#bytes();
    if (this.#isForged(heap)) return null;
    const pages: number[] = [];
    const count = pagesOf(heap);
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
    const count = pagesOf(this.#bytes());
    const beside = (this.#table >>> PAGE_BITS) - 1;
    const reached: number[] = [];
    for (const page of pages) {
      if (reached.at(-1) !== page && page !== beside) reached.push(page);
      if (page + 1 < count && page + 1 !== beside) reached.push(page + 1);
    }
    return reached;
  }

  /**
   * Puts every marked page of the memory back, and forgets the marks. Marks that a program may have wiped are not
   * believed: then the whole memory is put back.
   */
  restore(saved: SavedMemory): void {
    const heap = this.#bytes();
    const pages = this.pages();
    if (pages === null) saved.putBack(heap, 0, pagesOf(heap), 0);
    else for (const [first, end] of runsOf(pages)) saved.putBack(heap, first, end, REACH_BYTES);
    this.clear();
  }

  /** Nothing owns the pages of the table and beside it: a program that wrote there meant to wipe its traces. */
  #isForged(heap: Uint8Array): boolean {
    const last = (this.#table + TABLE_BYTES) >>> PAGE_BITS;
    const first = (this.#table >>> PAGE_BITS) - 1;
    for (let page = first; page <= last; page++) if (heap[this.#table + page] !== 0) return true;
    return false;
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

function pagesOf(heap: Uint8Array): number {
  return heap.length >>> PAGE_BITS;
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
