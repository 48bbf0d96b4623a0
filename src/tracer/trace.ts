// The record of one traced run: the final value of every variable, keyed by scope path and name.

import type { Json } from "../core/json.js";
import type { History } from "./history.js";
import type { Moments } from "./moments.js";

export type TraceStatus =
  | "ok"
  | "exit"
  | `error:${string}`
  | "unparsable"
  | "timed-out"
  | "out-of-memory"
  | "output-limit"
  | "denied"
  | "crashed";

export interface Trace {
  readonly status: TraceStatus;
  /** What the error or the limit says, for people; empty after a normal end. */
  readonly message: string;
  /** Tagged values; keys in the source order of each variable's last assignment. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Scopes that called themselves: their variables are never asked. */
  readonly recursive: readonly string[];
  /** Variables unbound in the last activation of their scope: never asked. */
  readonly ambiguous: readonly string[];
  /** Variables that differ in a second interpreter with another hash seed, clock and random bytes. */
  readonly nondeterministic: readonly string[];
  /** Standard output, the result or the end differed there: what was printed or returned is no truth to ask for. */
  readonly outputNondeterministic?: boolean;
  /** The program touched what the tracer stands on; nothing in this trace can be trusted. */
  readonly tampered: boolean;
  readonly stdout: string;
  /** The call's result, only where the input was a call that returned, and the same in both worlds. */
  readonly returned?: Json;
  /** Parameters that their function never assigns again: their final value is mostly the input. */
  readonly parameters: readonly string[];
  /** Cyclomatic complexity of the whole program: 1 + branches (CodeRL+ official recipe, recipe/filter.py). */
  readonly complexity: number;
  /** What happened along the way, where it was asked for; null where that could not be recorded. */
  readonly history?: History | null;
  /** The course of the run, where it was asked for; null where nothing of it could be recorded. */
  readonly moments?: Moments | null;
  readonly engine: string;
  readonly cpuMs: number;
}
