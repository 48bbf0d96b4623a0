// What goes wrong between this client and a server, as errors for people. Each carries what the server said, cut short
// and without the key, so that it can be shown and written anywhere.

import { EngineError, EngineLostError } from "../../../core/errors.js";

/** What a server said of something that went wrong. */
export interface ServerWords {
  /** Null where no answer came. */
  readonly status: number | null;
  /** On one line, at most a few hundred characters; empty where it said nothing. */
  readonly says: string;
  /** Of the request as the server knows it, for its operators; null where it gave none. */
  readonly requestId: string | null;
}

/**
 * What a failure is of, so far as a program goes on differently:
 *
 * - `key`: no key, a wrong one, or one that may not do this
 * - `billing`: the account is not paid, for longer than is waited
 * - `refused`: the request is wrong, or this server cannot do it; the same again is refused again
 * - `conflict`: a name is taken, or a number was used for something else
 * - `missing`: no such checkpoint, model name or address
 * - `failed`: the server tried, and failed
 * - `away`: no answer, or only failures, for as long as the client is patient
 * - `malformed`: an answer that is not of the protocol
 */
export type TinkerFailure = "key" | "billing" | "refused" | "conflict" | "missing" | "failed" | "away" | "malformed";

export class TinkerError extends EngineError implements ServerWords {
  override readonly name = "TinkerError";
  readonly status: number | null;
  readonly says: string;
  readonly requestId: string | null;

  constructor(
    readonly kind: TinkerFailure,
    message: string,
    words: ServerWords,
  ) {
    super(message);
    this.status = words.status;
    this.says = words.says;
    this.requestId = words.requestId;
  }
}

/**
 * The server answers, but no longer has the model, the session or the result asked for: it was started again, or gave
 * them up. What was saved can be loaded into a new model.
 */
export class TinkerLostError extends EngineLostError implements ServerWords {
  readonly status: number | null;
  readonly says: string;
  readonly requestId: string | null;

  constructor(message: string, words: ServerWords) {
    super(message);
    this.status = words.status;
    this.says = words.says;
    this.requestId = words.requestId;
  }
}
