// What a worker thread holds: the interpreter of one language, behind one question and one answer.

import type { Execution, WireJob } from "./job.js";
import type { Image } from "./python/interpreter.js";

export interface Guest {
  /** Named in every verdict: error texts differ between versions. */
  readonly engine: string;
  /** What the next thread of its kind can start from; null where there is nothing to share. */
  readonly image: Image | null;
  /** Whether a fresh thread should take over, such as after memory has grown that never shrinks. */
  readonly worn: boolean;
  /** Runs one job; nothing of an earlier one is left, except within a session. */
  run(job: WireJob): Promise<Execution>;
  /** Puts everything back to the start. Called when the answer is on its way, so that nobody waits for it. */
  tidy(): void;
}

/** What a guest is opened with. */
export interface GuestStart {
  /** Shared with the watchdog: a number that changes while the program moves. */
  readonly progress: Int32Array;
  /** Something that takes its time is under way (again: is over), and no program's fault. */
  readonly onLoading: (loading: boolean) => void;
}
