import { expect, test } from "vitest";
import type { Json } from "../../../core/json.js";
import { evaluate } from "./evaluate.js";
import { UnsupportedPython } from "./syntax.js";

function returned(expression: string, argument: Json = null): Json | undefined {
  return evaluate(`def f(x):\n    return ${expression}`, { kind: "call", function: "f", arguments: [argument] })
    .returned;
}

// Each value is what CPython 3.11 prints for the expression.
test.each<[string, Json]>([
  ["-7 // 2", -4],
  ["-7 % 3", 2],
  ["7 % -3", -2],
  ["0 * -1", 0],
  ["1 + 2 * 3 - 4 // 2", 5],
  ["not 1 == 2", true],
  ["1 < 2 and 3 or 4", 3],
  ["[1, 2, 3][::-1]", [3, 2, 1]],
  ["[1, 2, 3][:-1]", [1, 2]],
  ["[1, 2, 3, 4][-3:-1]", [2, 3]],
  ["'abcd'[::2]", "ac"],
  ["[0, 1][5:]", []],
  ["sorted([3, 1, 2], reverse=True)", [3, 2, 1]],
  ["sorted(['bb', 'a', 'cc'], key=len)", ["a", "bb", "cc"]],
  ["max(['bb', 'a', 'cc'], key=len)", "bb"],
  ["sum([v > 1 for v in [1, 2, 3]])", 2],
  ["{t: v for t, v in {'a': 1, 'b': 2}.items() if v > 1}", { b: 2 }],
  ["'even' if 3 % 2 == 0 else 'odd'", "odd"],
  ["[i + v for i, v in enumerate([5, 5])]", [5, 6]],
  ["'a b  c'.split()", ["a", "b", "c"]],
  ["len(set([1, 1, 2]))", 2],
  ["[2] * 3", [2, 2, 2]],
])("%s is what Python says", (expression, value) => {
  expect(returned(expression)).toEqual(value);
});

test.each([
  ["x[0]", [], "error:IndexError"],
  ["1 // x", 0, "error:ZeroDivisionError"],
  ["max(x)", [], "error:ValueError"],
  ["x['b']", { a: 1 }, "error:KeyError"],
  ["x + 1", "a", "error:TypeError"],
  ["y", 1, "error:NameError"],
])("%s of %j ends as in Python", (expression, argument, status) => {
  const program = `def f(x):\n    return ${expression}`;
  expect(evaluate(program, { kind: "call", function: "f", arguments: [argument] }).status).toBe(status);
});

test("variables come in the source order of their last assignment, each with its scope", () => {
  const program =
    "def f(x):\n    def g(v):\n        w = v + 1\n        return w\n    a = []\n    t = 0\n    for v in x:\n        t += g(v)\n        a.append(t)\n    return a";
  const {
    variables,
    parameters,
    returned: value,
  } = evaluate(program, { kind: "call", function: "f", arguments: [[1, 2]] });
  expect(Object.entries(variables)).toEqual([
    ["f.x", [1, 2]],
    ["f.g.v", 2],
    ["f.g.w", 3],
    ["f.a", [2, 5]],
    ["f.v", 2],
    ["f.t", 5],
  ]);
  expect(parameters).toEqual(["f.x", "f.g.v"]);
  expect(value).toEqual([2, 5]);
});

test("a loop that never runs leaves its variable unbound; a later call forgets what an earlier one left", () => {
  const program =
    "def g(x):\n    for v in x:\n        t = v\n    return 0\ndef f(x):\n    a = g(x)\n    b = g([])\n    return b";
  const { variables } = evaluate(program, { kind: "call", function: "f", arguments: [[1]] });
  expect(Object.keys(variables)).toEqual(["g.x", "f.x", "f.a", "f.b"]);
});

test("a script reads lines and prints", () => {
  const { stdout, variables } = evaluate("x = [int(t) for t in input().split()]\nprint(*x)\nprint(sum(x))", {
    kind: "stdio",
    stdin: "1 2\n",
  });
  expect(stdout).toBe("1 2\n3\n");
  expect(variables).toEqual({ x: [1, 2] });
});

test("Python outside the family's is refused, not guessed", () => {
  for (const program of [
    "import os",
    "x = 1.5",
    "a = lambda v: v",
    "x = 1 < 2 < 3",
    "class A:\n    pass",
    "x = f'{1}'",
  ]) {
    expect(() => evaluate(program, { kind: "stdio", stdin: "" }), program).toThrow(UnsupportedPython);
  }
});
