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
  [{ $bytes: "00ff" }, "b'\\x00\\xff'"],
  [new Float(Number.NEGATIVE_INFINITY), "float('-inf')"],
])("%o is written as Python writes it", (value, text) => {
  expect(pythonLiteral(value)).toBe(text);
  expect(parsePythonLiteral(text)).toEqual(value);
});

test("a value without a literal form is undefined, alone and inside a list", () => {
  expect(pythonLiteral({ $obj: "P", attrs: {} })).toBeUndefined();
  expect(pythonLiteral([{ $cycle: 1 }])).toBeUndefined();
});

const NO_LITERALS = [
  ...[
    "",
    "[1",
    "f(1)",
    "1 + 1",
    "[1, , 2]",
    "{1: }",
    "01",
    "'a",
    "[1] [2]",
    "{1: 2, 3}",
    "'a' b'b'",
    "f'a'",
    "'\\N{BEL}'",
  ],
  ...[
    "[1 2]",
    "True or 1",
    "1 if x else 2",
    "--1",
    "-True",
    "x",
    "1; 2",
    "'a'\n'b'",
    "{[1]: 2}",
    "{1, {2}}",
    "set({'a': [1]})",
  ],
  ...[
    "1_",
    "1__0",
    "0x",
    "1e",
    "b'é'",
    "'\\x1'",
    "'\\U00110000'",
    "(*[1],)",
    "[x for x in [1]]",
    "lambda: 1",
    "9".repeat(4301),
  ],
];

test("what is no literal is undefined, never an exception", () => {
  for (const text of NO_LITERALS) expect(parsePythonLiteral(text), text).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void parsePythonLiteral(text)));
  const likely = fc.array(fc.constantFrom(..."[](){}'\"\\,:-+1_eEjbx \n#.".split(""), "None", "set", "inf"));
  fc.assert(fc.property(likely, (parts) => void parsePythonLiteral(parts.join(""))));
});

test("all of Python's ways to write a literal are read", () => {
  const pairs: ReadonlyArray<readonly [string, Json]> = [
    ["0x_ff", 255],
    ["1_000", 1000],
    ["00", 0],
    ["-0", 0],
    ["1.e3", new Float(1000)],
    ["+.5", new Float(0.5)],
    ["2j", { $repr: "2j" }],
    ["-1-2.5j", { $repr: "(-1-2.5j)" }],
    ["'a' \"b\"", "ab"],
    ["r'\\n' '\\n'", "\\n\n"],
    ["'\\101\\x41\\u0041\\U0001f600\\q'", "AAA😀\\q"],
    ['"""it\'s\n2"""', "it's\n2"],
    ["b'a' b'\\n'", { $bytes: "610a" }],
    ["[1,  # one\n 2,\n]", [1, 2]],
    ["(1)", 1],
    ["(1,)", { $tuple: [1] }],
    ["frozenset({1})", { $set: [1] }],
    ["{frozenset([1]): {}}", { $dict: [[{ $set: [1] }, {}]] }],
    ["dict(a=1)", { a: 1 }],
    ["[inf, -inf]", [new Float(Number.POSITIVE_INFINITY), new Float(Number.NEGATIVE_INFINITY)]],
    ["deque([1])", { $deque: [1] }],
    [
      "{'b': 1, '2': 2}",
      {
        $dict: [
          ["b", 1],
          ["2", 2],
        ],
      },
    ],
  ];
  for (const [text, value] of pairs) expect(parsePythonLiteral(text), text).toEqual(value);
});

test("a long text is read in one pass, however deep or broken", () => {
  const long = "x".repeat(3_000_000);
  expect(parsePythonLiteral(`'${long}'`)).toBe(long);
  for (const part of ["[", "(", "-", "\\", "9", "1,"]) {
    expect(parsePythonLiteral(part.repeat(100_000)), part).toBeUndefined();
  }
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
