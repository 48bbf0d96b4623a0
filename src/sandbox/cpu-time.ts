// CPU time of the thread that asks, as Linux tells it in /proc; elsewhere it is not known.

import { openSync, readSync } from "node:fs";

/** Opened in the thread that first asks, which is then the thread it tells of: each has its own copy of this module. */
let file: number | undefined;
const text = Buffer.alloc(64);

/** Null where the system does not say. */
export function threadCpuMs(): number | null {
  try {
    file ??= openSync("/proc/thread-self/schedstat", "r");
    const length = readSync(file, text, 0, text.length, 0);
    // Nanoseconds on a processor, nanoseconds kept waiting, time slices.
    const nanoseconds = Number.parseInt(text.toString("latin1", 0, length), 10);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : null;
  } catch {
    return null;
  }
}
