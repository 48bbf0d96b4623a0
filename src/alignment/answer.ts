// What the model answered, and whether it is right. Total: any text is an answer or none, never an exception.

import { Float, type Json, parseJson } from "../core/json.js";
import type { RewardMode } from "./reward.js";

export interface Answer {
  readonly variables: Readonly<Record<string, Json>>;
  readonly output?: Json;
}

type Tagged = Readonly<Record<string, Json>>;

/** The last line as `{"variables": {...}, "output": ...}`; null where it is anything else. */
export function parseAnswer(completion: string, mode: RewardMode): Answer | null {
  const line = completion.trimEnd().split("\n").at(-1) ?? "";
  let value: Json;
  try {
    value = parseJson(mode === "official" ? withJsonWords(line) : line);
  } catch {
    return null;
  }
  if (!isObject(value) || !isObject(value["variables"])) return null;
  const output = value["output"] ?? (mode === "official" ? value["final_output"] : undefined);
  if (mode === "official" && output === undefined) return null;
  return { variables: value["variables"], ...(output === undefined ? {} : { output }) };
}

/** Python's names for JSON's words, outside strings. */
function withJsonWords(line: string): string {
  const words: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };
  return line.replace(/"(?:[^"\\]|\\.)*"|\b(?:True|False|None)\b/g, (match) => words[match] ?? match);
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
  for (const tag of ["$set", "$dict"]) {
    const [left, right] = [a[tag], b[tag]];
    if (Array.isArray(left)) return Array.isArray(right) && sameBag(left, right, sequencesAsArrays);
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && matches(a[key], b[key], sequencesAsArrays))
  );
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
  return (
    Object.is(a, b) ||
    (Number.isNaN(a) && Number.isNaN(b)) ||
    Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  );
}

function isObject(value: Json | undefined): value is Tagged {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}
