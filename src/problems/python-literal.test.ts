import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Float, type Json } from "../core/json.js";
import { parsePythonLiteral, pythonLiteral } from "./python-literal.js";

test.each<[Json, string]>([
  [null, "None"],
  [true, "True"],
  [-3, "-3"],
  [new Float(2), "2.0"],
  [new Float(-0), "-0.0"],
  [new Float(1e16), "1e+16"],
  [9007199254740993n, "9007199254740993"],
  ["it's", `"it's"`],
  [`'"`, `'\\'"'`],
  ["a\n\u0000", "'a\\n\\x00'"],
  [[1, "a", [false]], "[1, 'a', [False]]"],
  [{ a: 1, b: [] }, "{'a': 1, 'b': []}"],
  [{}, "{}"],
  [{ $tuple: [1] }, "(1,)"],
  [{ $tuple: [] }, "()"],
  [{ $set: [] }, "set()"],
  [{ $set: [1, 2] }, "{1, 2}"],
  [{ $dict: [[1, "x"]] }, "{1: 'x'}"],
])("%o is written as Python writes it", (value, text) => {
  expect(pythonLiteral(value)).toBe(text);
  expect(parsePythonLiteral(text)).toEqual(value);
});

test("a value without a literal form is undefined, alone and inside a list", () => {
  expect(pythonLiteral({ $obj: "P", attrs: {} })).toBeUndefined();
  expect(pythonLiteral([{ $cycle: 1 }])).toBeUndefined();
});

test("what is no literal is undefined, never an exception", () => {
  for (const text of ["", "[1", "f(1)", "1 + 1", "[1, , 2]", "{1: }", "01", "'a", "[1] [2]", "{1: 2, 3}"]) {
    expect(parsePythonLiteral(text), text).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => void parsePythonLiteral(text)));
});

test("any nested value comes back from its literal", () => {
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.string({ unit: "grapheme" }),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => new Float(number)),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(tie("value"), { maxLength: 4 }).map(($tuple) => ({ $tuple })),
      fc.dictionary(fc.stringMatching(/^[a-z]+$/), tie("value"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(value, (json) => {
      expect(parsePythonLiteral(pythonLiteral(json) ?? "")).toEqual(json);
    }),
  );
});
