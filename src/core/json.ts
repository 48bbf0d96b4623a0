// Lossless JSON: what Python wrote comes back as the same Python type. JSON.parse would turn 2.0 into 2 and -0.0
// into 0, lose integers beyond 2^53 and refuse NaN. Plain records pass through unchanged.

/** A Python float. A JavaScript number that stands alone in a value is a Python int. */
export class Float {
  constructor(readonly value: number) {}
}

export type Json =
  | null
  | boolean
  | string
  | number
  | bigint
  | Float
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Where a text stops being JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
  constructor(
    readonly offset: number,
    expected: string,
    found: string,
  ) {
    super(`column ${offset + 1}: expected ${expected}, found ${found}`);
  }
}

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const MAX_DEPTH = 500;
const WORDS: ReadonlyArray<readonly [string, Json]> = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new Float(Number.NaN)],
  ["Infinity", new Float(Number.POSITIVE_INFINITY)],
  ["-Infinity", new Float(Number.NEGATIVE_INFINITY)],
];

/**
 * Reads one JSON text. Integers become number, or bigint beyond 2^53; anything with `.` or an exponent, NaN and
 * the infinities become Float.
 *
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): Json {
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const fail = (expected: string): never => {
    throw new JsonSyntaxError(at, expected, at >= text.length ? "the end" : JSON.stringify(text.slice(at, at + 12)));
  };
  const skip = (char: string): boolean => {
    take(SPACE);
    if (text[at] !== char) return false;
    at++;
    take(SPACE);
    return true;
  };
  const readString = (): string => {
    const match = take(STRING);
    if (!match) return fail("a string");
    try {
      return JSON.parse(match[0]) as string;
    } catch {
      at -= match[0].length;
      return fail("a string without raw control characters");
    }
  };
  const readNumber = (): Json => {
    const match = take(NUMBER);
    if (!match) return fail("a value");
    if (match[1] !== undefined || match[2] !== undefined) return new Float(Number(match[0]));
    if (match[0] === "-0") return 0;
    const value = Number(match[0]);
    return Number.isSafeInteger(value) ? value : BigInt(match[0]);
  };
  const readList = (depth: number): Json[] => {
    const items: Json[] = [];
    if (skip("]")) return items;
    do items.push(readValue(depth + 1));
    while (skip(","));
    if (!skip("]")) fail("',' or ']'");
    return items;
  };
  const readObject = (depth: number): Json => {
    const entries: Array<[string, Json]> = [];
    if (skip("}")) return {};
    do {
      const key = readString();
      if (!skip(":")) fail("':'");
      entries.push([key, readValue(depth + 1)]);
    } while (skip(","));
    if (!skip("}")) fail("',' or '}'");
    return Object.fromEntries(entries);
  };
  const readValue = (depth: number): Json => {
    if (depth > MAX_DEPTH) fail(`at most ${MAX_DEPTH} levels`);
    take(SPACE);
    let value: Json;
    const word = WORDS.find(([name]) => text.startsWith(name, at));
    if (word) {
      at += word[0].length;
      value = word[1];
    } else if (text[at] === '"') value = readString();
    else if (skip("[")) value = readList(depth);
    else if (skip("{")) value = readObject(depth);
    else value = readNumber();
    take(SPACE);
    return value;
  };

  const value = readValue(0);
  if (at < text.length) fail("the end");
  return value;
}

/** A float as Python's `repr` writes it: always with `.`, `e`, or as NaN / Infinity / -Infinity. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits, exponent] = value.toExponential().split("e") as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  const plain = String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}

/**
 * Writes one JSON text that {@link parseJson} reads back to the same types. Keys whose value is undefined are left out.
 * An integer beyond 2^53 is written as `{"$int": "..."}`, a float that JSON lacks as `{"$float": "nan"}`.
 */
export function stringifyJson(value: unknown): string {
  if (value instanceof Float) {
    if (Number.isNaN(value.value)) return '{"$float": "nan"}';
    if (!Number.isFinite(value.value)) return `{"$float": "${value.value > 0 ? "inf" : "-inf"}"}`;
    return floatText(value.value);
  }
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? String(value) : `{"$int": "${value}"}`;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form: use null, or a Float`);
    return Object.is(value, -0) ? "0" : String(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => stringifyJson(item ?? null)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${stringifyJson(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value ?? null);
}
