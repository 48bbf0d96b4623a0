import { expect, test } from "vitest";
import { Float, type Json } from "../core/json.js";
import { callText, exampleOf } from "./examples.js";
import type { Test } from "./problem.js";

test("a call is written in the problem's language", () => {
  const call = { kind: "call", function: "f", arguments: [[1, "a"], null], keywords: { k: true } } as const;
  expect(callText(call)).toBe("f([1, 'a'], None, k=True)");
  expect(callText(call, "javascript")).toBe('f([1, "a"], null, { k: true })');
});

test("an example is a comment in the problem's language", () => {
  const one: Test = { kind: "call", function: "f", arguments: [2], expected: { a: [true] } };
  expect(exampleOf(one)).toEqual({ question: "# f(2) == ", answer: "{'a': [True]}" });
  expect(exampleOf(one, "javascript")).toEqual({ question: "// f(2) == ", answer: "{ a: [true] }" });
});

test.each<[Json, string]>([
  [new Float(2), "2"],
  [new Float(-0), "-0"],
  [new Float(2.5), "2.5"],
  [{ $int: "7" }, "7n"],
  [{ $float: "nan" }, "NaN"],
  [{ $float: "-inf" }, "-Infinity"],
  [{ $tuple: [1] }, "[1]"],
  [{ $set: [1, 2] }, "new Set([1, 2])"],
  [{ $dict: [[1, "a"]] }, 'new Map([[1, "a"]])'],
  [{ "a b": {}, c: [] }, '{ "a b": {}, c: [] }'],
  [{ $obj: "P", attrs: {} }, "..."],
  [[{ $cycle: 1 }], "..."],
])("%j in JavaScript is %s", (value, text) => {
  expect(callText({ kind: "call", function: "f", arguments: [value] }, "javascript")).toBe(`f(${text})`);
});
