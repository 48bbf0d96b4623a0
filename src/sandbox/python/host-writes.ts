// Where the functions that the interpreter imports and that are let through write into its memory: each such place is
// marked as the interpreter's own stores are, or a program's traces would stay in it.

import type { Marks } from "./marks.js";

type WasmFunction = (...parameters: Array<number | bigint>) => unknown;
type Range = readonly [at: number, length: number];

/** What lies behind any pointer: status records, times, the environment, a name. */
const RECORD_BYTES = 1024;

/** Functions that write as much as they are told to. */
const SIZED: Readonly<Record<string, (parameters: readonly number[], heap: DataView) => readonly Range[]>> = {
  fd_read: ([, vectors, count], heap) => vectored(heap, vectors, count),
  fd_pread: ([, vectors, count], heap) => vectored(heap, vectors, count),
  __syscall_getdents64: ([, at, length]) => [[at, length]],
  __syscall_getcwd: ([at, length]) => [[at, length]],
  __syscall_readlinkat: ([, , at, length]) => [[at, length + 1]],
};

/** The same function, with all memory marked after it that it may have written, be it where its result points. */
export function markingWrites(name: string, original: WasmFunction, marks: Marks): WasmFunction {
  const sized = SIZED[name];
  return (...parameters) => {
    const numbers = parameters.map(Number);
    try {
      const result = original(...parameters);
      numbers.push(Number(result));
      return result;
    } finally {
      for (const at of numbers) marks.add(at, RECORD_BYTES);
      for (const [at, length] of sized?.(numbers, marks.view()) ?? []) marks.add(at, length);
    }
  };
}

function vectored(heap: DataView, vectors: number, count: number): Range[] {
  const ranges: Range[] = [];
  for (let at = vectors >>> 0, left = count; left > 0; left--, at += 8) {
    ranges.push([pointerAt(heap, at), pointerAt(heap, at + 4)]);
  }
  return ranges;
}

/** 0 outside the memory. */
function pointerAt(heap: DataView, at: number): number {
  const address = at >>> 0;
  return address + 4 <= heap.byteLength ? heap.getUint32(address, true) : 0;
}
