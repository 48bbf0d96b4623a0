// Inputs and outputs as the public data sets write them, as tests. One shape, `{inputs, outputs, fn_name?}`, serves
// APPS, TACO, PRIME and what grew out of them; inside it, three ways of writing a function's arguments.

import { entriesOf, Float, type Json, parseJson, stringifyJson } from "../../core/json.js";
import type { Test } from "../problem.js";
import { parsePythonLiteral } from "../python-literal.js";
import { isObject } from "../tags.js";
import { listOf, malformed, optionalText, type Row, rowOf } from "./row.js";

/** A field that holds JSON, as a text or unpacked already. */
export function jsonField(row: Row, field: string): Json {
  const value = row[field];
  if (typeof value !== "string") return value ?? malformed(field, "a JSON text", value);
  try {
    return parseJson(value);
  } catch {
    return malformed(field, "a JSON text", value);
  }
}

export interface Cases {
  readonly tests: readonly Test[];
  /** The function that is called, `Solution.f` for a method; undefined where programs read and print. */
  readonly callee?: string | undefined;
}

/**
 * The tests of `{inputs, outputs, fn_name?}`.
 *
 * @param field  what the object is called in messages
 * @param code   all code that may show whether the function is a method: starter code, a solution, the prompt
 */
export function casesOf(value: Json, field: string, code: string): Cases {
  const row = rowOf(value, field);
  const [inputs, outputs] = [listOf(row, "inputs"), listOf(row, "outputs")];
  if (inputs.length !== outputs.length) {
    malformed("outputs", "as many as inputs", `${inputs.length} inputs, ${outputs.length} outputs`);
  }
  const name = optionalText(row, "fn_name");
  if (name === undefined) return { tests: stdioTests(inputs, outputs) };
  const callee = calleeOf(name, code);
  return { callee, tests: callTests(callee, inputs, outputs) };
}

/** A method of LeetCode's class where the code around has that class. */
export function calleeOf(name: string, code: string): string {
  return /\bclass Solution\b/.test(code) && !name.includes(".") ? `Solution.${name}` : name;
}

export function stdioTests(inputs: readonly Json[], outputs: readonly Json[], visible = false): Test[] {
  return inputs.map((input, index) => ({
    kind: "stdio",
    stdin: linesText(input, "inputs", index),
    stdout: linesText(outputs[index], "outputs", index),
    ...(visible && { visible }),
  }));
}

/** A text, or a list of its lines; a bare number is its digits. */
function linesText(value: Json, field: string, index: number): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Float) return stringifyJson(value);
  if (Array.isArray(value)) return value.map((line: Json) => linesText(line, field, index)).join("\n");
  return malformed(field, "texts or lists of lines", value, `[${index}]`);
}

/**
 * Tests of a function. Where all inputs are texts, each is one JSON value a line, an argument each, and an output is
 * one JSON value (LiveCodeBench); else an input is the list of its arguments, and outputs that are all lists of one
 * are that one (APPS wraps results so).
 */
export function callTests(callee: string, inputs: readonly Json[], outputs: readonly Json[], visible = false): Test[] {
  const asLines = inputs.every((input) => typeof input === "string");
  const wrapped = !asLines && outputs.every((output) => Array.isArray(output) && output.length === 1);
  return inputs.map((input, index) => ({
    kind: "call",
    function: callee,
    arguments: asLines ? argumentLines(input as string, index) : argumentList(input, index),
    expected: asLines
      ? valueText(outputs[index], "outputs", index)
      : undoTextKeys(wrapped ? (outputs[index] as readonly Json[])[0] : outputs[index]),
    ...(visible && { visible }),
  }));
}

function argumentLines(input: string, index: number): Json[] {
  const lines = input.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => valueText(line, "inputs", index));
}

function argumentList(input: Json, index: number): Json[] {
  if (!Array.isArray(input)) return malformed("inputs", "lists of arguments", input, `[${index}]`);
  return input.map(undoTextKeys);
}

function valueText(text: Json, field: string, index: number): Json {
  if (typeof text !== "string") return plain(text);
  try {
    return plain(parseJson(text));
  } catch {
    // A few rows were written by Python's repr.
    return parsePythonLiteral(text) ?? malformed(field, "JSON values", text, `[${index}]`);
  }
}

/** JSON gave a dict with whole numbers as keys text keys; the data sets' own harnesses undo that, too. */
function undoTextKeys(value: Json): Json {
  const entries = isObject(value) ? entriesOf(value) : [];
  if (entries.length === 0 || !entries.every(([key]) => /^-?\d{1,15}$/.test(key))) return plain(value);
  return { $dict: entries.map(([key, item]) => [Number(key), plain(item)]) };
}

/** A value as plain JSON means it: where a dict has keys that look like our tags, it is written out as pairs. */
export function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const entries = entriesOf(value).map(([key, item]) => [key, plain(item)] as const);
  const inPairs = "$dict" in value || entries.some(([key]) => key.startsWith("$"));
  return inPairs ? { $dict: entries } : Object.fromEntries(entries);
}
