// Literals as Python's own `ast.literal_eval` reads them, and what is the same value where types count.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Json, stringifyJson } from "../../core/json.js";
import { defaultLimits } from "../../problems/problem.js";
import { parsePythonLiteral, pythonLiteral } from "../../problems/python-literal.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { literalOf, matchesJson, sameValue } from "./literal.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const ATOMS = ["1", "-1", "+0x1f", "0b_1", "0o17", "01", "00", "1_0.5e-3", ".5", "5.", "-0.0", "2j", "1-2j"];
const TEXTS = [
  "'a'",
  '"b\\n"',
  "r'\\d'",
  "b'\\xff'",
  "rb'\\x'",
  "u'\\u00e9'",
  "'''x\ny'''",
  "'\\q'",
  "'\\1234'",
  "f'{1}'",
];
const FORMS = [
  "[%, 2]",
  "(%,)",
  "(%)",
  "{%}",
  "{%: 1}",
  "{1: %, 1.0: 2}",
  "{True, 1, %}",
  "% #c",
  "\\\n%",
  "[%,,]",
  "-%",
  "% %",
];
const OTHERS = [
  "",
  "set()",
  "{}",
  "()",
  "[[]]",
  "{[]}",
  "{(): []}",
  "{([],)}",
  "None",
  "nan",
  "x",
  "{1: 2, 3}",
  "{**{}}",
];

/** For each text what `ast.literal_eval` makes of it, or None for what it refuses. */
const READ = `
import ast, warnings
warnings.simplefilter("ignore")
def read(texts):
    values = []
    for text in texts:
        try:
            values.append([ast.literal_eval(text)])
        except Exception:
            values.append(None)
    return values
`;

test("what ast.literal_eval reads is read, and nothing else but what has no literal of its own", async () => {
  const wrapped = FORMS.flatMap((form) => [...ATOMS, ...TEXTS].map((part) => form.replaceAll("%", part)));
  const texts = [...ATOMS, ...TEXTS, ...OTHERS, ...wrapped];
  const call = { function: "read", arguments: [texts], keywords: {} };
  const request = { op: "run", name: "program", source: READ, preamble: "", call };
  const { reply } = await sandbox.lease((room) => room.run({ request, stdin: "", limits: defaultLimits }));
  const theirs = reply?.["returned"] as ReadonlyArray<readonly [Json] | null>;
  const differing = texts.filter((text, at) => {
    const [value] = theirs[at] ?? [];
    const ours = parsePythonLiteral(text);
    if (value === undefined || ours === undefined) return value !== ours && !text.includes("nan");
    return !sameValue(ours, value);
  });
  expect(theirs.filter((value) => value !== null).length).toBeGreaterThan(150);
  expect(differing).toEqual([]);
});

test("values are the same where Python prints them alike", () => {
  const same = (a: string, b: string): boolean => sameValue(literalOf(a) as Json, literalOf(b) as Json);
  for (const [a, b] of [
    ["{1: 2, 'a': 3}", "{'a': 3, 1: 2}"],
    ["{1, 1, 2}", "{2, 1}"],
    ["{1: 0, 1: 2}", "{1: 2}"],
    ["nan", "float('nan')"],
    ["1, 2", "(1, 2)"],
    ["0x10", "16"],
    ["'a' 'b'", '"ab"'],
  ]) {
    expect(same(a, b), `${a} and ${b}`).toBe(true);
  }
  for (const [a, b] of [
    ["1", "True"],
    ["1", "1.0"],
    ["0", "False"],
    ["[1]", "(1,)"],
    ["'1'", "1"],
    ["b'a'", "'a'"],
    ["{1: True}", "{1: 1}"],
    ["[1, 2]", "[2, 1]"],
    ["0.30000000000000004", "0.3"],
    ["-0.0", "0.0"],
    ["'bool true'", "True"],
    ["None", "'None'"],
  ]) {
    expect(same(a, b), `${a} and ${b}`).toBe(false);
  }
});

test("a value agrees with JSON by value, tuples as lists, floats nearly", () => {
  const agrees = (expected: Json, text: string): boolean => matchesJson(expected, literalOf(text) as Json);
  expect(agrees([1, [2]], "(1, (2,))")).toBe(true);
  expect(agrees(true, "1")).toBe(true);
  expect(agrees(100_000, "100001")).toBe(false);
  expect(agrees(literalOf("0.33333") as Json, "0.3333333333")).toBe(true);
  expect(agrees(literalOf("0.33333") as Json, "0.334")).toBe(false);
  expect(stringifyJson(literalOf("[2.0]"))).toBe("[2.0]");
  expect(pythonLiteral(literalOf("{'a'}") as Json)).toBe("{'a'}");
});
