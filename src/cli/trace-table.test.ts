import { expect, test } from "vitest";
import { Float, type Json } from "../core/json.js";
import type { Trace } from "../tracer/trace.js";
import { traceTable } from "./trace-table.js";

const trace = (variables: Readonly<Record<string, Json>>, more: Partial<Trace> = {}): Trace => ({
  status: "ok",
  message: "",
  variables,
  recursive: [],
  ambiguous: [],
  nondeterministic: [],
  tampered: false,
  stdout: "",
  parameters: [],
  complexity: 1,
  engine: "wasm/cpython",
  cpuMs: 1,
  ...more,
});
const whole = { width: null, color: false };

test("one line a variable with scope, name, value and flags, then how the program ended", () => {
  const table = traceTable(
    trace(
      { "A.f.n": 1, "A.f.self": { $obj: "A", attrs: { x: new Float(2) } }, big: { $big: "list" }, x: [1] },
      {
        recursive: ["A.f"],
        parameters: ["A.f.self"],
        ambiguous: ["g.k"],
        nondeterministic: ["r"],
        returned: { $tuple: [1] },
        stdout: "7\n",
        status: "error:ValueError",
        message: "no\u001bway",
      },
    ),
    whole,
  );
  expect(table).toBe(
    `scope  variable  value            flags
A.f    n         1                recursive
A.f    self      A(x=2.0)         recursive, parameter
       big       <list, too big>  big
       x         [1]
g      k         -                ambiguous
       r         -                nondeterministic

returned  (1,)
stdout    '7\\n'
status    error:ValueError
message   no\\u{1b}way
engine    wasm/cpython
`,
  );
});

test.each([
  [{ $set: [1, "a"] }, "{1, 'a'}"],
  [{ $deque: [1, { $tuple: [] }] }, "deque([1, ()])"],
  [{ $dict: [[{ $tuple: [1, 2] }, { $enum: "K.A" }]] }, "{(1, 2): K.A}"],
  [[1, { $cycle: 1 }], "[1, ...]"],
  [{ $tuple: [{ $repr: "range(0, 3)" }] }, "(range(0, 3),)"],
  [{ a: { $repr: "1/2" } }, "{'a': 1/2}"],
  [new Float(-0), "-0.0"],
  [{ $int: "12345678901234567890" }, "12345678901234567890"],
] satisfies Array<[Json, string]>)("%j is written as Python would: %s", (value, text) => {
  expect(
    traceTable(trace({ v: value }), whole)
      .split("\n")[1]
      ?.trim()
      .split(/ {2,}/),
  ).toEqual(["v", text]);
});

test.each([
  [{ a: true, b: null }, "{ a: true, b: null }"],
  ["it's", `"it's"`],
  [{ $dict: [[1, { $obj: "P", attrs: { x: [null] } }]] }, "new Map([[1, P { x: [null] }]])"],
  [{ $set: [{ $repr: "1970" }] }, "new Set([1970])"],
  [{ a: { $cycle: 1 } }, '{ "a": ... }'],
] satisfies Array<[Json, string]>)("of a JavaScript program, %j is written as JavaScript would: %s", (value, text) => {
  const [, line] = traceTable(trace({ v: value }), whole, "javascript").split("\n");
  expect(line?.trim()).toBe(`v         ${text}`);
});

test("nothing that a program makes steers the terminal", () => {
  const evil = "\u001b[2J\u0007\u009b31m\u202e\u200b\r\n\u2028";
  const table = traceTable(
    trace(
      { [`f.${evil}`]: evil, x: { $obj: evil, attrs: { [evil]: [evil] } }, y: { $repr: evil } },
      { stdout: evil, returned: evil, status: `error:${evil}` },
    ),
    whole,
  );
  expect(table.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(table.split("\n")).toHaveLength(10);
});

test("lines are cut to the width of the terminal, and the flags stay", () => {
  const table = traceTable(
    trace({ "f.text": "x".repeat(500), n: 1 }, { parameters: ["f.text"], stdout: "y".repeat(500) }),
    {
      width: 60,
      color: false,
    },
  );
  for (const line of table.split("\n")) expect(Array.from(line).length).toBeLessThanOrEqual(60);
  expect(table).toMatch(/x… {2}parameter/);
});

test("color is for terminals only", () => {
  expect(traceTable(trace({ x: 1 }, { tampered: true }), whole)).not.toContain("\u001b");
  expect(traceTable(trace({ x: 1 }, { tampered: true }), { width: 80, color: true })).toContain("\u001b[31mtampered");
});
