// Pages of WebAssembly memory that sequences take as they grow and give back when they end, shared where sequences
// begin alike (PagedAttention, Kwon et al. 2023). It knows nothing of what a page holds.

import { EngineError } from "../../../core/errors.js";
import { wasm } from "./kernels/wasm.js";

/** WebAssembly's own unit of memory. */
const GROWTH_UNIT = 65_536;
/** 32-bit addresses end there. */
const MOST_BYTES = 2 ** 32 - GROWTH_UNIT;

export class PagePool {
  readonly memory = new wasm.Memory({ initial: 0 });
  readonly #pageBytes: number;
  readonly #uses = new Map<number, number>();
  #free: number[] = [];
  #next = 0;

  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
  }

  /** Gives all pages back; they will start behind the first `scratchBytes`, which are the caller's own. */
  reset(scratchBytes: number): void {
    this.#uses.clear();
    this.#free = [];
    this.#next = Math.ceil(scratchBytes / GROWTH_UNIT) * GROWTH_UNIT;
    this.#reach(this.#next);
  }

  /** The address of a page that holds anything. Views of the memory are void after it. */
  take(): number {
    const known = this.#free.pop();
    const page = known ?? this.#next;
    if (known === undefined) {
      this.#next += this.#pageBytes;
      this.#reach(this.#next);
    }
    this.#uses.set(page, 1);
    return page;
  }

  /** Another sequence uses the page too. */
  share(page: number): number {
    this.#uses.set(page, (this.#uses.get(page) ?? 0) + 1);
    return page;
  }

  /** A page that holds the same, for one's own. */
  copy(page: number): number {
    const copied = this.take();
    new Uint8Array(this.memory.buffer).copyWithin(copied, page, page + this.#pageBytes);
    return copied;
  }

  giveBack(page: number): void {
    const left = (this.#uses.get(page) ?? 0) - 1;
    this.#uses.set(page, left);
    if (left === 0) this.#free.push(page);
  }

  #reach(end: number): void {
    const missing = end - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    if (end > MOST_BYTES) throw new EngineError(tooLarge(end));
    try {
      this.memory.grow(Math.ceil(missing / GROWTH_UNIT));
    } catch (error) {
      throw new EngineError(tooLarge(end), { cause: error });
    }
  }
}

function tooLarge(bytes: number): string {
  return `sampling: keys and values of ${Math.ceil(bytes / 1e6)} MB do not fit in memory; draw fewer rows at once`;
}
