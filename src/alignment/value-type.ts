// The Python type that a tagged value stands for, as far as accuracy is told apart by it.

import { Float, type Json } from "../core/json.js";

export const valueTypes = ["int", "float", "bool", "str", "none", "list", "tuple", "set", "dict", "other"] as const;
export type ValueType = (typeof valueTypes)[number];

const tags: Readonly<Record<string, ValueType>> = {
  $int: "int",
  $float: "float",
  $tuple: "tuple",
  $set: "set",
  $dict: "dict",
};

/** `other`: bytes, deques, objects, enum members and what is only known by its text. */
export function valueTypeOf(value: Json): ValueType {
  if (value === null) return "none";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  if (typeof value === "number" || typeof value === "bigint") return "int";
  if (value instanceof Float) return "float";
  if (Array.isArray(value)) return "list";
  const [first = ""] = Object.keys(value);
  return first.startsWith("$") ? (tags[first] ?? "other") : "dict";
}
