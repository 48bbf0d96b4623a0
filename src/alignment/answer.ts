// What the model answered, and whether it is right. Total: any text is an answer or none, never an exception.

import { Float, type Json, parseJson } from "../core/json.js";
import { parsePythonLiteral } from "../problems/python-literal.js";
import type { RewardMode } from "./reward.js";

export interface Answer {
  readonly variables: Readonly<Record<string, Json>>;
  readonly output?: Json;
  /** Where an input was asked for. */
  readonly input?: Json;
}

type Tagged = Readonly<Record<string, Json>>;

/** The last line as `{"variables": {...}, "output": ...}`; null where it is anything else. */
export function parseAnswer(completion: string, mode: RewardMode): Answer | null {
  const value = readLastLine(completion, mode);
  if (!isObject(value) || !isObject(value["variables"])) return null;
  const key = mode === "official" && !Object.hasOwn(value, "output") ? "final_output" : "output";
  const output = Object.hasOwn(value, key) ? value[key] : undefined;
  return { variables: value["variables"], ...(output === undefined ? {} : { output }) };
}

/** The last line's `{"input": ...}`; undefined where it is anything else. */
export function parseInput(completion: string, mode: RewardMode): Json | undefined {
  const value = readLastLine(completion, mode);
  return isObject(value) && Object.hasOwn(value, "input") ? value["input"] : undefined;
}

/** JSON; in official mode a Python literal too. */
function readLastLine(completion: string, mode: RewardMode): Json | undefined {
  const line = completion.trimEnd().split("\n").at(-1) ?? "";
  try {
    return parseJson(line);
  } catch {
    return mode === "official" ? parsePythonLiteral(line) : undefined;
  }
}

/**
 * Typed equality of a true (tagged) value and a predicted one: `1` is neither `true` nor `1.0`; floats agree to a
 * relative 1e-9, NaN equals NaN; sets and dicts compare without order.
 *
 * @param sequencesAsArrays  the prompt said to write tuples and deques as JSON arrays
 */
export function matches(truth: Json, predicted: Json | undefined, sequencesAsArrays: boolean): boolean {
  if (predicted === undefined) return false;
  const a = normal(truth);
  const b = normal(predicted);
  if (a instanceof Float || b instanceof Float)
    return a instanceof Float && b instanceof Float && isClose(a.value, b.value);
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b, sequencesAsArrays);
  if (!isObject(a)) return typeof a === typeof b && a === b;
  const sequence = a["$tuple"] ?? a["$deque"];
  if (sequencesAsArrays && Array.isArray(sequence) && Array.isArray(b)) return sameItems(sequence, b, true);
  if (!isObject(b)) return false;
  if (Array.isArray(a["$set"])) return Array.isArray(b["$set"]) && sameBag(a["$set"], b["$set"], sequencesAsArrays);
  const [left, right] = [entriesOf(a), entriesOf(b)];
  return left !== null && right !== null && sameBag(left, right, sequencesAsArrays);
}

/** Key and value pairs of a dict, tagged or plain; null for a `$dict` that holds anything but pairs. */
function entriesOf(value: Tagged): readonly Json[] | null {
  const { $dict: pairs } = value;
  if (pairs === undefined) return Object.entries(value);
  const wellFormed = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2);
  return wellFormed ? (pairs as readonly Json[]) : null;
}

function sameItems(a: readonly Json[], b: readonly Json[], sequencesAsArrays: boolean): boolean {
  return a.length === b.length && a.every((item, i) => matches(item, b[i], sequencesAsArrays));
}

function sameBag(a: readonly Json[], b: readonly Json[], sequencesAsArrays: boolean): boolean {
  const left = [...b];
  return (
    a.length === b.length &&
    a.every((item) => {
      const at = left.findIndex((other) => matches(item, other, sequencesAsArrays));
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    })
  );
}

/** One form for each number: ints as bigint, floats as Float, whatever way they were written. */
function normal(value: Json): Json {
  if (typeof value === "number") return BigInt(value);
  if (!isObject(value)) return value;
  const { $int: int, $float: float } = value;
  if (typeof int === "string" && /^-?\d{1,5000}$/.test(int)) return BigInt(int);
  if (float === "nan") return new Float(Number.NaN);
  if (float === "inf" || float === "-inf")
    return new Float(float === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
  return value;
}

function isClose(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b);
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function isObject(value: Json | undefined): value is Tagged {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}
