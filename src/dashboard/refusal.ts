// What the dashboard does not answer, and with which status; `error` is for people. What is the asker's fault keeps its
// words, what is ours is told in full on the server's own terminal alone.

import { CancelledError, DataError, messageOf, OverloadError, UsageError } from "../core/errors.js";
import { cannotRead } from "../core/files.js";

export type RefusalStatus = 400 | 401 | 403 | 404 | 413 | 415 | 422 | 500 | 501 | 503;

/** A request that is refused for a reason of its own. */
export class RefusedRequest extends UsageError {
  override readonly name = "RefusedRequest";

  constructor(
    readonly status: RefusalStatus,
    message: string,
  ) {
    super(message);
  }
}

export interface Refusal {
  readonly status: RefusalStatus;
  readonly error: string;
}

/** @param report  told of what is our own fault */
export function refusalOf(error: unknown, report: (error: unknown) => void): Refusal {
  if (error instanceof RefusedRequest) return { status: error.status, error: error.message };
  if (error instanceof DataError) return { status: 422, error: error.message };
  if (error instanceof UsageError) return { status: 400, error: error.message };
  if (error instanceof CancelledError) return { status: 503, error: error.message };
  if (error instanceof OverloadError) return { status: 503, error: error.message };
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && path !== undefined) return { status: 422, error: cannotRead(path, error).message };
  report(error);
  return {
    status: 500,
    error: `The dashboard failed (${messageOf(error)}). The terminal it runs in says where; please report it.`,
  };
}
