import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Float, type Json, parseJson, stringifyJson } from "../../core/json.js";
import { defaultLimits } from "../../problems/problem.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { inspect } from "../inspect.js";
import type { TraceInput } from "../passes.js";
import { type TraceOptions, trace } from "../tracer.js";

interface Case {
  readonly name: string;
  readonly code: string;
  readonly expected: Readonly<Record<string, Json>>;
  readonly status?: string;
  readonly recursive?: readonly string[];
  readonly ambiguous?: readonly string[];
}

const cases = readFileSync(new URL("./fixtures/trace-cases.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => parseJson(line) as unknown as Case);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const run = (code: string, options: TraceOptions = { determinismCheck: false }, input: TraceInput = NOTHING) =>
  trace(sandbox, code, input, { ...options, language: "javascript" });
const NOTHING: TraceInput = { kind: "stdio", stdin: "" };
const sorted = (value: Readonly<Record<string, Json>>): string =>
  stringifyJson(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));

test.each(cases)("case: $name", async ({ code, expected, status, recursive, ambiguous }) => {
  const result = await run(code);
  expect(sorted(result.variables)).toBe(sorted(expected));
  expect(result).toMatchObject({
    status: status ?? "ok",
    recursive: recursive ?? [],
    ambiguous: ambiguous ?? [],
    tampered: false,
  });
});

/** Programs that would notice a careless tracer. Each prints what it sees. */
const WATCHFUL = [
  "function f(a) { let b = a; return b } console.log(f.toString(), String((x) => { let y = x; return y }), f.length, f.name)",
  "console.log(Function.prototype.toString.call(Function.prototype.toString), Function.prototype.toString.name)",
  "const o = { m(x) { let y = x; return y }, get g() { let z = 1; return z } }; console.log(o.m.toString(), Object.getOwnPropertyNames(o.m))",
  "console.log((function () { 'use strict'; let a = 1; return this })(), (function () { let a = 1; return this === globalThis })())",
  "function f() { try { return 1 } finally { console.log('f') } } console.log(f())",
  "function f() { for (const x of [1, 2]) { try { continue } finally { console.log(x) } } } f()",
  "const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i++); console.log(fs.map((f) => f()), fs.map((f) => f()))",
  "function* g() { try { const a = yield 1; console.log(a); yield 2 } finally { console.log('end') } } const i = g(); console.log(i.next(), i.next(5), i.return(7), [...g()])",
  "let f = function () { return f.name }; const h = () => {}; f ||= 1; console.log(f(), h.name, (() => {}).name)",
  "try { x; let x = 1 } catch (e) { console.log(e.name) } { try { k = 2; const k = 1 } catch (e) { console.log(e.name) } } try { const c = 1; c = 2 } catch (e) { console.log(e.name) }",
  "async function a() { let x = 1; try { await Promise.reject(2) } catch (e) { x += e } return x } a().then(console.log); Promise.resolve().then(() => console.log('tick'))",
  "console.log(Object.keys(globalThis).length, typeof $trace, typeof $trace0, (0, eval)('typeof $trace'))",
  "class A { #p = 1; static s = (() => { let q = 2; return q })(); f = (x) => { let y = x + this.#p; return y } } console.log(new A().f(1), A.s, A.toString().length)",
  "function f(n) { return n === 0 ? 0 : 1 + f(n - 1) } console.log(f(5000))",
  "label: for (let i = 0, j = 10; i < j; i += 3, j--) { for (;;) { if (i > 2) break label; continue label } } console.log([1, 2, 3].map((x) => x * 2).reduce((a, b) => a + b))",
  "let a = 1\nlet b = a++ + ++a\n;[a, b] = [b, a]\nconsole.log(a, b, (() => { let t; return t = 5 })(), ((x) => ({ x }))(1))",
  "if (true) function g() { let t = 1; return t }\nconsole.log(g()); var v = 1; var v = 2; function d() { return 1 } function d() { var d = 3; return d } console.log(d(), v)",
  "console.log(new Error('x').message, [..`ab`].map((c) => `${((q) => { let r = q + c; return r })('z')}`))".replace(
    "..`",
    "...`",
  ),
];

test.each(WATCHFUL)("tracing changes no output: %s", async (code) => {
  const request = { op: "run", name: "__main__", source: code, preamble: "" };
  const plain = await sandbox.lease((room) => room.run({ request, stdin: "", limits: defaultLimits }), {
    language: "javascript",
  });
  const traced = await run(code, { determinismCheck: false, history: ["steps", "lines"] });
  expect(traced.stdout).toBe(plain.stdout);
  expect(traced.status === "ok").toBe(plain.ending.kind === "finished");
  // There is one only where the program printed the same while it was recorded.
  expect(traced.history).not.toBeNull();
});

describe("what a program can do to its trace", () => {
  test.each([
    "for (const k of Object.getOwnPropertyNames(globalThis)) if (/trace|record/i.test(k)) throw 1; let x = 1",
    "let x = 1; Map.prototype.set = Array.prototype.push = Reflect.apply = () => {}",
    "Object.prototype.toJSON = () => 9; Array.prototype[Symbol.iterator] = null; let x = 1",
    "let x = 1; try { $trace.take() } catch {} try { arguments[8].take() } catch {}",
    "JSON.stringify = Reflect.ownKeys = () => '9'; Object.defineProperty(Object.prototype, 'x', { get: () => 9 }); let x = 1",
    "let x = 1; process.on('exit', () => { throw 1 })",
  ])("%s: the value stands", async (code) => {
    expect((await run(code)).variables).toMatchObject({ x: 1 });
  });

  test.each(["eval('1'); let x = 1", "const f = new Function('return 1')", "with ({}) { }"])(
    "%s marks it as tampered",
    async (code) => {
      expect((await run(code)).tampered).toBe(true);
    },
  );

  test.each([
    ["for (;;) {}", "timed-out"],
    ["console.log('x'.repeat(3000))", "output-limit"],
    ["const a = []; for (;;) a.push(new Uint8Array(1 << 20))", "out-of-memory"],
    ["let x = (", "unparsable"],
    ["null.x", "error:TypeError"],
  ])("%s ends as %s", async (code, status) => {
    const limits = { timeMs: 50, memoryBytes: 64 << 20, outputBytes: 2000 };
    expect((await run(code, { limits, determinismCheck: false })).status).toBe(status);
  });
});

test("a call is evaluated after the program, in its scope", async () => {
  const code = "let total = 0; function f(x) { total += x; return total * 2.5 }";
  const byExpression = await run(code, {}, { kind: "expression", expression: "f(3)" });
  const byValue = await run(code, {}, { kind: "call", function: "f", arguments: [3] });
  expect(stringifyJson(byExpression.returned)).toBe("7.5");
  expect(byExpression.variables).toEqual({ "f.x": 3, total: 3 });
  expect({ ...byValue, cpuMs: 0 }).toEqual({ ...byExpression, cpuMs: 0 });
  await expect(run(code, {}, { kind: "expression", expression: "f(" })).rejects.toThrow("no JavaScript expression");
});

test("what depends on clock or chance is named and dropped", async () => {
  const result = await run("const t = Date.now(); const r = Math.random(); const k = [t].length; console.log(k)", {});
  expect(result).toMatchObject({ nondeterministic: ["t", "r"], variables: { k: 1 }, outputNondeterministic: false });
});

test("the text alone tells the variables, those never written again, and the branches", async () => {
  const code = "let b = 1; function f(q, w) { if (q && w) w = 2; const z = q; return z } b = f(1)";
  expect(await inspect(sandbox, code, "javascript")).toMatchObject({
    variables: ["f.q", "f.w", "f.z", "b"],
    parameters: ["f.q"],
    complexity: 3,
  });
});

test("values made again from their text are the values that were", async () => {
  const leaf = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.maxSafeInteger(),
    fc
      .double({ noNaN: true })
      .map((value) => (Number.isSafeInteger(value) && !Object.is(value, -0) ? value : new Float(value))),
    fc.bigInt().map((value) => (value > -(2n ** 53n) && value < 2n ** 53n ? Number(value) : value)),
  );
  const key = fc.string().filter((name) => !name.startsWith("$"));
  const tree: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
      fc.array(tie("value"), { maxLength: 3 }).map((items) => ({ $dict: items.map((item, at) => [at, item]) })),
    ),
  })).value;
  const code = "function f(v) { const w = structuredClone(v); return w }";
  await fc.assert(
    fc.asyncProperty(tree, async (value) => {
      const given = { kind: "call", function: "f", arguments: [value] } as const;
      const { variables, returned } = await run(code, { determinismCheck: false }, given);
      const expected = canonical(value);
      expect(stringifyJson(returned)).toBe(expected);
      expect(stringifyJson(variables["f.v"])).toBe(expected);
      expect(stringifyJson(variables["f.w"])).toBe(expected);
    }),
    { numRuns: 150 },
  );
});

/** As JavaScript orders keys, and with the empty Map as the empty object that it is in JSON. */
function canonical(value: Json): string {
  const plain = (item: Json): Json => {
    if (Array.isArray(item)) return item.map(plain);
    if (typeof item !== "object" || item === null || item instanceof Float) return item;
    const entries = Object.entries(item as Record<string, Json>);
    if (entries[0]?.[0] === "$dict" && (entries[0][1] as Json[]).length === 0) return {};
    return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
  };
  return stringifyJson(plain(value));
}
