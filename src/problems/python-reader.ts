// Tokens of Python as tagged values: literals, and the calls that `repr` writes for what has no literal (`set()`,
// `frozenset({1})`, `float('inf')`). Nothing is evaluated, no name is looked up. Total: undefined for anything else.

import { Float, type Json, objectOf } from "../core/json.js";
import { complexValue, type Numeral, negated, numeralOf } from "./python-number.js";
import type { Token } from "./python-tokens.js";

export interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
  /** What Python refuses as a key, or in a set: lists, sets, dicts, and tuples that hold one. */
  readonly unhashable: Set<Json>;
}

export function cursorAt(tokens: readonly Token[], at = 0): Cursor {
  return { tokens, at, unhashable: new Set() };
}

const MAX_DEPTH = 200;
const CLOSING: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };

/** The value that begins at the cursor, which then stands behind it. */
export function readValue(cursor: Cursor, depth = 0): Json | undefined {
  const token = cursor.tokens[cursor.at];
  if (!token || depth > MAX_DEPTH) return undefined;
  if (token.kind === "string" || token.kind === "bytes") return readText(cursor, token.kind);
  if (token.kind === "number" || isSign(token)) return readNumber(cursor);
  cursor.at++;
  if (token.kind === "name") return readName(cursor, token.text, depth);
  if (!Object.hasOwn(CLOSING, token.text)) return undefined;
  return token.text === "{" ? readBraces(cursor, depth) : readSequence(cursor, token.text, depth);
}

export function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === "mark" && token.text === text;
}

/** Steps over a mark where it stands at the cursor. */
export function skipMark(cursor: Cursor, text: string): boolean {
  const found = isMark(cursor.tokens[cursor.at], text);
  if (found) cursor.at++;
  return found;
}

function isSign(token: Token | undefined): boolean {
  return isMark(token, "+") || isMark(token, "-");
}

/** One string, or several side by side. */
function readText(cursor: Cursor, kind: "string" | "bytes"): Json | undefined {
  const parts: string[] = [];
  for (let token = cursor.tokens[cursor.at]; token && "value" in token; token = cursor.tokens[++cursor.at]) {
    if (token.kind !== kind || token.value === undefined) return undefined;
    parts.push(token.value);
  }
  const text = parts.join("");
  return kind === "string" ? text : { $bytes: Buffer.from(text, "latin1").toString("hex") };
}

/** With at most one sign, as `ast.literal_eval` has it; a sum only of a real and an imaginary number. */
function readNumber(cursor: Cursor): Json | undefined {
  const first = readSigned(cursor);
  // The sign is of the whole number, whose real part becomes -0.0.
  if (first?.imaginary) return complexValue(new Float(first.value.value < 0 ? -0 : 0), first.value);
  if (!first || !isSign(cursor.tokens[cursor.at])) return first?.value;
  const second = readSigned(cursor);
  return second?.imaginary ? complexValue(first.value, second.value) : undefined;
}

function readSigned(cursor: Cursor): Numeral | undefined {
  const negative = skipMark(cursor, "-");
  if (!negative) skipMark(cursor, "+");
  const token = cursor.tokens[cursor.at++];
  const infinite = token?.kind === "name" && token.text === "inf";
  const numeral: Numeral | undefined = infinite
    ? { imaginary: false, value: new Float(Number.POSITIVE_INFINITY) }
    : token?.kind === "number"
      ? numeralOf(token.text)
      : undefined;
  return numeral && negative ? negated(numeral) : numeral;
}

const WORDS: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["None", null],
  ["True", true],
  ["False", false],
  ["inf", new Float(Number.POSITIVE_INFINITY)],
  ["nan", new Float(Number.NaN)],
]);
const FLOATS: ReadonlyMap<Json, number> = new Map<Json, number>([
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
]);

function readName(cursor: Cursor, name: string, depth: number): Json | undefined {
  const word = WORDS.get(name);
  if (word !== undefined) return word;
  if (!skipMark(cursor, "(")) return undefined;
  if (name === "dict") return mutable(cursor, objectFrom(readKeywords(cursor, depth)));
  const argument = isMark(cursor.tokens[cursor.at], ")") ? [] : readValue(cursor, depth + 1);
  if (argument === undefined || !skipMark(cursor, ")")) return undefined;
  switch (name) {
    case "float":
      return FLOATS.has(argument) ? new Float(FLOATS.get(argument) ?? 0) : undefined;
    case "set":
      return mutable(cursor, setOf(cursor, itemsOf(argument)));
    case "frozenset":
      return setOf(cursor, itemsOf(argument));
    case "deque":
      return Array.isArray(argument) ? mutable(cursor, { $deque: argument }) : undefined;
    default:
      return undefined;
  }
}

function mutable(cursor: Cursor, value: Json | undefined): Json | undefined {
  if (value !== undefined) cursor.unhashable.add(value);
  return value;
}

function itemsOf(value: Json): readonly Json[] | undefined {
  if (Array.isArray(value)) return value as readonly Json[];
  if (typeof value !== "object" || value === null || value instanceof Float) return undefined;
  const { $tuple, $set } = value as Readonly<Record<string, Json | undefined>>;
  const items = $tuple ?? $set;
  return Array.isArray(items) ? (items as readonly Json[]) : undefined;
}

function setOf(cursor: Cursor, items: readonly Json[] | undefined): Json | undefined {
  return items && hashable(cursor, items) ? { $set: items } : undefined;
}

function hashable({ unhashable }: Cursor, items: readonly Json[]): boolean {
  return !items.some((item) => unhashable.has(item));
}

/** A list, a tuple, or what stands in brackets. */
function readSequence(cursor: Cursor, open: string, depth: number): Json | undefined {
  const items: Json[] = [];
  let comma = false;
  while (!skipMark(cursor, CLOSING[open])) {
    const item = items.length > 0 && !comma ? undefined : readValue(cursor, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
    comma = skipMark(cursor, ",");
  }
  if (open === "[") return mutable(cursor, items);
  if (items.length === 1 && !comma) return items[0];
  const tuple = { $tuple: items };
  return hashable(cursor, items) ? tuple : mutable(cursor, tuple);
}

/** A set or a dict. */
function readBraces(cursor: Cursor, depth: number): Json | undefined {
  const keys: Json[] = [];
  const values: Json[] = [];
  let comma = true;
  while (!skipMark(cursor, "}")) {
    const key = comma ? readValue(cursor, depth + 1) : undefined;
    if (key === undefined) return undefined;
    keys.push(key);
    if (skipMark(cursor, ":")) {
      const value = readValue(cursor, depth + 1);
      if (value === undefined) return undefined;
      values.push(value);
    }
    comma = skipMark(cursor, ",");
  }
  if (!hashable(cursor, keys) || (values.length > 0 && values.length !== keys.length)) return undefined;
  if (keys.length > 0 && values.length === 0) return mutable(cursor, { $set: keys });
  return mutable(cursor, objectFrom(keys.map((key, index) => [key, values[index]])));
}

function objectFrom(entries: ReadonlyArray<readonly [Json, Json]> | undefined): Json | undefined {
  const plain = entries?.every(([key]) => typeof key === "string" && !key.startsWith("$"));
  return plain ? objectOf(entries as ReadonlyArray<readonly [string, Json]>) : entries && { $dict: entries };
}

/** `name=value` up to the closing bracket, which is stepped over; undefined where a name comes twice. */
export function readKeywords(cursor: Cursor, depth = 0): Array<readonly [string, Json]> | undefined {
  const entries = new Map<string, Json>();
  let comma = true;
  while (!skipMark(cursor, ")")) {
    const name = cursor.tokens[cursor.at++];
    if (!comma || name?.kind !== "name" || entries.has(name.text) || !skipMark(cursor, "=")) return undefined;
    const value = readValue(cursor, depth + 1);
    if (value === undefined) return undefined;
    entries.set(name.text, value);
    comma = skipMark(cursor, ",");
  }
  return [...entries];
}
