// Who is served when: so much at a time, so much that may wait, and turns for all clients alike. It knows nothing of
// programs; what it is given to do, it begins or refuses.

import { CancelledError, OverloadError } from "../core/errors.js";

export interface AdmissionOptions {
  /** At work at the same time. */
  readonly running: number;
  /** What may wait in all; beyond it a client is refused. */
  readonly waiting: number;
  /** What may wait of one client: nobody fills the room alone. Default: half of it. */
  readonly waitingEach?: number | undefined;
  /** Default: the machine's clock. */
  readonly nowMs?: (() => number) | undefined;
}

/** Refused for now: there is more to do than may wait. */
export class BusyError extends OverloadError {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message);
  }
}

/** What is waiting to begin. */
type Begin = () => void;

const LONGEST_RETRY_SECONDS = 60;
/** Each end counts for so much of the measured pace: the last twenty or so decide. */
const SHARE_OF_NEWEST = 0.1;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #now: () => number;
  /** Clients in the order of their turns; only those with something that waits. */
  readonly #queues = new Map<string, Begin[]>();
  #running = 0;
  #waiting = 0;
  #ended = 0;
  #lastEndMs: number | null = null;
  /** Measured while something was always under way. */
  #msBetweenEnds: number | null = null;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#now = options.nowMs ?? (() => performance.now());
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** How much has come to an end so far. */
  get ended(): number {
    return this.#ended;
  }

  get isFull(): boolean {
    return this.#waiting >= this.#options.waiting;
  }

  /**
   * Does `work` when it is the client's turn.
   *
   * @param signal  aborted, it takes what waits out of the queue; what runs is for `work` itself to end
   * @param patienceMs  so long it waits for its turn; default: until the signal is aborted
   * @throws BusyError where as much waits already as may, or its turn does not come in time
   * @throws CancelledError where the signal was aborted before it began
   */
  async run<T>(client: string, signal: AbortSignal, work: () => Promise<T>, patienceMs?: number): Promise<T> {
    this.check(client);
    return this.runAdmitted(client, signal, work, patienceMs);
  }

  /** {@link run} for a part of what was let in already, so that no part of it is refused half way. */
  async runAdmitted<T>(client: string, signal: AbortSignal, work: () => Promise<T>, patienceMs?: number): Promise<T> {
    if (signal.aborted) throw new CancelledError("cancelled before it began");
    if (this.#running >= this.#options.running || this.#waiting > 0) await this.#turn(client, signal, patienceMs);
    else this.#begin();
    try {
      return await work();
    } finally {
      this.#end();
    }
  }

  /** @throws BusyError where nothing more of this client may wait */
  check(client: string): void {
    const { waiting, waitingEach = Math.ceil(waiting / 2) } = this.#options;
    const own = this.#queues.get(client)?.length ?? 0;
    if (this.#waiting < waiting && own < waitingEach) return;
    const [count, whose] = this.#waiting < waiting ? [own, "of this client "] : [this.#waiting, ""];
    throw new BusyError(`${count} requests ${whose}wait already, as many as may`, this.retryAfterSeconds());
  }

  /** When what waits now will have begun, at the pace of late. */
  retryAfterSeconds(): number {
    const seconds = (this.#waiting * (this.#msBetweenEnds ?? 0)) / 1000;
    return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(seconds)));
  }

  #turn(client: string, signal: AbortSignal, patienceMs?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const begin = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        clearTimeout(timer);
        this.#remove(client, begin);
        reject(new CancelledError("cancelled while it waited"));
      };
      const giveUp = (): void => {
        signal.removeEventListener("abort", leave);
        this.#remove(client, begin);
        reject(new BusyError(`its turn did not come within ${patienceMs} ms`, this.retryAfterSeconds()));
      };
      if (patienceMs !== undefined) timer = setTimeout(giveUp, patienceMs);
      signal.addEventListener("abort", leave, { once: true });
      const queue = this.#queues.get(client);
      if (queue) queue.push(begin);
      else this.#queues.set(client, [begin]);
      this.#waiting++;
    });
  }

  #remove(client: string, begin: Begin): void {
    const queue = this.#queues.get(client) ?? [];
    queue.splice(queue.indexOf(begin), 1);
    if (queue.length === 0) this.#queues.delete(client);
    this.#waiting--;
  }

  #begin(): void {
    if (this.#running === 0) this.#lastEndMs = this.#now();
    this.#running++;
  }

  #end(): void {
    this.#running--;
    this.#ended++;
    const now = this.#now();
    const taken = now - (this.#lastEndMs ?? now);
    this.#msBetweenEnds =
      this.#msBetweenEnds === null ? taken : this.#msBetweenEnds + SHARE_OF_NEWEST * (taken - this.#msBetweenEnds);
    this.#lastEndMs = now;
    this.#next();
  }

  /** The client whose turn it is goes to the end of the line. */
  #next(): void {
    const first = this.#queues.entries().next().value;
    if (!first) return;
    const [client, queue] = first;
    const begin = queue.shift() as Begin;
    this.#queues.delete(client);
    if (queue.length > 0) this.#queues.set(client, queue);
    this.#waiting--;
    this.#running++;
    begin();
  }
}
