// Tagged values as Python source text, and Python literals as tagged values. Only literals: nothing is evaluated.

import { Float, floatText, type Json, stringifyJson } from "../core/json.js";

/** `repr` of the value; undefined where it has no literal form (objects, cycles, values too big). */
export function pythonLiteral(value: Json): string | undefined {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Float) {
    if (Number.isFinite(value.value)) return floatText(value.value);
    return `float('${Number.isNaN(value.value) ? "nan" : value.value > 0 ? "inf" : "-inf"}')`;
  }
  if (Array.isArray(value)) return joined("[", value, "]");
  return tagged(value as Readonly<Record<string, Json>>);
}

function tagged(value: Readonly<Record<string, Json>>): string | undefined {
  const [first, ...others] = Object.entries(value);
  if (!first?.[0].startsWith("$")) return dict(Object.entries(value));
  if (others.length > 0) return undefined;
  const [tag, content] = first;
  if (tag === "$int") return textOf(content);
  if (tag === "$float") return `float('${textOf(content)}')`;
  if (tag === "$bytes") return bytes(textOf(content));
  if (!Array.isArray(content)) return undefined;
  if (tag === "$tuple") return content.length === 1 ? joined("(", content, ",)") : joined("(", content, ")");
  if (tag === "$set") return content.length === 0 ? "set()" : joined("{", content, "}");
  if (tag === "$dict") return dict(content as ReadonlyArray<readonly [Json, Json]>);
  return undefined;
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : stringifyJson(value);
}

function joined(open: string, items: readonly Json[], close: string): string | undefined {
  const texts = items.map(pythonLiteral);
  return texts.includes(undefined) ? undefined : `${open}${texts.join(", ")}${close}`;
}

function dict(entries: ReadonlyArray<readonly [Json, Json]>): string | undefined {
  const texts = entries.map(([key, item]) => [pythonLiteral(key), pythonLiteral(item)] as const);
  if (texts.some(([key, item]) => key === undefined || item === undefined)) return undefined;
  return `{${texts.map(([key, item]) => `${key}: ${item}`).join(", ")}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Single quotes as Python writes them, double ones where only single quotes occur inside. */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\n\r\t\p{Cc}\p{Cs}\u2028\u2029]/gu, (char) => ESCAPES[char] ?? escapeCode(char));
  return mark + (mark === "'" ? body.replaceAll("'", "\\'") : body) + mark;
}

function escapeCode(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

function bytes(hex: string): string {
  return `b'${(hex.match(/../g) ?? []).map((pair) => `\\x${pair}`).join("")}'`;
}

const SPACE = /\s*/y;
const TOKEN =
  /[[\](){},:]|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|True|False|None|set\(\)/y;
const CLOSING: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };
const MAX_DEPTH = 200;

/** Reads one literal: numbers, strings, True, False, None, lists, tuples, sets, dicts. Undefined for anything else. */
export function parsePythonLiteral(text: string): Json | undefined {
  const tokens: string[] = [];
  for (let at = 0; ; ) {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
    if (at >= text.length) break;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    tokens.push(match[0]);
    at = TOKEN.lastIndex;
  }
  const reader = { tokens, at: 0 };
  const value = readLiteral(reader, 0);
  return reader.at === tokens.length ? value : undefined;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

function readLiteral(reader: Reader, depth: number): Json | undefined {
  const token = reader.tokens[reader.at++] ?? "";
  if (token === "None") return null;
  if (token === "True" || token === "False") return token === "True";
  if (token === "set()") return { $set: [] };
  if (/^['"]/.test(token)) return unquote(token);
  if (/^[-.\d]/.test(token)) return numberOf(token);
  if (!(token in CLOSING) || depth > MAX_DEPTH) return undefined;
  return readContainer(reader, token, depth);
}

function readContainer(reader: Reader, open: string, depth: number): Json | undefined {
  const items: Json[] = [];
  const values: Json[] = [];
  let comma = false;
  while (reader.tokens[reader.at] !== CLOSING[open]) {
    const item = readLiteral(reader, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
    if (open === "{" && reader.tokens[reader.at] === ":") {
      reader.at++;
      const value = readLiteral(reader, depth + 1);
      if (value === undefined) return undefined;
      values.push(value);
    }
    comma = reader.tokens[reader.at] === ",";
    if (comma) reader.at++;
    else if (reader.tokens[reader.at] !== CLOSING[open]) return undefined;
  }
  reader.at++;
  if (open === "[") return items;
  if (open === "(") return items.length === 1 && !comma ? items[0] : { $tuple: items };
  if (values.length === 0 && items.length > 0) return { $set: items };
  if (values.length !== items.length) return undefined;
  const entries = items.map((key, index) => [key, values[index]] as const);
  const plain = items.every((key) => typeof key === "string" && !key.startsWith("$"));
  return plain ? (Object.fromEntries(entries) as Json) : { $dict: entries };
}

function numberOf(token: string): Json | undefined {
  if (/[.eE]/.test(token)) return new Float(Number(token));
  if (/^-?0\d/.test(token)) return undefined;
  const value = Number(token);
  return Number.isSafeInteger(value) ? value + 0 : BigInt(token);
}

const SIMPLE: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

function unquote(token: string): string {
  return token
    .slice(1, -1)
    .replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|(.))/gs, (whole, two?: string, four?: string, char?: string) => {
      const code = two ?? four;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return SIMPLE[char ?? ""] ?? whole;
    });
}
