// The course of a run, held against another way to find it out and against hand-made answers; and that recording it changes
// nothing about what a trace says.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { type Json, parseJson, stringifyJson } from "../core/json.js";
import { defaultLimits } from "../problems/problem.js";
import type { Execution } from "../sandbox/job.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { type Moment, type Moments, readMoments } from "./moments.js";
import type { TraceInput } from "./passes.js";
import { randomProgram } from "./random-program.js";
import type { Trace } from "./trace.js";
import { trace } from "./tracer.js";

const ORACLE = readFileSync(new URL("./fixtures/moments-oracle.py", import.meta.url), "utf8");
const RUNS = Number(process.env["TRACE_RUNS"] ?? 25);
const seed = Number(process.env["TRACE_SEED"] ?? 1);
const limits = { ...defaultLimits, timeMs: 500 };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const STDIO: TraceInput = { kind: "stdio", stdin: "" };
const traced = (program: string, input = STDIO): Promise<Trace> =>
  trace(sandbox, program, input, { limits, determinismCheck: false, moments: true });
const momentsOf = async (program: string, input = STDIO): Promise<Moments> => {
  const { moments } = await traced(program, input);
  if (!moments) throw new Error("no moments");
  return moments;
};

/** `3 f t=1 x=[1]`: line, function, what changed; `x!` has no value any more. */
function told({ line, scope, changes }: Moment): string {
  const words = changes.map(([key, value]) => {
    const name = scope !== "" && key.startsWith(`${scope}.`) ? key.slice(scope.length + 1) : key;
    return value === undefined ? `${name}!` : `${name}=${stringifyJson(value)}`;
  });
  return [line, ...(scope === "" ? [] : [scope]), ...words].join(" ");
}

test(`${RUNS} random programs: changes are those that sys.settrace and a comparison of all variables find`, async () => {
  const programs = fc.array(fc.nat(999), { minLength: 80, maxLength: 240 }).map(randomProgram);
  const compared = { programs: 0, moments: 0 };
  await fc.assert(
    fc.asyncProperty(programs, async (source) => {
      const { moments, status } = await traced(source);
      if (status === "unparsable" || !moments || moments.cut) return;
      const { stdout } = await sandbox.lease((room) =>
        room.run({ request: { op: "run", name: "__main__", source: ORACLE, preamble: "" }, stdin: source, limits }),
      );
      const oracle = parseJson(stdout) as unknown as { ending: string; moments: Json[]; executed: number[] };
      if (oracle.ending === "SystemExit") return;
      compared.programs++;
      compared.moments += oracle.moments.length;
      expect(moments.agrees).toBe(true);
      expect(stringifyJson(joined(moments.list.flatMap(plain)))).toBe(stringifyJson(joined(oracle.moments as Plain[])));
      const lines = new Set(moments.list.filter(({ changes }) => changes.length > 0).map(({ line }) => line));
      for (const line of lines) expect([...oracle.executed, ...headsIn(moments)]).toContain(line);
    }),
    { numRuns: RUNS, seed, endOnFailure: true },
  );
  expect(compared.programs).toBeGreaterThan(RUNS / 2);
  expect(compared.moments).toBeGreaterThan(3 * compared.programs);
}, 300_000);

/** Where calls begin. */
function headsIn({ list }: Moments): number[] {
  const begun = new Set<number>();
  return list.flatMap(({ activation, line }) => {
    if (begun.has(activation)) return [];
    begun.add(activation);
    return [line];
  });
}

type Plain = readonly [line: number, activation: number, changes: Readonly<Record<string, Json>>];

/** As the oracle writes it: what has a plain form, and is not long. */
function plain({ line, activation, changes }: Moment): Plain[] {
  const written = changes.flatMap(([key, value]) => {
    const name = key.split(".").at(-1) as string;
    const text = value === undefined ? "" : stringifyJson(value).replaceAll('"$tuple"', "");
    if (key.endsWith("()") || text.includes('"$') || text.length >= 300) return [];
    return [[key.includes(".") ? `${name} ` : name, value ?? (value === null ? null : "unbound")] as const];
  });
  return written.length === 0 ? [] : [[line, activation, Object.fromEntries(written)]];
}

/** Moments of one line that follow one another are one: what changes between them may have no plain form. */
function joined(moments: readonly Plain[]): unknown {
  const all: Array<[number, number, Record<string, Json>]> = [];
  for (const [line, activation, changes] of moments) {
    const last = all.at(-1);
    if (last?.[0] === line && last[1] === activation) Object.assign(last[2], changes);
    else all.push([line, activation, { ...changes }]);
  }
  const inOrder = (changes: Record<string, Json>) => Object.entries(changes).sort(([a], [b]) => (a < b ? -1 : 1));
  return all.map(([line, activation, changes]) => [line, activation, inOrder(changes)]);
}

describe("the course of a run", () => {
  it.each<[string, string, string]>([
    [
      "assignments, and what holds no data",
      "a = 1\na += 2\ndef f(): pass\nb = f\nb = a",
      "1 a=1 | 2 a=3 | 3 | 4 | 5 b=3",
    ],
    [
      "a container that changes without an assignment",
      "xs = []\nys = xs\nxs.append(1)\nys[0] = 2\nxs.clear()",
      "1 xs=[] | 2 ys=[] | 3 xs=[1] ys=[1] | 4 xs=[2] ys=[2] | 5 xs=[] ys=[]",
    ],
    [
      "the target of a loop, in the line of its head",
      "for i in range(2):\n    n = i",
      "1 i=0 | 2 n=0 | 1 i=1 | 2 n=1 | 1",
    ],
    ["rounds of a loop on one line", "n = 0\nfor i in 'ab': n += 1", '1 n=0 | 2 i="a" n=1 | 2 i="b" n=2 | 2'],
    [
      "a call: arguments, what it gives back, and the line that it came from",
      "def f(x, *rest):\n    y = x + 1\n    return y\na = f(1, 2)",
      '1 | 4 | 1 f x=1 rest={"$tuple": [2]} | 2 f y=2 | 3 f f()=2 | 4 a=2',
    ],
    [
      "an argument that a call changes, there and where it came from",
      "def f(xs):\n    xs.append(1)\nxs = []\nf(xs)",
      "1 | 3 xs=[] | 4 | 1 f xs=[] | 2 f xs=[1] xs=[1] f()=null",
    ],
    [
      "a function that calls itself: each call has its own variables",
      "def f(n):\n    return n * f(n - 1) if n else 1\na = f(2)",
      "1 | 3 | 1 f n=2 | 2 f | 1 f n=1 | 2 f | 1 f n=0 | 2 f f()=1 | 2 f f()=1 | 2 f f()=2 | 3 a=2",
    ],
    [
      "a generator, between the lines that use it",
      "def g():\n    x = 1\n    yield x\n    x = 2\nfor v in g():\n    w = v",
      "1 | 5 | 1 g | 2 g x=1 | 3 g g()=1 | 5 v=1 | 6 w=1 | 5 | 4 g x=2 g()=null",
    ],
    [
      "a write to a variable of the function around, and to a global",
      "def f():\n    n = 1\n    def g():\n        global m\n        nonlocal n\n        n = m = 2\n    g()\nf()",
      "1 | 8 | 1 f | 2 f n=1 | 3 f | 7 f | 3 f.g f.n=1 | 6 f.g m=2 f.n=2 f.g()=null | 7 f n=2 f()=null",
    ],
    ["a variable that is deleted", "a = [1]\ndel a", "1 a=[1] | 2 a!"],
    [
      "what patterns, `with` and `except` bind",
      "match [1, 2]:\n    case [a, b]:\n        c = a\ntry:\n    1 // 0\nexcept ArithmeticError as e:\n    d = 1",
      "1 | 2 a=1 b=2 | 3 c=1 | 4 | 5 | 6 | 7 d=1",
    ],
    [
      "an exception that leaves a function",
      "def f():\n    a = 1\n    raise ValueError\ntry:\n    f()\nexcept ValueError:\n    b = 1",
      "1 | 4 | 5 | 1 f | 2 f a=1 | 3 f | 6 | 7 b=1",
    ],
    [
      "objects, as their fields change; a class's body; a decorated function",
      "def deco(f):\n    return f\nclass A:\n    def __init__(self):\n        self.v = 1\n    @deco\n    def m(self):\n        self.v = 2\na = A()\na.m()",
      '1 | 3 | 3 A | 4 A | 6 A | 7 A | 6 A | 1 deco | 2 deco | 7 A | 9 | 4 A.__init__ self={"$obj": "A", "attrs": {}} | 5 A.__init__ self={"$obj": "A", "attrs": {"v": 1}} A.__init__()=null | 9 a={"$obj": "A", "attrs": {"v": 1}} | 10 | 7 A.m self={"$obj": "A", "attrs": {"v": 1}} | 8 A.m a={"$obj": "A", "attrs": {"v": 2}} self={"$obj": "A", "attrs": {"v": 2}} A.m()=null',
    ],
    ["2 is not 2.0, True is not 1", "a = 1\na = 1.0\na = True\na = True", "1 a=1 | 2 a=1.0 | 3 a=true | 4"],
    ["a program that ends the process", "import os\na = [1]\na.append(2); os._exit(0)", "1 | 2 a=[1] | 3 a=[1, 2]"],
  ])("%s", async (_, program, expected) => {
    const { list, agrees, cut } = await momentsOf(program);
    expect(list.map(told).join(" | ")).toBe(expected);
    expect([agrees, cut]).toEqual([true, false]);
  });

  it("numbers calls, says how deep they are, and what was printed before", async () => {
    const program = "def f(n):\n    print('é')\n    if n: f(n - 1)\nf(1)\nprint('x')";
    const { list } = await momentsOf(program);
    expect(list.map(({ line, activation, depth, printed }) => [line, activation, depth, printed])).toEqual([
      [1, 0, 0, 0],
      [4, 0, 0, 0],
      [1, 1, 1, 0],
      [2, 1, 1, 0],
      [3, 1, 1, 2],
      [1, 2, 2, 2],
      [2, 2, 2, 2],
      [3, 2, 2, 4],
      [3, 1, 1, 4],
      [5, 0, 0, 4],
    ]);
  });

  it.each([
    ["never ends", "a = 1\nwhile True:\n    a += 1", "timed-out"],
    ["never ends, on one line", "a = 1\nwhile True: a += 1", "timed-out"],
    ["is long", "for i in range(9000):\n    a = i\nprint(a)", "ok"],
    ["calls itself without end", "def f(n): return f(n + 1)\nf(0)", "error:RecursionError"],
  ])("of a program that %s is recorded from its beginning", async (_, program, status) => {
    const found = await traced(program);
    expect([found.status, found.moments?.agrees]).toEqual([status, true]);
    expect(found.moments?.list.length).toBeGreaterThan(1900);
    expect(found.moments?.cut).toBe(status !== "error:RecursionError");
  });

  it("says where the recorded run went another way", async () => {
    const { moments } = await traced("import time\nprint(time.perf_counter())");
    expect(moments?.agrees).toBe(false);
    expect(moments?.list.length).toBe(2);
  });

  it.each([
    ["exits at once", "import os\na = 1\nos._exit(3)"],
    ["sets a trace function", "import sys\nsys.settrace(lambda *x: None)\na = 1"],
    ["stops the events", "import sys\nsys.monitoring.set_events(4, 0)\na = 1"],
    ["closes its output", "import sys\nprint(1)\nsys.stdout.close()\na = 1"],
    ["prints too much", "while True: print('x' * 100000)"],
    ["has values that bite", "class A:\n    def __repr__(self): raise SystemExit\n    __hash__ = None\na = A()\nb = a"],
    ["holds itself", "a = []\na.append(a)\nb = a"],
    ["holds much", "a = ['x' * 300] * 300\nfor i in range(2000): b = a"],
    ["does not parse", "a = ("],
    ["is empty", ""],
  ])("changes nothing about the trace of a program that %s", async (_, program) => {
    const { moments: _moments, cpuMs: _ms, ...rest } = await traced(program);
    const { cpuMs: _plainMs, ...plainTrace } = await trace(sandbox, program, STDIO, {
      limits,
      determinismCheck: false,
    });
    expect(rest).toEqual(plainTrace);
  });
});

it.each<[Json | undefined, number | null]>([
  [undefined, null],
  ["no", null],
  [{ list: 3 }, null],
  [{ list: [] }, 0],
  [{ list: [[1, "", 0, 0, 0, []], [1, "", 0, 0, 0], [1, 2, 0, 0, 0, []], ["x"], 3, [1, "", -1, 0, 0, []]] }, 1],
  [{ list: [[1, "", 0, 0, 9e9, [["a"], ["a", 1], ["a", 1, 2], 3, [4]]]] }, 1],
])("is read from a claim of any shape: %j", (claim, count) => {
  const execution = { reply: { moments: claim }, stdout: "é" } as unknown as Execution;
  const read = readMoments(execution, execution, true);
  expect(read?.list.length ?? null).toBe(count);
  for (const { changes, printed } of read?.list ?? []) {
    expect(printed).toBeLessThan(2);
    expect(changes.length).toBeLessThan(3);
  }
});
