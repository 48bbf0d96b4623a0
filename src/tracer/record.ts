// A trace as it is published (schemas/trace.json): parameters and complexity are for our own use.

import type { Trace } from "./trace.js";

export function traceRecord(trace: Trace): object {
  const { status, variables, recursive, ambiguous, nondeterministic, tampered, stdout, returned, history, engine } =
    trace;
  return { status, variables, recursive, ambiguous, nondeterministic, tampered, stdout, returned, history, engine };
}
