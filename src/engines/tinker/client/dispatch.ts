// How fast requests to sample go out: so many at once, so many bytes of prompts, and none at all for a moment after the
// server has asked for one. The limits are the official client's.

import { Gate } from "./gate.js";
import type { Settings } from "./settings.js";
import { failureOf, type Link, type Operation, submit } from "./submission.js";
import type { Call, Reply } from "./transport.js";

/** Being sent, and not yet acknowledged. */
const SENT_AT_ONCE = 400;
const SENT_AT_ONCE_AFTER_BACKOFF = 10;
/** For this long after a server has asked for a pause, fewer are sent at once. */
const CAREFUL_MS = 10_000;
const CAREFUL_WEIGHT = 20;
const BYTES_PER_TOKEN = 10;
const SHORT_PROMPT_BYTES = 128 * 1024;
const SHORT_PAUSE_MS = 1000;
const LONG_PAUSE_MS = 5000;

export class SampleDispatch {
  readonly #underWay: Gate;
  readonly #bytes: Gate;
  readonly #sent = new Gate(SENT_AT_ONCE);
  readonly #sentCarefully = new Gate(SENT_AT_ONCE_AFTER_BACKOFF);
  #pausedUntilMs = -Infinity;
  /** When the server last took a request, whoever's. */
  #takenMs = -Infinity;

  constructor(settings: Settings) {
    this.#underWay = new Gate(settings.sample_max_concurrent_requests);
    this.#bytes = new Gate(settings.sample_dispatch_bytes_semaphore_size);
  }

  /** Waits for a place among the requests that are under way, results included. @returns gives it back */
  begin(signal: AbortSignal): Promise<() => void> {
    return this.#underWay.enter(1, signal);
  }

  /**
   * Sends one request until it is acknowledged.
   *
   * @param promptTokens  of its prompt
   * @throws TinkerError where the server takes no request at all for as long as the client is patient; others of `submit`
   */
  async send(link: Link, operation: Operation, call: Call, promptTokens: number, signal: AbortSignal): Promise<Reply> {
    const bytes = promptTokens * BYTES_PER_TOKEN;
    const accepts = ({ status }: Reply): boolean => status === 429;
    const { clock } = link.transport;
    for (let refusedMs: number | null = null; ; ) {
      const leave = await this.#enter(link, bytes, signal);
      try {
        await this.#pause(link, signal);
        const reply = await submit(link, { ...operation, accepts }, { ...call, signal });
        const nowMs = clock.nowMs();
        if (reply.status !== 429) {
          this.#takenMs = nowMs;
          return reply;
        }
        refusedMs ??= nowMs;
        // A server that takes others is at work, and this one's turn comes.
        const waitedMs = nowMs - Math.max(refusedMs, this.#takenMs);
        if (waitedMs >= link.patienceMs) throw failureOf(link, operation, reply, "away", waitedMs);
        this.#backOff(link, bytes, reply);
      } finally {
        leave();
      }
    }
  }

  async #enter(link: Link, bytes: number, signal: AbortSignal): Promise<() => void> {
    const careful = link.transport.clock.nowMs() < this.#pausedUntilMs + CAREFUL_MS;
    const gates: ReadonlyArray<readonly [Gate, number]> = [
      [this.#sent, 1],
      ...(careful ? [[this.#sentCarefully, 1] as const] : []),
      [this.#bytes, careful ? bytes * CAREFUL_WEIGHT : bytes],
    ];
    const left: Array<() => void> = [];
    const leave = (): void => left.forEach((one) => one());
    try {
      for (const [gate, weight] of gates) left.push(await gate.enter(weight, signal));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #pause({ transport: { clock } }: Link, signal: AbortSignal): Promise<void> {
    for (let left = 1; left > 0; ) {
      left = this.#pausedUntilMs - clock.nowMs();
      if (left > 0) await clock.pause(left, signal);
    }
  }

  /** All wait, whoever was told. */
  #backOff({ transport, notices }: Link, bytes: number, reply: Reply): void {
    const pauseMs = bytes <= SHORT_PROMPT_BYTES ? SHORT_PAUSE_MS : LONG_PAUSE_MS;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, transport.clock.nowMs() + pauseMs);
    const says = reply.says === "" ? "" : ` (${reply.says})`;
    notices.repeat("sampling", `${transport.url}: the server asks for less sampling at once${says}; slowing down`);
  }
}
