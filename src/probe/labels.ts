// What is asked of a final value: small properties that a linear probe can have as classes. The list is our protocol's.

import { type ValueType, valueTypeOf } from "../alignment/value-type.js";
import { Float, type Json } from "../core/json.js";

export const properties = ["type", "bool", "sign", "zero", "parity", "integer", "length", "empty"] as const;
export type Property = (typeof properties)[number];

/** What each property means; the table prints it. */
export const meanings: Readonly<Record<Property, string>> = {
  type: "type of the value",
  bool: "True or False",
  sign: "an integer below, at or above 0",
  zero: "whether an integer is 0",
  parity: "whether an integer is odd",
  integer: "the integer, clipped to -1 .. 10",
  length: "length of a text or container: 0, 1, 2, 3, 4-7, 8 and more",
  empty: "whether a text or container is empty",
};

/** The class of a value as text; undefined where the property says nothing of such a value. */
export function labelOf(property: Property, value: Json): string | undefined {
  const type = valueTypeOf(value);
  switch (property) {
    case "type":
      return type;
    case "bool":
      return type === "bool" ? (value === true ? "true" : "false") : undefined;
    case "sign":
    case "zero":
    case "parity":
    case "integer":
      return type === "int" ? integerLabel(property, integerOf(value)) : undefined;
    case "length":
    case "empty":
      return lengthLabel(property, lengthOf(value, type));
    default:
      return property satisfies never;
  }
}

function integerLabel(property: "sign" | "zero" | "parity" | "integer", value: bigint): string {
  if (property === "sign") return value < 0n ? "negative" : value === 0n ? "zero" : "positive";
  if (property === "zero") return value === 0n ? "zero" : "other";
  if (property === "parity") return value % 2n === 0n ? "even" : "odd";
  return value < 0n ? "-1 and below" : value > 9n ? "10 and above" : String(value);
}

function lengthLabel(property: "length" | "empty", length: number | undefined): string | undefined {
  if (length === undefined) return undefined;
  if (property === "empty") return length === 0 ? "empty" : "not empty";
  return length < 4 ? String(length) : length < 8 ? "4-7" : "8 and more";
}

function integerOf(value: Json): bigint {
  if (typeof value === "bigint" || typeof value === "number") return BigInt(value);
  return BigInt((value as { readonly $int: string }).$int);
}

function lengthOf(value: Json, type: ValueType): number | undefined {
  if (type === "str") return Array.from(value as string).length;
  if (Array.isArray(value)) return value.length;
  if (typeof value !== "object" || value === null || value instanceof Float) return undefined;
  if (type === "tuple" || type === "set") return itemsIn(Object.values(value)[0]);
  if (type !== "dict") return undefined;
  return "$dict" in value ? itemsIn(value["$dict"]) : Object.keys(value).length;
}

function itemsIn(value: Json | undefined): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}
