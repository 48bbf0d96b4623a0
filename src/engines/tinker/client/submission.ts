// A call that is sent until it is answered: while the server is away for as long as the client is patient, while the
// account is unpaid for an hour. What comes back is a success; everything else is thrown, with what to do about it.

import type { EngineError } from "../../../core/errors.js";
import { type ServerWords, TinkerError, type TinkerFailure, TinkerLostError } from "./errors.js";
import { saysLost } from "./lost.js";
import { durationText, type Notices } from "./notices.js";
import { type Reaction, reactionTo, submissionPauseMs } from "./reaction.js";
import type { Call, NoReply, Reply, Transport } from "./transport.js";

/** Everything a call needs to reach a server and to wait for it. */
export interface Link {
  readonly transport: Transport;
  readonly notices: Notices;
  /** How long a server may be away. */
  readonly patienceMs: number;
  /** How long an account may be unpaid. */
  readonly billingPauseMs: number;
  /** Aborted when the client is closed, with the reason that ends all that is under way. */
  readonly closed: AbortSignal;
}

export interface Operation {
  /** For people: "optim_step", "sampling". */
  readonly name: string;
  /** Whether it makes a model or a sampler, which cannot be lost yet. */
  readonly creates?: boolean;
  /** Answers that are no failure though no success; `unanswered` where an earlier attempt may have been taken. */
  readonly accepts?: (reply: Reply, unanswered: boolean) => boolean;
}

/** @throws TinkerError, TinkerLostError; the reason of the call's signal once it is aborted */
export async function submit(link: Link, operation: Operation, call: Call): Promise<Reply> {
  const signal = call.signal ?? link.closed;
  const attempt = link.transport.prepare({ ...call, signal });
  const waiting = new Waiting(link, operation, signal);
  let freshConnection = false;
  let unanswered = false;
  for (let n = 0; ; n++) {
    const reply = await attempt({ freshConnection });
    if (reply.status !== null && (isSuccess(reply) || operation.accepts?.(reply, unanswered))) return reply;
    unanswered ||= reply.status === null || reply.status >= 500;
    const reaction = reactionTo(reply);
    freshConnection = reaction.kind === "again" && reaction.why === "bare";
    await waiting.after(reply, reaction, submissionPauseMs(n));
  }
}

export function isSuccess({ status }: Reply | NoReply): boolean {
  return status !== null && status >= 200 && status < 300;
}

const BILLING_POLL_MS = 5000;
const BARE_ATTEMPTS = 3;
/** A first failure is nobody's business. */
const SILENT_FAILURES = 2;

/** The failures of one call since it last went well, and the patience left for them. */
export class Waiting {
  readonly #link: Link;
  readonly #operation: Operation;
  readonly #signal: AbortSignal;
  #since: number | null = null;
  #failures = 0;
  #bare = 0;

  constructor(link: Link, operation: Operation, signal: AbortSignal) {
    this.#link = link;
    this.#operation = operation;
    this.#signal = signal;
  }

  /** Failures in a row so far. */
  get failures(): number {
    return this.#failures;
  }

  /** What came before is forgiven. */
  reset(): void {
    this.#since = null;
    this.#failures = 0;
    this.#bare = 0;
  }

  /** Returns once it is time to try again. @throws TinkerError, TinkerLostError where it is not worth it, or too late */
  async after(reply: Reply | NoReply, reaction: Reaction, pauseMs: number): Promise<void> {
    const { clock } = this.#link.transport;
    if (reaction.kind === "fail") throw failureOf(this.#link, this.#operation, reply, reaction.failure);
    if (reaction.why === "bare" && this.#bare++ >= BARE_ATTEMPTS) {
      throw failureOf(this.#link, this.#operation, reply, "refused");
    }
    this.#since ??= clock.nowMs();
    const waitedMs = clock.nowMs() - this.#since;
    const unpaid = reaction.why === "unpaid";
    const limitMs = unpaid ? this.#link.billingPauseMs : this.#link.patienceMs;
    if (waitedMs >= limitMs) throw failureOf(this.#link, this.#operation, reply, unpaid ? "billing" : "away", waitedMs);
    if (unpaid || ++this.#failures > SILENT_FAILURES) this.#tell(reply, unpaid, limitMs);
    const wished = unpaid ? BILLING_POLL_MS : (reaction.afterMs ?? pauseMs);
    await clock.pause(Math.min(wished, limitMs - waitedMs), this.#signal);
  }

  #tell(reply: Reply | NoReply, unpaid: boolean, limitMs: number): void {
    const { notices, transport } = this.#link;
    const found = `${transport.url}: ${this.#operation.name}: ${reportOf(reply)}`;
    const wait = `trying again for up to ${durationText(limitMs)}`;
    if (unpaid) notices.repeat("billing", `${found}; paused until the account is paid, ${wait}`);
    else notices.repeat("away", `${found}; ${wait}`);
  }
}

/** What came back, on one line. */
function reportOf({ status, says }: ServerWords): string {
  if (status === null) return says;
  return `status ${status}${says === "" ? "" : ` (${says})`}`;
}

export function failureOf(
  link: Link,
  operation: Operation,
  { status, says, requestId }: ServerWords,
  failure: TinkerFailure,
  waitedMs = 0,
): EngineError {
  const words = { status, says, requestId };
  const found = `${link.transport.url}: ${operation.name}: ${reportOf(words)}`;
  const id = words.requestId === null ? "" : ` [request ${words.requestId}]`;
  if (failure !== "away" && saysLost(words.status, words.says, operation.creates ?? false)) {
    return new TinkerLostError(
      `${found}${id}; the server no longer has it: load what was saved into a new model`,
      words,
    );
  }
  return new TinkerError(failure, `${found}${id}${advice(failure, words.status, waitedMs)}`, words);
}

function advice(failure: TinkerFailure, status: number | null, waitedMs: number): string {
  switch (failure) {
    case "key":
      return status === 401
        ? "; set TINKER_API_KEY to a key of this server"
        : "; the key in TINKER_API_KEY may not do this: use another one, or have it allowed";
    case "billing":
      return `; the account was unpaid for ${durationText(waitedMs)}: pay, then go on from the last checkpoint`;
    case "away":
      return status === null
        ? `; no answer for ${durationText(waitedMs)}: is the server running, and its address right?`
        : `; nothing else for ${durationText(waitedMs)}: the server's log says more`;
    case "missing":
      return "; check the name, and that the server's address has nothing after its host but what its documentation says";
    case "conflict":
      return "; use another name";
    case "malformed":
      return "; expected the Tinker protocol: is this its server?";
    case "refused":
    case "failed":
      return "";
    default:
      return failure satisfies never;
  }
}
