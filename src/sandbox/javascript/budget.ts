// What a JavaScript program may use up: time, memory and output, and the clock that only its own work moves.
//
// Time is counted in polls, never measured. QuickJS polls once in 10,000 backward jumps, calls and steps of a regular
// expression. Polls a millisecond on the machine this was chosen on (2 cores, Node 20.20): a loop over a typed array 6,
// recursion and counting 4, work on a Map 3.5, sorting and `map` with a callback 2.5, objects and texts 0.3-0.9, an empty
// loop 13-35. 6.25 polls stand for a millisecond: no loop that does anything is stopped much before its time. Those that do
// much between two polls are stopped by the guard instead.

import type { Limits } from "../../problems/problem.js";
import { threadCpuMs } from "../cpu-time.js";
import type { World } from "../job.js";
import { WORK_PER_MS } from "../python/ports.js";

/** Polls that stand for one millisecond of CPU time. Fixed: see above. */
const POLLS_PER_MS = 6.25;
/** What a poll counts. */
const POLL = WORK_PER_MS / POLLS_PER_MS;
/** A look at the clock, a write, a promise that goes on: none of them is free. A timer is four of them. */
const STEP = 64;

/**
 * Programs that poll seldom (copying arrays, joining texts) are stopped by a clock after this many times their limit: a
 * guard, and the only place where the machine's speed has a say.
 */
const GUARD_FACTOR = 5;
const GUARD_MIN_MS = 3000;

/** A clock must never pass as the machine's: 2026-01-01 and 2031-07-09 in universal time. */
const EPOCH_MS: Readonly<Record<World, number>> = { first: 1767225600000, second: 1941451323456 };

export type KillReason = "exit" | "timed-out" | "out-of-memory" | "output-limit" | "denied";

/** Thrown through the interpreter: no program can catch it, and the saved state repairs what it leaves behind. */
export class Killed extends Error {
  override readonly name = "Killed";
  constructor(
    readonly reason: KillReason,
    message: string,
    readonly exitCode = 0,
  ) {
    super(message);
  }
}

export class Budget {
  work = 0;
  outputBytes = 0;
  stdout: Buffer[] = [];
  stderr: Buffer[] = [];
  #work = Number.POSITIVE_INFINITY;
  #limits: Limits = { timeMs: 0, memoryBytes: 0, outputBytes: 0 };
  #waitedMs = 0;
  #guardMs = Number.POSITIVE_INFINITY;
  #deadline = Number.POSITIVE_INFINITY;
  #cpuAtStart: number | null = null;

  /** @param progress  where the watchdog sees that the program still moves */
  constructor(
    private readonly world: World,
    private readonly progress: Int32Array,
  ) {}

  /** Everything starts afresh. @param factor  times the time that the limits allow */
  begin(limits: Limits, factor = 1): void {
    this.work = 0;
    this.outputBytes = 0;
    this.stdout = [];
    this.stderr = [];
    this.#limits = limits;
    this.#work = Math.ceil(limits.timeMs * factor * WORK_PER_MS);
    this.#waitedMs = 0;
    this.#guardMs = Math.max(GUARD_MIN_MS, GUARD_FACTOR * factor * limits.timeMs);
    this.#deadline = performance.now() + this.#guardMs;
    this.#cpuAtStart = threadCpuMs();
  }

  poll(): void {
    this.#spend(POLL);
    if (performance.now() > this.#deadline) this.#guard();
  }

  /** Something between two polls that takes its time. */
  step(): void {
    this.#spend(STEP);
  }

  #spend(work: number): void {
    this.progress[0]++;
    this.work += work;
    if (this.work > this.#work) throw new Killed("timed-out", "the time budget is used up");
  }

  /** Past the deadline on the wall: kills, or puts it off by the time that the thread was kept waiting. */
  #guard(): void {
    const cpu = threadCpuMs();
    const left = cpu === null || this.#cpuAtStart === null ? 0 : this.#guardMs - (cpu - this.#cpuAtStart);
    if (left <= 1) throw new Killed("timed-out", `still running after ${GUARD_FACTOR} times the limit`);
    this.#deadline = performance.now() + left;
  }

  /** Reading the clock is work too, so that a loop that waits for it comes to an end. */
  clockMs(): number {
    this.step();
    return Math.floor(EPOCH_MS[this.world] + this.#waitedMs + this.work / WORK_PER_MS);
  }

  /** A timer falls due: time passes without work. */
  wait(ms: number): void {
    this.#spend(3 * STEP);
    this.#waitedMs += ms;
  }

  /** @param bytes  what the memory is to grow to from `base` on */
  grow(bytes: number, base: number): void {
    this.progress[0]++;
    if (bytes > base + this.#limits.memoryBytes) throw new Killed("out-of-memory", "the memory limit was reached");
  }

  write(bytes: Buffer, toStdout: boolean): void {
    this.step();
    this.outputBytes += bytes.length;
    if (this.outputBytes > this.#limits.outputBytes) {
      throw new Killed("output-limit", `more than ${this.#limits.outputBytes} bytes of output`);
    }
    (toStdout ? this.stdout : this.stderr).push(bytes);
  }
}
