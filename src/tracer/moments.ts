// The course of a run, to be stepped through: its lines in the order of time over all functions, each with what became
// different while it was executed. How that is found is written in moments.py, and for JavaScript in
// javascript/guest/moments.js; a run of its own, which may have taken another course than the traced one.

import type { Json } from "../core/json.js";
import { type Execution, fieldsOf } from "../sandbox/job.js";

export interface Moment {
  readonly line: number;
  /** Path of the function or class; empty for the module. */
  readonly scope: string;
  /** Tells calls of one function apart; 0 is the module. */
  readonly activation: number;
  /** Activations that are open around it. */
  readonly depth: number;
  /** UTF-16 units of standard output that were written before. */
  readonly printed: number;
  /**
   * Variables whose value reads otherwise than before, in any way: `[key]` alone where it has none any more. What a call
   * gives back is the value of `f()`.
   */
  readonly changes: ReadonlyArray<readonly [key: string, value?: Json]>;
}

export interface Moments {
  readonly list: readonly Moment[];
  /** The recording ended before the program did. */
  readonly cut: boolean;
  /** Whether the recorded run ended, printed and returned as the traced one; as far as it went, where it was cut. */
  readonly agrees: boolean;
}

/**
 * The guest's reply is a claim: what is not of the expected shape is left out. Null where nothing was recorded.
 *
 * @param along  the run that was recorded; @param traced  the one that tells the truth about the program
 * @param sameCourse  whether both ended alike; @param printedIn  what the guest counts its output in
 */
export function readMoments(
  along: Execution,
  traced: Execution,
  sameCourse: boolean,
  printedIn: "bytes" | "units" = "bytes",
): Moments | null {
  const { list, cut: wasCut } = fieldsOf(along.reply?.moments);
  if (!Array.isArray(list)) return null;
  const cut = wasCut === true;
  const unitsBefore = printedIn === "bytes" ? unitCounter(along.stdout) : (units: number) => units;
  const moments = (list as readonly Json[]).flatMap((claim) => {
    const [line, scope, activation, depth, printed, changes] = Array.isArray(claim) ? (claim as readonly Json[]) : [];
    if (!isCount(line) || typeof scope !== "string" || !isCount(activation) || !isCount(depth)) return [];
    if (!isCount(printed) || !Array.isArray(changes)) return [];
    return [{ line, scope, activation, depth, printed: unitsBefore(printed), changes: changes.filter(isChange) }];
  });
  const agrees = cut ? isPrefix(along.stdout, traced.stdout) : sameCourse;
  return { list: moments, cut, agrees };
}

/** Where the bytes of a text's UTF-8 end in the text; asked for in ascending order. */
function unitCounter(text: string): (bytes: number) => number {
  let [units, bytes] = [0, 0];
  return (wanted) => {
    while (bytes < wanted && units < text.length) {
      const code = text.codePointAt(units) as number;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      units += code < 0x10000 ? 1 : 2;
    }
    return units;
  };
}

/** A program that was stopped may have had more to write than came out. */
function isPrefix(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isChange(value: Json): value is [string, Json] {
  return Array.isArray(value) && typeof value[0] === "string" && value.length <= 2;
}
