// What the interpreter is connected to in place of an operating system: three streams, a private request and reply
// channel, a clock that only the program's own work moves, random bytes from a fixed stream, and the budgets.
//
// Time is counted in polls, never measured. The interpreter polls from two kinds of places: its evaluation loop, once in
// 51 backward jumps or calls, and loops in C that look for signals, once a digit or a write. Polls a millisecond on the
// machine this was chosen on (2 cores, Node 20.20): loops that do something 150-570, loops of `pass` 1,150, a bare
// `while True: pass` 4,600; from C beside that: text of numbers 9,000-12,000, print 5,000-6,000, products of long
// integers 12,000-22,000. So polls from C count 1/32, and 500 polls of the loop stand for a millisecond: no program that
// does anything is stopped much before its time, loops with arithmetic after 1 to 3 times of it.

import { threadCpuMs } from "../cpu-time.js";
import type { World } from "../job.js";
import { Bytes } from "./bytes.js";
import { Killed } from "./firewall.js";
import { Marks } from "./marks.js";
import type { WasmMemory } from "./wasm.js";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const REQUEST = 100;
const REPLY = 101;
const EBADF = 8;
const EINVAL = 28;
/** Pieces that one call may read into or write from; Linux has the same limit. */
export const MAX_PARTS = 1024;

/** Polls of the evaluation loop that stand for one millisecond of CPU time. Fixed: see above. */
const POLLS_PER_MS = 500;
/** What a poll of the evaluation loop counts; one from C counts 1. */
const LOOP_POLL = 32;
export const WORK_PER_MS = POLLS_PER_MS * LOOP_POLL;
/**
 * The interpreter counts down to its next poll in a variable, and polls from the loop just after setting it to this.
 * Taking one off at once leaves the value to polls of the loop alone.
 */
const COUNTDOWN = 50;

/**
 * Programs that poll seldom (regular expressions, sorting, fractions) are stopped by a clock after this many times their
 * limit: a guard, and the only place where the machine's speed has a say. Its load has none where the thread's own CPU
 * time can be read; otherwise the clock is the one on the wall.
 */
const GUARD_FACTOR = 5;
const GUARD_MIN_MS = 3000;
const POLLS_PER_LOOK = 256;

/** A clock must never pass as the machine's: 2026-01-01 and 2031-07-09 in universal time. */
const EPOCH_MS: Readonly<Record<World, number>> = { first: 1767225600000, second: 1941451323456 };
/** How fast it goes, so that time spans differ too. */
const CLOCK_RATE: Readonly<Record<World, number>> = { first: 1, second: 1.375 };
const SEED: Readonly<Record<World, number>> = { first: 0x9e3779b9, second: 0x85ebca6b };
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

export interface RunLimits {
  /** In units of work: {@link WORK_PER_MS}. */
  readonly work: number;
  readonly outputBytes: number;
  readonly heapLimit: number;
}

/** What a run goes on from: nothing used, or what the part before it has used. */
export interface Position {
  readonly work: number;
  readonly outputBytes: number;
  readonly random: number;
}

export class Ports {
  /** What has been written into the interpreter's memory. */
  readonly marks = new Marks();
  /** Set while a program runs: only then is the firewall up. */
  locked = false;
  killed: Killed | null = null;
  /** The imports that were refused, by the error number that the program got for it. */
  readonly denied = new Map<number, string>();
  outOfMemory = false;
  heapLimit = Number.POSITIVE_INFINITY;
  /** What the program has used of its time so far. */
  work = 0;
  outputBytes = 0;
  stdout = new Bytes();
  /** Null where nobody asks for it. */
  stderr: Bytes | null = null;
  /** Answers what the guest has written, at its next read; without it the channel is at its end. */
  answer: ((question: Buffer) => Buffer | null) | null = null;

  #memory: WasmMemory = { buffer: new ArrayBuffer(0) };
  #countdown = 0;
  #polls = 0;
  #heap = new Uint8Array(0);
  #stdin: Buffer = Buffer.alloc(0);
  #request: Buffer = Buffer.alloc(0);
  readonly #reply = new Bytes();
  #replyBytes = 0;
  #limits: RunLimits = { work: Number.POSITIVE_INFINITY, outputBytes: 0, heapLimit: 0 };
  #guardMs = Number.POSITIVE_INFINITY;
  #deadline = Number.POSITIVE_INFINITY;
  #cpuAtStart: number | null = null;
  #random: number;
  readonly #world: World;

  /** @param progress  where the watchdog sees that the program still moves */
  constructor(
    world: World,
    private readonly progress: Int32Array = new Int32Array(1),
  ) {
    this.#world = world;
    this.#random = SEED[world];
  }

  /**
   * @param countdown  address of the variable that tells the two kinds of polls apart
   * @param table  address of the marks
   */
  connect(memory: WasmMemory, countdown: number, table: number): void {
    this.#memory = memory;
    this.#countdown = countdown;
    this.marks.connect(memory, table);
  }

  /** The memory of the instance; it moves when it grows. */
  heap(): Uint8Array {
    if (this.#heap.buffer !== this.#memory.buffer) this.#heap = new Uint8Array(this.#memory.buffer);
    return this.#heap;
  }

  /** Where every program begins. */
  origin(): Position {
    return { work: 0, outputBytes: 0, random: SEED[this.#world] };
  }

  /** How far time, output and chance have come. */
  position(): Position {
    return { work: this.work, outputBytes: this.outputBytes, random: this.#random };
  }

  /** Connects the streams for one run, which goes on from a position. */
  begin(request: Buffer, stdin: Buffer, limits: RunLimits, { work, outputBytes, random }: Position): void {
    this.killed = null;
    this.denied.clear();
    this.outOfMemory = false;
    this.work = work;
    this.#polls = 0;
    this.stdout.take();
    this.stderr = null;
    this.heapLimit = limits.heapLimit;
    this.#limits = limits;
    this.#guardMs = Math.max(GUARD_MIN_MS, (GUARD_FACTOR * limits.work) / WORK_PER_MS);
    this.#deadline = performance.now() + this.#guardMs;
    this.#cpuAtStart = threadCpuMs();
    this.#stdin = stdin;
    this.#request = request;
    this.#reply.take();
    this.#replyBytes = 0;
    this.outputBytes = outputBytes;
    this.#random = random;
    // Written at every poll.
    this.marks.add(this.#countdown, 1);
    this.locked = true;
  }

  end(): void {
    this.locked = false;
    this.answer = null;
  }

  takeReply(): Buffer {
    return this.#reply.take();
  }

  kill(reason: Killed["reason"], message: string, exitCode = 0): never {
    this.killed = new Killed(reason, message, exitCode);
    throw this.killed;
  }

  /** Called up to 22,000 times a millisecond. */
  poll(): number {
    if (!this.locked) return 0;
    if (this.killed) throw this.killed;
    const heap = this.#heap.length === 0 ? this.heap() : this.#heap;
    const fromLoop = heap[this.#countdown] === COUNTDOWN;
    if (fromLoop) heap[this.#countdown] = COUNTDOWN - 1;
    this.#spend(fromLoop ? LOOP_POLL : 1);
    return 0;
  }

  #spend(work: number): void {
    this.progress[0]++;
    this.work += work;
    if (this.work > this.#limits.work) this.kill("timed-out", "the time budget is used up");
    if (++this.#polls % POLLS_PER_LOOK === 0 && performance.now() > this.#deadline) this.#guard();
  }

  /** Past the deadline on the wall: kills, or puts it off by the time that the thread was kept waiting. */
  #guard(): void {
    const cpu = threadCpuMs();
    const left = cpu === null || this.#cpuAtStart === null ? 0 : this.#guardMs - (cpu - this.#cpuAtStart);
    if (left <= 1) this.kill("timed-out", `still running after ${GUARD_FACTOR} times the limit`);
    this.#deadline = performance.now() + left;
  }

  get epochMs(): number {
    return EPOCH_MS[this.#world];
  }

  /** Reading the clock is work too, so that a loop that waits for it comes to an end. */
  clockMs(): number {
    if (this.locked) this.#spend(LOOP_POLL);
    return EPOCH_MS[this.#world] + (this.work / WORK_PER_MS) * CLOCK_RATE[this.#world];
  }

  /** Whether the memory may grow to `bytes`. Growing is a sign of life: filling fresh memory takes a while. */
  allowsHeap(bytes: number): boolean {
    this.progress[0]++;
    this.outOfMemory ||= bytes > this.heapLimit;
    return bytes <= this.heapLimit;
  }

  clockNanoseconds(at: number): number {
    const ms = this.clockMs();
    const whole = Math.floor(ms);
    const nanoseconds = BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6));
    this.#view().setBigUint64(at, nanoseconds, true);
    this.marks.add(at, 8);
    return 0;
  }

  /** The C library's zone variables: offset 0, no daylight saving, both names "UTC". */
  utc(pointers: readonly number[]): number {
    const [offset, daylight, ...names] = pointers;
    this.#setNumber(offset, 0);
    this.#setNumber(daylight, 0);
    for (const name of names) {
      this.heap().set([0x55, 0x54, 0x43, 0], name);
      this.marks.add(name, 4);
    }
    return 0;
  }

  clear(at: number, length: number): void {
    // Signed addresses would count from the end.
    this.heap().fill(0, at >>> 0, (at >>> 0) + length);
    this.marks.add(at, length);
  }

  /** xorshift32: nobody's secret, only the same bytes every time. */
  random(at: number, length: number): number {
    const heap = this.heap();
    if (length >>> 0 > heap.length) throw new RangeError("more random bytes than there is memory for");
    for (let i = 0; i < length; i++) {
      this.#random ^= this.#random << 13;
      this.#random ^= this.#random >>> 17;
      this.#random ^= this.#random << 5;
      heap[at + i] = this.#random & 0xff;
    }
    this.marks.add(at, length);
    return 0;
  }

  owns(fd: number): boolean {
    return fd <= STDERR || this.isPrivate(fd);
  }

  isPrivate(fd: number): boolean {
    return fd === REQUEST || fd === REPLY;
  }

  deviceAt(path: number): number | undefined {
    const name = this.heap().subarray(path >>> 0, (path >>> 0) + LONGEST_DEVICE + 1);
    return DEVICES[Buffer.from(name.subarray(0, name.indexOf(0))).toString("latin1")];
  }

  write(fd: number, vectors: number, count: number, result: number): number {
    if (fd !== STDOUT && fd !== STDERR && fd !== REPLY) return EBADF;
    if (count > MAX_PARTS) return EINVAL;
    let written = 0;
    for (const part of this.#parts(vectors, count)) {
      written += part.length;
      if (fd === REPLY) this.#keepReply(part);
      else this.#keepOutput(fd, part);
    }
    this.#setNumber(result, written);
    return 0;
  }

  #keepReply(part: Uint8Array): void {
    this.#replyBytes += part.length;
    if (this.#replyBytes > MAX_REPLY_BYTES) this.kill("output-limit", "the result is larger than 64 MiB");
    this.#reply.add(part);
  }

  #keepOutput(fd: number, part: Uint8Array): void {
    this.outputBytes += part.length;
    if (this.outputBytes > this.#limits.outputBytes) {
      this.kill("output-limit", `more than ${this.#limits.outputBytes} bytes of output`);
    }
    if (fd === STDOUT) this.stdout.add(part);
    else this.stderr?.add(part);
  }

  /** @returns null for a file of the interpreter's own */
  read(fd: number, vectors: number, count: number, result: number): number | null {
    if (count > MAX_PARTS) return EINVAL;
    if (fd !== STDIN && fd !== REQUEST) return this.owns(fd) ? EBADF : null;
    if (fd === REQUEST && this.answer && this.#reply.length > 0) {
      const answer = this.answer(this.takeReply());
      this.#request = answer ?? this.kill("denied", "the other side has ended");
    }
    let done = 0;
    for (const part of this.#parts(vectors, count)) {
      const source = fd === STDIN ? this.#stdin : this.#request;
      const chunk = source.subarray(0, part.length);
      part.set(chunk);
      this.marks.add(part.byteOffset, chunk.length);
      done += chunk.length;
      if (fd === STDIN) this.#stdin = source.subarray(chunk.length);
      else this.#request = source.subarray(chunk.length);
      if (chunk.length < part.length) break;
    }
    this.#setNumber(result, done);
    return 0;
  }

  /** The memory that an array of pointers and lengths describes. Addresses are checked by the bounds of the view. */
  *#parts(vectors: number, count: number): Generator<Uint8Array> {
    for (let i = 0; i < count; i++) {
      const view = this.#view();
      const at = view.getUint32(vectors + 8 * i, true);
      yield this.heap().subarray(at, at + view.getUint32(vectors + 8 * i + 4, true));
    }
  }

  #setNumber(at: number, value: number): void {
    this.#view().setUint32(at, value, true);
    this.marks.add(at, 4);
  }

  #view(): DataView {
    const heap = this.heap();
    return new DataView(heap.buffer, heap.byteOffset, heap.byteLength);
  }
}

const DEVICES: Readonly<Record<string, number>> = { "/dev/stdin": STDIN, "/dev/stdout": STDOUT, "/dev/stderr": STDERR };
const LONGEST_DEVICE = Math.max(...Object.keys(DEVICES).map((name) => name.length));
