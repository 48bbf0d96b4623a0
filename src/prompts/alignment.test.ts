import { expect, test } from "vitest";
import { Float, parseJson } from "../core/json.js";
import type { ProgramInput } from "../problems/problem.js";
import { renderAlignment, renderAnswer } from "./alignment.js";

const CALL: ProgramInput = { kind: "call", function: "f", arguments: [[1, 2, 3]] };

test("a question is the program, the input, and what is asked", () => {
  const program = "def f(x):\n    a = [v + 3 for v in x]\n    b = sum(a)\n    return b";
  expect(renderAlignment(program, CALL, ["f.a", "f.b"], true)).toBe(`${program}\n# f([1, 2, 3]) -> f.a, f.b, output\n`);
  expect(renderAlignment(`${program}\n\n`, CALL, ["f.b"], false)).toBe(`${program}\n# f([1, 2, 3]) -> f.b\n`);
});

test("standard input is quoted on one line", () => {
  expect(renderAlignment("a = input()", { kind: "stdio", stdin: "1 2\n3\n" }, ["a"], true)).toBe(
    'a = input()\n# stdin: "1 2\\n3\\n" -> a, output\n',
  );
});

test("keyword arguments and values of every kind are written as Python writes them", () => {
  const input: ProgramInput = { kind: "call", function: "g", arguments: ["a", null], keywords: { k: new Float(1) } };
  expect(renderAlignment("x", input, [], true)).toBe("x\n# g('a', None, k=1.0) -> output\n");
});

test("an answer is one line of JSON", () => {
  const answer = renderAnswer({ "f.a": [4, 5, 6], "f.b": 15 }, 15);
  expect(answer).toBe('{"variables": {"f.a": [4, 5, 6], "f.b": 15}, "output": 15}');
  expect(parseJson(renderAnswer({ s: "x\ny" }, "7\n"))).toEqual({ variables: { s: "x\ny" }, output: "7\n" });
  expect(renderAnswer({ a: 1 }, undefined)).toBe('{"variables": {"a": 1}}');
});
