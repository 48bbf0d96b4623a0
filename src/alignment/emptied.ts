// An input with nothing in it: where programs that are right on their tests meet what they were not written for, and many
// raise. Of the same types, so that it is still an input of that program.

import { Float, type Json } from "../core/json.js";
import type { ProgramInput } from "../problems/problem.js";

/**
 * No text on standard input; every argument without keyword emptied, and zero for numbers. Whatever else a value is stays
 * as it is.
 */
export function emptied(input: ProgramInput): ProgramInput {
  if (input.kind === "stdio") return { kind: "stdio", stdin: "" };
  return { ...input, arguments: input.arguments.map(nothingOf) };
}

function nothingOf(value: Json): Json {
  if (typeof value === "string") return "";
  if (typeof value === "number" || typeof value === "bigint") return 0;
  if (value instanceof Float) return new Float(0);
  if (Array.isArray(value)) return [];
  if (typeof value !== "object" || value === null) return value;
  const [tag] = Object.keys(value);
  if (tag === "$int") return 0;
  if (tag === "$tuple" || tag === "$set" || tag === "$dict" || tag === "$deque") return { [tag]: [] };
  return tag?.startsWith("$") ? value : {};
}
