// What happens along the way of a JavaScript program's run, held against an interpreter that walks its tree and against
// hand-made answers; and that recording it changes nothing.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { Float, type Json, stringifyJson } from "../../core/json.js";
import { defaultLimits } from "../../problems/problem.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { History } from "../history.js";
import type { TraceInput } from "../passes.js";
import type { Trace } from "../trace.js";
import { trace } from "../tracer.js";
import { interpret } from "./interpreter.js";
import { randomScript } from "./random-script.js";

const RUNS = Number(process.env["TRACE_RUNS"] ?? 60);
const seed = Number(process.env["TRACE_SEED"] ?? 1);
const limits = { ...defaultLimits, timeMs: 500 };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const STDIO: TraceInput = { kind: "stdio", stdin: "" };
const traced = (program: string, determinismCheck = false): Promise<Trace> =>
  trace(sandbox, program, STDIO, { limits, determinismCheck, language: "javascript", history: ["steps", "lines"] });
const historyOf = async (program: string): Promise<History> => {
  const { history } = await traced(program);
  if (!history) throw new Error("no history");
  return history;
};

/** As JSON has it; undefined for what it has no form for, or not this one. */
function plain(value: Json): unknown {
  if (value instanceof Float) return value.value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value as Record<string, Json>).map(([key, item]) => [key, plain(item)]));
}

test(`${RUNS} random programs: lines and assignments are those of an interpreter`, async () => {
  const programs = fc.array(fc.nat(999), { minLength: 150, maxLength: 300 }).map(randomScript);
  const compared = { programs: 0, values: 0, unwritten: 0, moves: 0 };
  await fc.assert(
    fc.asyncProperty(programs, async (source) => {
      const { history, status, stdout } = await traced(source);
      if (status === "unparsable") return;
      const told = interpret(source);
      expect(status).toBe(told.ending === "ok" ? "ok" : `error:${told.ending}`);
      expect(stdout).toBe(told.stdout);
      if (!history) throw new Error("no history");
      if (told.lines.length >= 5000 || Object.values(told.steps).flat().length > 1000) return;
      compared.programs++;
      compared.moves += told.lines.length;
      expect(stringifyJson(history.lines)).toBe(stringifyJson(told.lines as unknown as Json));
      expect(history.executed).toEqual(told.executed);
      expect(Object.keys(history.steps).sort()).toEqual(Object.keys(told.steps).sort());
      for (const [key, values] of Object.entries(history.steps)) {
        const seen = told.steps[key] ?? [];
        const known = values.map((value, i) => {
          compared.values++;
          if (!stringifyJson(value).includes('"$')) return JSON.stringify(plain(value));
          compared.unwritten++;
          return seen[i];
        });
        expect([key, known]).toEqual([key, seen]);
      }
    }),
    { numRuns: RUNS, seed, endOnFailure: true },
  );
  expect(compared.programs).toBeGreaterThan(RUNS / 2);
  expect(compared.moves).toBeGreaterThan(10 * compared.programs);
  expect(compared.unwritten).toBeLessThan(compared.values / 4);
}, 300_000);

describe("values along the way", () => {
  it.each<[string, string, Readonly<Record<string, Json>>]>([
    [
      "every assignment counts, in the order of time",
      "let a = 1; a += 2; let b; a = b = a * 2",
      { a: [1, 3, 6], b: [6] },
    ],
    [
      "so do `++` and `--`, whatever their value is used for",
      "let a = 1; const b = [a++, ++a, a--]",
      { a: [1, 2, 3, 2], b: [[1, 3, 3]] },
    ],
    [
      "a loop's own variable at its start and by what it does after each round",
      "for (let i = 0, n = 2; i < n; i++);",
      { i: [0, 1, 2], n: [2] },
    ],
    [
      "a loop over something assigns in every round",
      "for (const x of 'ab') for (var k in { p: x }) ;",
      { x: ["a", "b"], k: ["p", "p"] },
    ],
    ["a loop over nothing assigns nothing", "let x = 7; for (x of []) ;", { x: [7] }],
    [
      "a body that has the loop's name itself",
      "const s = []; for (const x of [1, 2]) { let x = 5; s.push(x) }",
      { s: [[]], x: [1, 5, 2, 5] },
    ],
    [
      "patterns assign each name, once",
      "let [a, { k: b = 3 }, ...c] = [1, {}, 2]; [a, a] = [4, 5]",
      { a: [1, 5], b: [3], c: [[2]] },
    ],
    ["a later change of the value does not count", "const a = [1]; a.push(2); a[0] = 3", { a: [[1]] }],
    [
      "what only may assign counts where it does",
      "let a = 0, b = 1, c = null; a ||= 2; b ||= 3; c ??= 4; b &&= 5; a ??= 6",
      { a: [0, 2], b: [1, 5], c: [null, 4] },
    ],
    [
      "nobody counts where that may be a function that gets its name",
      "let f = 0, g = 1; f ||= () => 1; g = f.name",
      { g: [1, "f"] },
    ],
    [
      "a declarator's value is that of its own moment",
      "let a = [1], b = a.push(2), c = a",
      { a: [[1]], b: [2], c: [[1, 2]] },
    ],
    ["what raises assigns nothing", "let a = 1; try { a = null.x } catch (e) { var b = a }", { a: [1], b: [1] }],
    [
      "parameters, defaults and what `catch` binds are left out",
      "function f(x, y = x) { x += y } f(1); try { throw 1 } catch (e) { e = 2 }",
      { "f.x": [2] },
    ],
    [
      "over all calls, and all blocks that have the name",
      "function f(n) { { let t = n; } { let t = -n; } } f(1); f(2)",
      { "f.t": [1, -1, 2, -2] },
    ],
    [
      "a closure's write is its owner's",
      "function f() { let n = 0; return () => { n += 1 } } const g = f(); g(); g()",
      { "f.n": [0, 1, 2], g: [{ $foreign: true }] },
    ],
    [
      "generators and async functions in the order of time",
      "function* g() { let x = 1; yield x; x = 2 } for (const v of g()) var w = v; async function h() { let y = 1; y = await 2; w = y } h()",
      { "g.x": [1, 2], v: [1], w: [1, 2], "h.y": [1, 2] },
    ],
    [
      "fields, items, classes and names with `_` are left out",
      "class A { x = 1; static y = 2 } const a = new A(); a.x = 3; let _b = 1; _b = 2",
      { a: [{ $obj: "A", attrs: { x: 1 } }] },
    ],
    [
      "values that cannot be written count",
      "let a; a = undefined; a = () => 1; a = 'x'.repeat(500); a = 5",
      { a: [{ $foreign: true }, { $foreign: true }, { $big: "string" }, 5] },
    ],
    [
      "nothing of the program's is called",
      "let n = 0; const a = { get x() { n++; return 1 } }; const p = new Proxy({}, { get() { n++ } , ownKeys() { n++; return [] } }); const q = { toJSON() { n++ } }",
      { n: [0], a: [{ $foreign: true }], p: [{ $foreign: true }], q: [{ $foreign: true }] },
    ],
    ["exports too", "export const a = 1, b = a + 1; export default a", { a: [1], b: [2] }],
  ])("%s", async (_, program, steps) => {
    expect((await historyOf(program)).steps).toEqual(steps);
  });
});

describe("lines along the way", () => {
  const moves = ({ lines, statements }: History): string => {
    const known = new Set(statements.map(([line]) => line));
    return lines
      .filter(([line, next]) => known.has(line) && (next === null || known.has(next)))
      .map(([line, next]) => `${line}>${next ?? "end"}`)
      .join(" ");
  };

  it.each([
    ["straight on to the end", "let a = 1\nlet b = 2", "1>2 2>end"],
    [
      "a loop's head before every round",
      "for (const i of [1, 2]) {\n  a = i\n}\nvar a = 3",
      "1>2 2>1 1>2 2>1 1>4 4>end",
    ],
    ["a loop without a round", "for (const i of []) {\n  i\n}\nlet a = 3", "1>4 4>end"],
    ["a loop with an empty body", "let i = 0\nwhile (i++ < 2) {\n}\ni = 9", "1>2 2>2 2>2 2>4 4>end"],
    ["a counted loop", "for (let i = 0; i < 2; i++)\n  console.log(i)\nlet b = 1", "1>2 2>1 1>2 2>1 1>3 3>end"],
    [
      "break and continue",
      "for (const i of [0, 1, 2]) {\n  if (i === 0)\n    continue\n  if (i === 1)\n    break\n}\nlet a = 1",
      "1>2 2>3 3>1 1>2 2>4 4>5 5>7 7>end",
    ],
    [
      "labels",
      "a: for (const i of [0, 1]) {\n  for (const j of [0, 1]) {\n    if (i) break a\n    continue a\n  }\n}\nlet b = 1",
      "1>2 4>1 1>2 7>end",
    ],
    [
      "a loop that a `finally` goes on with",
      "for (const i of [0, 1]) {\n  try {\n    continue\n  } finally {\n    i\n  }\n}",
      "3>5 5>1 3>5 5>1 1>end",
    ],
    [
      "branches",
      "let a = 2\nif (a === 1)\n  a = 1\nelse if (a === 2) {\n  a = 3\n} else\n  a = 4\na = 5",
      "1>2 2>4 4>5 5>8 8>end",
    ],
    [
      "the cases of a switch",
      "let a = 1\nswitch (a) {\n  case 1:\n    a = 2\n  case 2:\n    a = 3\n    break\n  default:\n    a = 4\n}\na = 5",
      "4>6 6>7 7>11 11>end",
    ],
    [
      "over a call, and what happens inside it",
      "const f = (x) => {\n  const y = x\n  return y\n}\nlet a = f(1)\na = f(2)",
      "5>6 2>3 3>end 6>end 2>3 3>end",
    ],
    [
      "functions without a name",
      "let s = 0;\n[1, 2].forEach((x) => {\n  s += x\n  s *= 2\n})\ns = 0",
      "3>4 4>end 3>4 4>end 6>end",
    ],
    [
      "an exception that is caught, and one that is not",
      "function f() {\n  let a = 1\n  throw a\n}\ntry {\n  f()\n} catch {\n  var b = 1\n}\nnull.x",
      "2>3 3>end 8>10 10>end",
    ],
    [
      "a program that exits",
      "function f() {\n  try {\n    process.exit(3)\n  } catch {\n    a = 2\n  } finally {\n    a = 3\n  }\n}\nlet a = 1\nf()\na = 4",
      "10>11 11>end 3>end",
    ],
    [
      "nothing of lines that hold more or less than a statement",
      "let a = 1; a = 2\nif (a) a = 3\nlet b = [\n  1]\nconst f = () => { a = 4 }\nf()",
      "6>end",
    ],
    [
      "nothing of generators and async functions",
      "function* g() {\n  let a = 1\n  yield a\n}\nlet b = [...g()]\nlet c = b",
      "5>6 6>end",
    ],
    [
      "nothing of what is called while it runs",
      "const h = { f: (n) => {\n  const m = n - 1\n  if (m > 0)\n    h.f(m)\n} }\nh.f(2)\nlet c = 1",
      "6>7 7>end",
    ],
    [
      "timers run after the program's own text",
      "setTimeout(() => {\n  a = 2\n  a = 3\n})\nvar a = 1",
      "5>end 2>3 3>end",
    ],
    ["lines without semicolons", "let a = 1\n;[a] = [2]\nlet b = a\n++a\nlet c = `x`", "1>2 2>3 3>4 4>5 5>end"],
    [
      "directives are not executed",
      "'use strict'\nfunction f() {\n  'use strict'\n  return this\n}\nlet a = f()",
      "6>end 4>end",
    ],
    [
      "endless loops are left out, not what is in them",
      "let n = 0\nfor (;;) {\n  n++\n  if (n > 1)\n    break\n}\nn = 9",
      "3>4 3>4 4>5 5>7 7>end",
    ],
    ["a module", "import fs from 'fs'\nexport const a = 1\nlet b = await 2\nb = a", "3>4 4>end"],
  ])("%s", async (_, program, expected) => {
    expect(moves(await historyOf(program))).toBe(expected);
  });

  it("tells which lines are executed, those of generators and recursive functions too", async () => {
    const program =
      "function f(x) {\n  if (x)\n    return f(x - 1)\n  return 2\n}\nfunction* g() {\n  yield 1\n  yield 2\n}\nlet a = f(1)\nlet b = g().next()\nif (!a)\n  b = 2\nclass A {\n  m() {\n    return 1\n  }\n}";
    const { executed, statements } = await historyOf(program);
    expect(executed).toEqual([2, 3, 4, 7, 10, 11, 12, 14]);
    expect(statements).toEqual([
      [2, "f"],
      [3, "f"],
      [4, "f"],
      [7, "g"],
      [8, "g"],
      [10, ""],
      [11, ""],
      [12, ""],
      [13, ""],
      [16, "A.m"],
    ]);
  });
});

describe("a history", () => {
  it("is of the beginning where the run is long", async () => {
    const { steps, lines, executed } = await historyOf("let a\nfor (let i = 0; i < 9000; i++)\n  a = i\na = 1");
    expect(Object.values(steps).flat()).toHaveLength(1000);
    expect(steps["a"]?.slice(0, 3)).toEqual([0, 1, 2]);
    expect(lines).toHaveLength(5000);
    expect(lines.at(-1)?.[1]).toBe(0);
    expect(executed).toEqual([1, 2, 3, 4]);
  });

  it("leaves out what differs in a second world, and is the same every time", async () => {
    const program = "let a = 1; a = Math.random()\nlet b = 2\nif (Date.now() % 2)\n  b = 3";
    const first = await traced(program, true);
    expect(first.history?.steps).toEqual({ b: [2] });
    expect(await traced(program, true)).toEqual({ ...first, cpuMs: expect.any(Number) });
  });

  it("is none where the recorded run went another way", async () => {
    // Recorded, a call needs more of the stack.
    const program = "let n = 0\nfunction f() {\n  let a = n++\n  f()\n}\ntry { f() } catch {}\nlet m = n";
    const { history, status, variables } = await traced(program);
    expect(status).toBe("ok");
    if (history) expect(history.steps["m"]).toEqual([variables["m"]]);
  });

  it.each([
    ["exits at once", "let a = 1; process.exit(0)"],
    ["never ends", "let a = 1; for (;;) a += 1"],
    ["prints too much", "for (;;) console.log('x'.repeat(1000))"],
    ["does not parse", "let a = ("],
    ["makes code", "let a = 1; eval('a = 2'); a = 3"],
    [
      "patches what a recorder would use",
      "Object.defineProperty(Array.prototype, 0, { get() { return 9 }, set() {} }); Array.prototype.push = Map.prototype.set = Set.prototype.add = Reflect.apply = () => 9; Object.prototype.line = 9; let a = 1; a = 2",
    ],
    [
      "has values that bite",
      "const a = { get x() { throw 1 }, toJSON() { throw 2 }, [Symbol.toPrimitive]() { throw 3 } }; let b = new Proxy(a, { getPrototypeOf() { throw 4 }, ownKeys() { throw 5 } })",
    ],
    ["holds itself", "const a = []; a.push(a); let b = a"],
    ["calls itself without end", "function f(n) { const m = n + 1; return f(m) } let a = f(0)"],
    ["holds much", "let a = 'x'.repeat(1e6), b; for (let i = 0; i < 2000; i++) b = [a, new Array(1e5)]"],
    ["is deep", `let x = 1${"+1".repeat(2000)}`],
    ["is empty", ""],
    [
      "knows the recorder's names",
      "let $trace = 1, $tracec = 2, $trace_ = $trace\nfunction line() { return $tracec }\nlet a = line()",
    ],
    ["has strange line ends", "let a = 1\r\nlet b = 2\rlet c = 3\u2028let d = 4\n"],
  ])("changes nothing about the trace of a program that %s", async (_, program) => {
    const options = { limits: { ...limits, timeMs: 40 }, determinismCheck: false, language: "javascript" } as const;
    const recorded = { ...options, history: ["steps", "lines"] } as const;
    const { history, cpuMs: _ms, ...rest } = await trace(sandbox, program, STDIO, recorded);
    const { cpuMs: _plainMs, ...plainTrace } = await trace(sandbox, program, STDIO, options);
    expect(rest).toEqual(plainTrace);
    expect(history === null || typeof history === "object" || history === undefined).toBe(true);
  });
});
