// What counts as a completion's answer where grading is strict.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Float, type Json } from "../../core/json.js";
import { assertedValue, boxedValue } from "./answer-text.js";
import { claimedCall } from "./assertion.js";

const BOXED: ReadonlyArray<readonly [string, Json | undefined]> = [
  ["\\boxed{{1: 2}}", { $dict: [[1, 2]] }],
  ["\\boxed{\\{1, 2\\}}", { $set: [1, 2] }],
  ["\\boxed{{'a': {'b': {}}}} done", { a: { b: {} } }],
  ["\\boxed{'}'}", "}"],
  ["first \\boxed{1} then \\boxed{2}", 2],
  ["\\boxed{3} and then \\boxed{never closed", 3],
  ["\\boxed{\\text{abc}}", "abc"],
  ["\\boxed{\\text{hello\\_world}}", "hello_world"],
  ["\\boxed{\\text{True}}", true],
  ["\\boxed{\\texttt{'a b'}}", "a b"],
  ["\\boxed{[\\text{'a'}, 2]}", ["a", 2]],
  ["\\boxed{`5`}", 5],
  ["\\boxed{```python\n[1,\n 2]\n```}", [1, 2]],
  ["\\boxed{1, 2}", { $tuple: [1, 2] }],
  ["$\\boxed{2.50}$", new Float(2.5)],
  ["\\boxed{abc}", undefined],
  ["\\boxed{True or 1}", undefined],
  ["\\boxed{__import__('os')}", undefined],
  ["The output is `5`.", 5],
  ["Therefore, the output is **[1, 2]**.", [1, 2]],
  ["Output:\n```\n'x'\n```", "x"],
  ["so\n-7", -7],
  ["\\boxed{'50\\% \\#1 \\{\\}'}", "50% #1 {}"],
  ["\\boxed{'a\\\\%'}", "a\\%"],
  ["The output is 5\r\nThat is all.\r\n", 5],
  ["Output:\r\n```python\r\n'x'\r\n```\r\n", "x"],
  ["nothing here", undefined],
  ["", undefined],
];
test.each(BOXED)("the value of %j is %j", (completion, value) => {
  expect(boxedValue(completion)).toEqual(value);
});

const ASSERTED: ReadonlyArray<readonly [string, Json | undefined]> = [
  ["```python\nassert f(1) == [\n  1,\n  2,\n]\n```", [1, 2]],
  ["assert f(x) is True", true],
  ["assert f(x) is None, 'none'", null],
  ["assert f([1], k=(2, 3))", true],
  ["assert not f(1)", false],
  ["assert not (f(1))", false],
  ["assert [1] == f(2)", [1]],
  ["assert (f(1) == 5), 'message'", 5],
  ["assert f(1) == 5, f'got {f(1)}'", 5],
  ["assert f(1) == 5  # five", 5],
  ["    assert Solution().f(1) == 'a, b == c'", "a, b == c"],
  ["assert abs(f(1) - 0.5) < 1e-6", new Float(0.5)],
  ["assert abs(f(1) - -0.5) <= 1e-6", new Float(-0.5)],
  ["assert abs(0.5 - f(1)) < 1e-6", new Float(0.5)],
  ["assert math.isclose(f(1), 0.5, rel_tol=1e-9)", new Float(0.5)],
  ["assert f(1) == pytest.approx(0.5)", new Float(0.5)],
  ["assert f(1) == 1\nassert f(2) == 2", 2],
  ["[ANSWER]\nassert f(1) == 2\n[/ANSWER]\n\n[PYTHON]\nassert f(9) == 9", 2],
  ["== 7\n", 7],
  ["f(1) == 7", 7],
  ["'just this'", "just this"],
  ["```\n[1]\n```", [1]],
  ["assert 5 == 5", undefined],
  ["assert g(1) == 5", undefined],
  ["assert f(1) == f(1)", undefined],
  ["assert f(1) == True or 1", undefined],
  ["assert f(1) == 5 or 1", undefined],
  ["assert f(1) == (lambda: 5)()", undefined],
  ["assert f(1) == Always()", undefined],
  ["assert f(1) is not None", undefined],
  ["assert f(1) == 5 == 5", undefined],
  ["assert (f(1) == 5, 'a tuple is true')", undefined],
  ["assert f(1) or True", undefined],
  ["exit(0)", undefined],
  ["f(1)", undefined],
  ["assert f(1) == [1", undefined],
];
test.each(ASSERTED)("%j claims %j of f", (completion, value) => {
  expect(assertedValue(completion, "f")).toEqual(value);
});

test("a call counts where all its arguments are literals", () => {
  expect(claimedCall("assert f([1], 'a', k={'b': 2}) == 3", "f")).toEqual({
    arguments: [[1], "a"],
    keywords: { k: { b: 2 } },
  });
  expect(claimedCall("assert 3 == f()", "f")).toEqual({ arguments: [], keywords: {} });
  expect(claimedCall("f(1,)", "f")).toEqual({ arguments: [1], keywords: {} });
  for (const text of [
    "f(x)",
    "f(*[1])",
    "f(**{})",
    "f(1 2)",
    "f(k=1, 2)",
    "f(k=1, k=2)",
    "g(1)",
    "1",
    "f(exec('1'))",
  ]) {
    expect(claimedCall(text, "f"), text).toBeUndefined();
  }
});

test("any text is read without an exception, and a long one in one pass", () => {
  const read = (text: string): void => void [boxedValue(text), assertedValue(text, "f"), claimedCall(text, "f")];
  fc.assert(fc.property(fc.string(), read));
  const parts = [
    "\\boxed{",
    "{",
    "}",
    "\\text{",
    "```",
    "assert ",
    "assert f(",
    "(",
    "==",
    "-",
    "abs(",
    "is ",
    "output ",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts, "f", "1", ")", "\n", "'", '"')), (all) => read(all.join(""))),
  );
  for (const part of parts) read(part.repeat(5_000));
  for (const part of parts) read(`\n${part}`.repeat(5_000));
});

// One that grows with the square of the text would outlast any patience here.
const LONG = 1 << 19;
test.each([
  ["a word and spaces", `output${" ".repeat(LONG)}\nx`],
  ["words up to a line break that is none", `${"answer is ".repeat(LONG / 10)}\u2028`],
  ["open boxes", "\\boxed{'".repeat(LONG / 8)],
  ["open assertions", "assert f(\n".repeat(LONG / 10)],
])("a megabyte of %s comes to an end", (_name, text) => {
  for (const read of [boxedValue, (all: string) => assertedValue(all, "f")]) expect(read(text)).toBeUndefined();
});
