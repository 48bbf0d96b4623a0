// Classes of values, and programs under another meaning of the operators.

import { expect, test } from "vitest";
import { Float, type Json, parseJson } from "../core/json.js";
import { altered } from "./alter.js";
import { labelOf, properties } from "./labels.js";

/** All that is said of a value. */
function labelsOf(value: Json): Record<string, string> {
  return Object.fromEntries(
    properties.flatMap((property) => {
      const label = labelOf(property, value);
      return label === undefined ? [] : [[property, label]];
    }),
  );
}

test.each<[string, Record<string, string>]>([
  ["-3", { type: "int", sign: "negative", zero: "other", parity: "odd", integer: "-1 and below" }],
  ["0", { type: "int", sign: "zero", zero: "zero", parity: "even", integer: "0" }],
  ["9", { type: "int", sign: "positive", zero: "other", parity: "odd", integer: "9" }],
  ["9007199254740994", { type: "int", sign: "positive", zero: "other", parity: "even", integer: "10 and above" }],
  [
    '{"$int": "-99999999999999999999"}',
    { type: "int", sign: "negative", zero: "other", parity: "odd", integer: "-1 and below" },
  ],
  ["true", { type: "bool", bool: "true" }],
  ["2.0", { type: "float" }],
  ["null", { type: "none" }],
  ['""', { type: "str", length: "0", empty: "empty" }],
  ['"añ😀"', { type: "str", length: "3", empty: "not empty" }],
  ["[1, 2, 3, 4]", { type: "list", length: "4-7", empty: "not empty" }],
  ['{"$tuple": []}', { type: "tuple", length: "0", empty: "empty" }],
  ['{"$set": [1, 2]}', { type: "set", length: "2", empty: "not empty" }],
  ['{"a": 1}', { type: "dict", length: "1", empty: "not empty" }],
  ['{"$dict": [[1, 2], [3, 4]]}', { type: "dict", length: "2", empty: "not empty" }],
  ['{"$bytes": "00"}', { type: "other" }],
])("%s is %o", (text, expected) => {
  expect(labelsOf(parseJson(text))).toEqual(expected);
});

test("a float has no length", () => {
  expect(labelOf("length", new Float(2))).toBeUndefined();
});

test.each([
  ["a = b + 1", "a = b - 1"],
  ["t += v // 2 * x[0]", "t -= v % 2 // x[0]"],
  ["return [v for v in x if v % 2 == 0 and v < 3]", "return [v for v in x if v + 2 != 0 or v > 3]"],
  ["a = max(x) - min(x)", "a = min(x) * max(x)"],
  // One operand: no arithmetic.
  ["a = -x[-1]; f(*y, **z); b = x[::-1]", "a = -x[-1]; f(*y, **z); b = x[::-1]"],
  ["return -v", "return -v"],
  ["def f(a, *b) -> int: return a ** 2 << 1", "def f(a, *b) -> int: return a ** 2 << 1"],
  ["s = 'a + b' + \"c - d\"  # x + y", "s = 'a + b' - \"c - d\"  # x + y"],
  ["maximum = x.max_of - 1", "maximum = x.max_of * 1"],
])("%s comes to mean %s", (program, expected) => {
  expect(altered(program)).toBe(expected);
});
