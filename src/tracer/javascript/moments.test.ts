// The course of a JavaScript run, held against an interpreter that walks the program's tree and against hand-made answers;
// and that recording it changes nothing about what a trace says.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { stringifyJson } from "../../core/json.js";
import { defaultLimits } from "../../problems/problem.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { Moment } from "../moments.js";
import type { TraceInput } from "../passes.js";
import type { Trace } from "../trace.js";
import { trace } from "../tracer.js";
import { interpret } from "./interpreter.js";
import { randomScript } from "./random-script.js";

const RUNS = Number(process.env["TRACE_RUNS"] ?? 25);
const seed = Number(process.env["TRACE_SEED"] ?? 1);
const limits = { ...defaultLimits, timeMs: 500 };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const STDIO: TraceInput = { kind: "stdio", stdin: "" };
const options = { limits, determinismCheck: false, language: "javascript" } as const;
const traced = (program: string): Promise<Trace> => trace(sandbox, program, STDIO, { ...options, moments: true });

/** `3 f t=1`: line, function, what changed. */
function told({ line, scope, changes }: Moment): string {
  const words = changes.map(([key, value]) => {
    const name = scope !== "" && key.startsWith(`${scope}.`) ? key.slice(scope.length + 1) : key;
    return `${name}=${stringifyJson(value)}`;
  });
  return [line, ...(scope === "" ? [] : [scope]), ...words].join(" ");
}

test(`${RUNS} random programs: every assignment of an interpreter is there, in its order`, async () => {
  const programs = fc.array(fc.nat(999), { minLength: 150, maxLength: 300 }).map(randomScript);
  const compared = { programs: 0, values: 0 };
  await fc.assert(
    fc.asyncProperty(programs, async (source) => {
      const { moments, status } = await traced(source);
      if (status === "unparsable" || !moments || moments.cut) return;
      const { steps, executed } = interpret(source);
      compared.programs++;
      expect(moments.agrees).toBe(true);
      for (const [key, values] of Object.entries(steps)) {
        const seen = moments.list.flatMap(({ changes }) =>
          changes.flatMap(([name, value]) =>
            name === key && value !== undefined ? [plainText(stringifyJson(value))] : [],
          ),
        );
        // Between them are arguments, and objects that change without an assignment.
        let at = 0;
        for (const value of values) {
          const found = seen.findIndex((text, i) => i >= at && (text === value || text.includes('"$')));
          if (found >= 0) at = found + 1;
          // What has no form is told of only where there was one.
          else if (value !== "undefined") expect([key, seen]).toContain(value);
          compared.values++;
        }
      }
      const lines = new Set(moments.list.map(({ line }) => line));
      for (const line of executed) expect(lines).toContain(line);
    }),
    { numRuns: RUNS, seed, endOnFailure: true },
  );
  expect(compared.programs).toBeGreaterThan(RUNS / 2);
  expect(compared.values).toBeGreaterThan(10 * compared.programs);
}, 300_000);

/** As JSON.stringify has it. */
function plainText(text: string): string {
  return text.includes('"$') ? text : JSON.stringify(JSON.parse(text));
}

describe("the course of a run", () => {
  it.each<[string, string, string]>([
    ["assignments", "let a = 1\na += 2\nlet b\nb = a++", "1 a=1 | 2 a=3 | 3 | 4 a=4 b=3"],
    [
      "an object that changes without an assignment",
      "const xs = []\nxs.push(1)\nxs[0] = { k: 2 }\nxs[0].k++\nlet a = 1",
      '1 xs=[] | 2 xs=[1] | 3 xs=[{"k": 2}] | 4 xs=[{"k": 3}] | 5 a=1',
    ],
    ["a loop", "let t = 0\nfor (const x of [1, 2]) {\n  t += x\n}", "1 t=0 | 2 x=1 | 3 t=1 | 2 x=2 | 3 t=3 | 2"],
    [
      "a call: arguments, and the line that it came from",
      "function f(x, [y] = [2]) {\n  const z = x + y\n  return z\n}\nlet a = f(1)",
      "5 | 1 f x=1 y=2 | 2 f z=3 | 3 f | 5 a=3",
    ],
    [
      "an argument that a call changes",
      "const f = (xs) => {\n  xs.push(1)\n}\nlet xs = []\nf(xs)",
      "1 | 4 xs=[] | 5 | 1 f xs=[] | 2 f xs=[1] xs=[1]",
    ],
    [
      "a function that calls itself",
      "function f(n) {\n  return n > 0 ? f(n - 1) : 7\n}\nlet a = f(1)",
      "4 | 1 f n=1 | 2 f | 1 f n=0 | 2 f | 4 a=7",
    ],
    [
      "an exception that is caught",
      "function f() {\n  let a = 1\n  throw a\n}\ntry {\n  f()\n} catch {\n  var b = 1\n}",
      "5 | 6 | 1 f | 2 f a=1 | 3 f | 7 | 8 b=1",
    ],
    ["a program that ends the process", "let a = [1]\na.push(2)\nprocess.exit(0)", "1 a=[1] | 2 a=[1, 2] | 3"],
  ])("%s", async (_, program, expected) => {
    const { moments } = await traced(program);
    expect(moments?.list.map(told).join(" | ")).toBe(expected);
    expect([moments?.agrees, moments?.cut]).toEqual([true, false]);
  });

  it("says what was printed before, and how deep calls are", async () => {
    const { moments } = await traced("function f(n) {\n  console.log('é')\n  if (n) f(n - 1)\n}\nf(1)\nlet a = 1");
    expect(moments?.list.map(({ line, activation, depth, printed }) => [line, activation, depth, printed])).toEqual([
      [5, 0, 0, 0],
      [1, 1, 1, 0],
      [2, 1, 1, 0],
      [3, 1, 1, 2],
      [1, 2, 2, 2],
      [2, 2, 2, 2],
      [3, 2, 2, 4],
      [6, 0, 0, 4],
    ]);
  });

  it.each([
    ["never ends", "let a = 1\nfor (;;) {\n  a += 1\n}", "timed-out"],
    ["never ends, whatever it catches", "for (;;) {\n  try {\n    throw 1\n  } catch {}\n}", "timed-out"],
    ["is long", "let a\nfor (let i = 0; i < 9000; i++)\n  a = i\nconsole.log(a)", "ok"],
  ])("of a program that %s is recorded from its beginning", async (_, program, status) => {
    const found = await traced(program);
    expect(found.status).toBe(status);
    expect([found.moments?.cut, found.moments?.agrees]).toEqual([true, true]);
    expect(found.moments?.list.length).toBe(5000);
  });

  it.each([
    ["exits at once", "let a = 1; process.exit(3)"],
    ["does not parse", "let a = ("],
    ["makes code", "let a = 1; eval('a = 2'); a = 3"],
    ["prints its functions", "function f(x) {\n  return x\n}\nconsole.log(String(f))"],
    [
      "patches what a recorder would use",
      "Object.defineProperty(Array.prototype, 0, { get() { return 9 }, set() {} }); Array.prototype.push = Map.prototype.set = Map.prototype.forEach = Reflect.apply = () => 9; let a = [1]; a = 2",
    ],
    [
      "has values that bite",
      "const a = { get x() { throw 1 }, toJSON() { throw 2 } }; let b = new Proxy(a, { getPrototypeOf() { throw 4 }, ownKeys() { throw 5 } })",
    ],
    ["holds itself", "const a = []; a.push(a); let b = a"],
    ["is empty", ""],
  ])("changes nothing about the trace of a program that %s", async (_, program) => {
    const { moments: _moments, cpuMs: _ms, ...rest } = await traced(program);
    const { cpuMs: _plainMs, ...plain } = await trace(sandbox, program, STDIO, options);
    expect(rest).toEqual(plain);
  });
});
