// Pauses and limits in this client's time, which tests let run faster.

import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  /** Since some moment, in this client's time. */
  nowMs(): number;
  /** @throws the signal's reason once it is aborted */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** How long on the wall a duration in this client's time is. */
  wallMs(ms: number): number;
  /** What a request's time limit is on the wall. */
  limitMs(ms: number): number;
}

/** A machine is not faster because its clients hurry: no request is given up sooner than after this. */
const SHORTEST_LIMIT_MS = 1000;

/** @param scale  of all durations; 0.001 makes a second of each 17 minutes */
export function clockOf(scale: number): Clock {
  return {
    nowMs: () => performance.now() / scale,
    wallMs: (ms) => ms * scale,
    limitMs: (ms) => Math.max(ms * scale, Math.min(ms, SHORTEST_LIMIT_MS)),
    async pause(ms, signal) {
      signal?.throwIfAborted();
      try {
        await delay(ms * scale, undefined, signal && { signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
  };
}
