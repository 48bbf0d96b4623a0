// Which pages of the interpreter's memory have been written since its state was saved. The interpreter's own stores
// leave their marks themselves (store-tracking.ts); what the host writes on its behalf is marked here.

import { PAGE_BITS, PAGE_BYTES, REACH_BYTES, TABLE_BYTES } from "./store-tracking.js";
import type { WasmMemory } from "./wasm.js";

const PAGES_PER_WORD = 8;

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
   * Puts every marked page of the memory back to `saved`, and what is beyond it to zero; then forgets the marks.
   * Marks that a program may have wiped are not believed: then the whole memory is put back.
   */
  restore(saved: Uint8Array): void {
    const heap = this.#bytes();
    if (this.#isForged(heap)) this.#put(heap, saved, 0, heap.length);
    else this.#restoreMarked(heap, saved);
    this.clear();
  }

  #restoreMarked(heap: Uint8Array, saved: Uint8Array): void {
    const words = this.#words;
    const pages = heap.length >>> PAGE_BITS;
    for (let word = 0; word * PAGES_PER_WORD < pages; word++) {
      if (words[word] === 0n) continue;
      let page = word * PAGES_PER_WORD;
      while (heap[this.#table + page] === 0) page++;
      const first = page;
      while (page < pages && heap[this.#table + page] !== 0) page++;
      this.#put(heap, saved, first * PAGE_BYTES, Math.min(page * PAGE_BYTES + REACH_BYTES, heap.length));
      word = Math.floor(page / PAGES_PER_WORD) - 1;
      // The rest of a word whose first pages were marked: seen again, with those wiped.
      heap.fill(0, this.#table + first, this.#table + page);
    }
  }

  #put(heap: Uint8Array, saved: Uint8Array, from: number, to: number): void {
    if (from < saved.length) heap.set(saved.subarray(from, to), from);
    if (to > saved.length) heap.fill(0, Math.max(from, saved.length), to);
  }

  /** Nothing owns the pages of the table and beside it: a program that wrote there meant to wipe its traces. */
  #isForged(heap: Uint8Array): boolean {
    const first = (this.#table >>> PAGE_BITS) - 1;
    const last = (this.#table + TABLE_BYTES) >>> PAGE_BITS;
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
