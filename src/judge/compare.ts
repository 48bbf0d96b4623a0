// Whether what a program produced is what a test expects. All comparison happens here, outside the sandbox, on text
// and on re-created built-in values: no code of the program's takes part. `official` repeats the rules of the published
// harness (LiveCodeBench as vendored by CodeRL+), bugs included, so that numbers can be put side by side.

import { Float, type Json } from "../core/json.js";
import type { Comparison } from "../problems/problem.js";
import { closeTo, equalValues } from "./equality.js";

export type Match = "equal" | "within-tolerance" | "different";
export type Mode = "strict" | "official";

const DECIMAL = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

/** Standard output against the expected text, line by line. */
export function compareStdout(got: string, expected: string, rules: Comparison, mode: Mode): Match {
  return mode === "official" ? officialStdout(got, expected) : strictStdout(got, expected, rules);
}

/**
 * A returned value against the expected one: Python's `==` over exact built-in types. What was returned is a claim of
 * any shape, so one that cannot be compared is different.
 */
export function compareValues(got: Json, expected: Json, rules: Comparison, mode: Mode): Match {
  try {
    return matchValues(got, expected, rules, mode);
  } catch {
    return "different";
  }
}

function matchValues(got: Json, expected: Json, rules: Comparison, mode: Mode): Match {
  if (mode === "official") return officialValues(got, expected) ? "equal" : "different";
  const exact = { tolerance: null, unordered: rules.unordered, tupleAsList: rules.tupleAsList };
  if (equalValues(got, expected, exact)) return "equal";
  if (rules.floatTolerance === null) return "different";
  return equalValues(got, expected, { ...exact, tolerance: rules.floatTolerance }) ? "within-tolerance" : "different";
}

function strictStdout(got: string, expected: string, rules: Comparison): Match {
  const arrange = (text: string): string[] => (rules.unordered ? linesOf(text).sort() : linesOf(text));
  const ours = arrange(got);
  const theirs = arrange(expected);
  if (ours.length !== theirs.length) return "different";
  let match: Match = "equal";
  for (const [index, line] of ours.entries()) {
    const one = compareLine(line, theirs[index], rules.floatTolerance);
    if (one === "different") return "different";
    if (one === "within-tolerance") match = one;
  }
  return match;
}

/** Lines without trailing white space, without blank lines at the end. */
function linesOf(text: string): string[] {
  return text
    .replace(/\r\n?/g, "\n")
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd());
}

function compareLine(got: string, expected: string, tolerance: number | null): Match {
  if (got === expected) return "equal";
  const ours = got.trim().split(/\s+/);
  const theirs = expected.trim().split(/\s+/);
  if (ours.length !== theirs.length) return "different";
  let match: Match = "equal";
  for (const [index, token] of ours.entries()) {
    const other = theirs[index];
    if (token === other || (DECIMAL.test(token) && DECIMAL.test(other) && sameDecimal(token, other))) continue;
    if (tolerance === null || !DECIMAL.test(token) || !DECIMAL.test(other)) return "different";
    if (!closeTo(Number(token), Number(other), tolerance)) return "different";
    match = "within-tolerance";
  }
  return match;
}

/** Exact equality of two decimal numerals of any length: sign, digits and exponent, leading and trailing zeros apart. */
function sameDecimal(a: string, b: string): boolean {
  const [left, right] = [canonicalDecimal(a), canonicalDecimal(b)];
  return left === right;
}

function canonicalDecimal(text: string): string {
  const [mantissa, exponent = "0"] = text.toLowerCase().replace(/^[-+]/, "").split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = withoutZerosAtEnd(digits);
  if (significant === "") return "0";
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${text.startsWith("-") ? "-" : ""}${significant}e${power}`;
}

/** A regular expression for this takes quadratic time on digits like 1000...01. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}

/**
 * The vendored checker: whole text, then lines without blank ones, then all tokens as floats within numpy's allclose.
 * How it runs programs is repeated in official.py.
 */
function officialStdout(got: string, expected: string): Match {
  const lines = (text: string): string[] =>
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  const [ours, theirs] = [lines(got), lines(expected)];
  if (ours.length === theirs.length && ours.every((line, index) => line === theirs[index])) return "equal";
  const numbers = (texts: readonly string[]): number[] | null => {
    const tokens = texts.flatMap((line) => line.split(/\s+/));
    return tokens.every((token) => DECIMAL.test(token)) ? tokens.map(Number) : null;
  };
  if (ours.length !== theirs.length) return "different";
  for (const [index, line] of ours.entries()) {
    if (line === theirs[index]) continue;
    const [left, right] = [numbers([line]), numbers([theirs[index]])];
    // Double inner spaces make the vendored split yield an empty token, which is no float.
    if (!left || !right || /\s{2}/.test(line) !== /\s{2}/.test(theirs[index])) return "different";
    if (left.length !== right.length || !left.every((value, at) => allClose(value, right[at]))) return "different";
  }
  return "equal";
}

function allClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-8 + 1e-5 * Math.abs(b);
}

/**
 * A tuple counts as a list at the top; the expected value's first element alone counts as the answer, and there tuples
 * one level down count as lists too.
 */
function officialValues(got: Json, expected: Json): boolean {
  const top = tupleItems(got) ?? got;
  const rules = { tolerance: null, unordered: false, tupleAsList: false };
  if (equalValues(top, expected, rules)) return true;
  if (!Array.isArray(expected) || expected.length === 0) return false;
  const first = expected[0] as Json;
  if (equalValues(top, first, rules)) return true;
  const items = Array.isArray(top) ? (top as readonly Json[]) : [];
  return (
    items.length > 0 &&
    tupleItems(items[0]) !== null &&
    equalValues(
      items.map((item) => tupleItems(item) ?? item),
      first,
      rules,
    )
  );
}

function tupleItems(value: Json): Json | null {
  if (typeof value !== "object" || value === null || value instanceof Float || Array.isArray(value)) return null;
  const items = (value as { readonly [key: string]: Json }).$tuple;
  return Array.isArray(items) ? items : null;
}
