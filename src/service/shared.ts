// What is asked for several times under one key is done once: while it is under way all callers share it, and for a while
// after it they are given the same answer. It holds so much and no more, and knows nothing of what it holds.

import { setMaxListeners } from "node:events";
import { CancelledError } from "../core/errors.js";

export interface SharedOptions<T> {
  /** After its end an answer is kept this long, where there is room. */
  readonly keepMs: number;
  readonly mostEntries: number;
  readonly mostBytes: number;
  /** About what an answer takes. */
  readonly bytesOf: (answer: T) => number;
  /** Whether the answer is one to keep. */
  readonly keeps: (answer: T) => boolean;
  /** Default: the machine's clock. */
  readonly nowMs?: (() => number) | undefined;
}

interface Entry<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  callers: number;
  /** Null while it is under way. */
  ended: { readonly atMs: number; readonly bytes: number } | null;
}

export class Shared<T> {
  readonly #options: SharedOptions<T>;
  readonly #now: () => number;
  /** Those that have ended in the order of their ends. */
  readonly #entries = new Map<string, Entry<T>>();
  #bytes = 0;
  #kept = 0;

  constructor(options: SharedOptions<T>) {
    this.#options = options;
    this.#now = options.nowMs ?? (() => performance.now());
  }

  /** Answers that are kept. */
  get kept(): number {
    return this.#kept;
  }

  /**
   * @param signal  of this caller alone
   * @param start  told to stop once all who wait for it have gone
   * @throws CancelledError where the caller has gone, and whatever `start` throws
   */
  async run(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) throw new CancelledError("cancelled before it began");
    this.#forgetOld();
    const entry = this.#entries.get(key) ?? this.#begin(key, start);
    if (entry.ended) return entry.answer;
    entry.callers++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        entry.callers--;
        if (entry.callers === 0 && entry.ended === null) this.#callOff(key, entry);
        reject(new CancelledError("the caller has gone"));
      };
      signal.addEventListener("abort", leave, { once: true });
      const stay = (): void => signal.removeEventListener("abort", leave);
      entry.answer.then(resolve, reject).finally(stay);
    });
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const answer = start(controller.signal);
    const entry: Entry<T> = { answer, controller, callers: 0, ended: null };
    this.#entries.set(key, entry);
    answer.then(
      (value) => this.#end(key, entry, value),
      () => this.#drop(key, entry),
    );
    return entry;
  }

  #callOff(key: string, entry: Entry<T>): void {
    this.#drop(key, entry);
    entry.controller.abort();
  }

  #end(key: string, entry: Entry<T>, value: T): void {
    if (!this.#drop(key, entry)) return;
    const { keeps, bytesOf, mostBytes, mostEntries } = this.#options;
    const bytes = keeps(value) ? bytesOf(value) : Number.POSITIVE_INFINITY;
    if (bytes > mostBytes) return;
    entry.ended = { atMs: this.#now(), bytes };
    this.#entries.set(key, entry);
    this.#bytes += bytes;
    this.#kept++;
    this.#forgetWhile(() => this.#bytes > mostBytes || this.#kept > mostEntries);
  }

  #forgetOld(): void {
    const oldest = this.#now() - this.#options.keepMs;
    this.#forgetWhile(({ atMs }) => atMs <= oldest);
  }

  #forgetWhile(isToGo: (ended: NonNullable<Entry<T>["ended"]>) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (entry.ended === null) continue;
      if (!isToGo(entry.ended)) return;
      this.#drop(key, entry);
    }
  }

  /** @returns whether it was there */
  #drop(key: string, entry: Entry<T>): boolean {
    if (this.#entries.get(key) !== entry) return false;
    this.#entries.delete(key);
    if (entry.ended) {
      this.#bytes -= entry.ended.bytes;
      this.#kept--;
    }
    return true;
  }
}
