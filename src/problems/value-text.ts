// A traced value as its language would write it, for people: also what no literal makes again (instances, circles).

import { Float, type Json, stringifyJson } from "../core/json.js";
import { type Language, notations } from "./notation.js";

/** How a language writes what has parts. */
interface Shapes {
  readonly $tuple: (items: readonly string[]) => string;
  readonly $set: (items: readonly string[]) => string;
  readonly $deque: (items: readonly string[]) => string;
  readonly $dict: (pairs: ReadonlyArray<readonly [key: string, value: string]>) => string;
  readonly fields: (pairs: ReadonlyArray<readonly [key: string, value: string]>) => string;
  readonly instance: (name: string, pairs: ReadonlyArray<readonly [key: string, value: string]>) => string;
}

const joined = (pairs: ReadonlyArray<readonly [string, string]>, mark: string): string =>
  pairs.map(([key, value]) => `${key}${mark}${value}`).join(", ");

const shapes: Readonly<Record<Language, Shapes>> = {
  python: {
    $tuple: (items) => `(${items.join(", ")}${items.length === 1 ? "," : ""})`,
    $set: (items) => `{${items.join(", ")}}`,
    $deque: (items) => `deque([${items.join(", ")}])`,
    $dict: (pairs) => `{${joined(pairs, ": ")}}`,
    fields: (pairs) => `{${joined(pairs, ": ")}}`,
    instance: (name, pairs) => `${name}(${joined(pairs, "=")})`,
  },
  javascript: {
    $tuple: (items) => `[${items.join(", ")}]`,
    $set: (items) => `new Set([${items.join(", ")}])`,
    $deque: (items) => `[${items.join(", ")}]`,
    $dict: (pairs) => `new Map([${pairs.map(([key, value]) => `[${key}, ${value}]`).join(", ")}])`,
    fields: (pairs) => `{ ${joined(pairs, ": ")} }`,
    instance: (name, pairs) => `${name} { ${joined(pairs, ": ")} }`,
  },
};

export function valueText(value: Json, language: Language): string {
  const { literal } = notations[language];
  const whole = literal(value);
  if (whole !== undefined || typeof value !== "object" || value === null || value instanceof Float)
    return whole ?? stringifyJson(value);
  const write = (item: Json): string => valueText(item, language);
  const items = (list: Json): string[] => (Array.isArray(list) ? list : [list]).map(write);
  const named = (record: Json, name: (key: string) => string) =>
    Object.entries(record ?? {}).map(([key, item]) => [name(key), write(item as Json)] as const);
  if (Array.isArray(value)) return `[${items(value).join(", ")}]`;
  const shape = shapes[language];
  const [[tag, content] = ["", null], attributes] = Object.entries(value as Readonly<Record<string, Json>>);
  switch (tag) {
    case "$tuple":
    case "$set":
    case "$deque":
      return shape[tag](items(content));
    case "$dict":
      return shape.$dict(
        (content as ReadonlyArray<readonly [Json, Json]>).map(([key, item]) => [write(key), write(item)]),
      );
    case "$obj":
      return shape.instance(
        textOf(content),
        named(attributes?.[1] ?? null, (key) => key),
      );
    case "$enum":
    case "$repr":
      return textOf(content);
    case "$big":
      return `<${textOf(content)}, too big>`;
    case "$cycle":
      return "...";
    default:
      return shape.fields(named(value, write));
  }
}

function textOf(content: Json): string {
  return typeof content === "string" ? content : stringifyJson(content);
}
