// Tagged values as Python source text, and Python literals as tagged values (read by python-reader.ts).

import { Float, floatText, type Json, stringifyJson } from "../core/json.js";
import { cursorAt, readValue } from "./python-reader.js";
import { logicalLine } from "./python-tokens.js";

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

/**
 * Reads one literal, as `ast.literal_eval` does, and what `repr` writes where no literal is (frozenset, infinity).
 * Undefined for anything else: nothing is evaluated.
 */
export function parsePythonLiteral(text: string): Json | undefined {
  const trimmed = text.trim();
  const line = logicalLine(trimmed);
  if (!line || line.end < trimmed.length) return undefined;
  const cursor = cursorAt(line.tokens);
  const value = readValue(cursor);
  return cursor.at === line.tokens.length ? value : undefined;
}
