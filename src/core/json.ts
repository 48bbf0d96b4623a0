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

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
const MAX_DEPTH = 500;
const WORDS: ReadonlyArray<readonly [string, Json]> = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new Float(Number.NaN)],
  ["Infinity", new Float(Number.POSITIVE_INFINITY)],
  ["-Infinity", new Float(Number.NEGATIVE_INFINITY)],
];
const WORD_STARTS = "ntfNI-";

/**
 * Reads one JSON text. Integers become number, or bigint beyond 2^53; anything with `.` or an exponent, NaN and
 * the infinities become Float; an object is what {@link objectOf} makes of its entries.
 *
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): Json {
  return new Reader(text).whole();
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    const value = this.#value(0);
    if (this.#at < this.#text.length) this.#fail("the end");
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) this.#fail(`at most ${MAX_DEPTH} levels`);
    this.#space();
    const value = this.#bare(depth);
    this.#space();
    return value;
  }

  #bare(depth: number): Json {
    const char = this.#text[this.#at] ?? "";
    if (char === '"') return this.#string();
    if (this.#skip("[")) return this.#list(depth);
    if (this.#skip("{")) return this.#object(depth);
    const word = WORD_STARTS.includes(char) && WORDS.find(([name]) => this.#text.startsWith(name, this.#at));
    if (!word) return this.#number();
    this.#at += word[0].length;
    return word[1];
  }

  #list(depth: number): Json[] {
    const items: Json[] = [];
    if (this.#skip("]")) return items;
    do items.push(this.#value(depth + 1));
    while (this.#skip(","));
    if (!this.#skip("]")) this.#fail("',' or ']'");
    return items;
  }

  #object(depth: number): Json {
    const entries: Array<[string, Json]> = [];
    if (this.#skip("}")) return {};
    do {
      const key = this.#string();
      if (!this.#skip(":")) this.#fail("':'");
      entries.push([key, this.#value(depth + 1)]);
    } while (this.#skip(","));
    if (!this.#skip("}")) this.#fail("',' or '}'");
    return objectOf(entries);
  }

  /** By search, not by one regular expression: those run out of stack on strings of some megabytes. */
  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#fail("a string");
    let end = start;
    do end = this.#text.indexOf('"', end + 1);
    while (end >= 0 && this.#escaped(end));
    if (end < 0) this.#fail("a string");
    try {
      const value = JSON.parse(this.#text.slice(start, end + 1)) as string;
      this.#at = end + 1;
      return value;
    } catch {
      return this.#fail("a string without raw control characters");
    }
  }

  /** Whether an odd number of backslashes stands before. */
  #escaped(at: number): boolean {
    let from = at;
    while (this.#text[from - 1] === "\\") from--;
    return (at - from) % 2 === 1;
  }

  #number(): Json {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (!match) return this.#fail("a value");
    this.#at = NUMBER.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return new Float(Number(match[0]));
    if (match[0] === "-0") return 0;
    const value = Number(match[0]);
    return Number.isSafeInteger(value) ? value : BigInt(match[0]);
  }

  #skip(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    this.#space();
    return true;
  }

  #space(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char !== " " && char !== "\n" && char !== "\r" && char !== "\t") return;
      this.#at++;
    }
  }

  #fail(expected: string): never {
    const at = this.#at;
    const found = at >= this.#text.length ? "the end" : JSON.stringify(this.#text.slice(at, at + 12));
    throw new JsonSyntaxError(at, expected, found);
  }
}

/** Objects of the form `{"$dict": pairs}` that stand for plain ones, and are written as such. */
const plainlyWritten = new WeakSet<object>();
const LIKE_AN_INDEX = /^\d/;

/**
 * The object with these entries, in this order. JavaScript puts keys that look like array indexes first ("10" before
 * "a"), and a Python program sees the order: where that would change it, the tagged form `{"$dict": pairs}` stands in,
 * which {@link stringifyJson} writes as the plain object it is.
 */
export function objectOf(entries: ReadonlyArray<readonly [string, Json]>): Json {
  const object: { readonly [key: string]: Json } = Object.fromEntries(entries);
  if (!entries.some(([key]) => LIKE_AN_INDEX.test(key))) return object;
  const inOrder = [...new Map(entries)];
  const kept = Object.keys(object).every((key, index) => key === inOrder[index]?.[0]);
  // An object with a tag in it is no dict, and must not become one.
  if (kept || inOrder.some(([key]) => key.startsWith("$"))) return object;
  const tagged = { $dict: inOrder };
  plainlyWritten.add(tagged);
  return tagged;
}

/** The entries of a plain object in the order they were written, whichever form {@link objectOf} gave it. */
export function entriesOf(object: Readonly<Record<string, Json>>): ReadonlyArray<readonly [string, Json]> {
  if (!plainlyWritten.has(object)) return Object.entries(object);
  return object["$dict"] as unknown as ReadonlyArray<readonly [string, Json]>;
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
    const entries = entriesOf(value as Record<string, Json>).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${stringifyJson(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value ?? null);
}
