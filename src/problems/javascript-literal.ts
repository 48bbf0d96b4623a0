// Tagged values as JavaScript source text, as a test's author would write them.

import { Float, type Json } from "../core/json.js";

/** Undefined where a value has no such text (objects of classes, cycles, values too big). */
export function javascriptLiteral(value: Json): string | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Float) return Object.is(value.value, -0) ? "-0" : String(value.value);
  if (Array.isArray(value)) return listed("[", value, "]");
  return tagged(value as Readonly<Record<string, Json>>);
}

function tagged(value: Readonly<Record<string, Json>>): string | undefined {
  const [first] = Object.entries(value);
  if (!first?.[0].startsWith("$")) return fields(Object.entries(value));
  const [tag, content] = first;
  if (tag === "$int") return `${textOf(content)}n`;
  if (tag === "$float") return FLOATS[textOf(content)];
  if (!Array.isArray(content)) return undefined;
  if (tag === "$tuple" || tag === "$deque") return listed("[", content, "]");
  if (tag === "$set") return listed("new Set([", content, "])");
  return tag === "$dict" ? listed("new Map([", content, "])") : undefined;
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : "";
}

const FLOATS: Readonly<Record<string, string>> = { nan: "NaN", inf: "Infinity", "-inf": "-Infinity" };

function listed(open: string, items: readonly Json[], close: string): string | undefined {
  const texts = items.map(javascriptLiteral);
  return texts.includes(undefined) ? undefined : `${open}${texts.join(", ")}${close}`;
}

function fields(entries: ReadonlyArray<readonly [string, Json]>): string | undefined {
  const texts = entries.map(([key, item]) => {
    const text = javascriptLiteral(item);
    return text === undefined ? undefined : `${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}: ${text}`;
  });
  if (texts.includes(undefined)) return undefined;
  return texts.length === 0 ? "{}" : `{ ${texts.join(", ")} }`;
}
