// What a run gave, as one value that can be asked for.

import type { Json } from "../core/json.js";
import type { ProgramInput } from "../problems/problem.js";
import type { Trace } from "../tracer/trace.js";
import { isTooBig } from "./select.js";

/**
 * The call's result, all that was printed, or the type of the exception that ended it; undefined where it did not end or
 * has no fixed form.
 */
export function outputOf(trace: Trace, input: ProgramInput): Json | undefined {
  if (trace.outputNondeterministic) return undefined;
  if (trace.status.startsWith("error:")) return trace.status.slice("error:".length);
  if (trace.status !== "ok" && trace.status !== "exit") return undefined;
  const output = input.kind === "call" ? trace.returned : trace.stdout;
  return output === undefined || isTooBig(output) ? undefined : output;
}
