// What happens along the way of a run, held against other ways to find it out and against hand-made answers.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { parseJson, stringifyJson } from "../core/json.js";
import { defaultLimits, type ProgramInput } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { commonHistory, type History, readHistory } from "./history.js";
import { randomProgram } from "./random-program.js";
import type { Trace } from "./trace.js";
import { trace } from "./tracer.js";

const ORACLE = readFileSync(new URL("./fixtures/history-oracle.py", import.meta.url), "utf8");
const RUNS = Number(process.env["TRACE_RUNS"] ?? 60);
const seed = Number(process.env["TRACE_SEED"] ?? 1);
const limits = { ...defaultLimits, timeMs: 500 };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const STDIO: ProgramInput = { kind: "stdio", stdin: "" };
const traced = (program: string, input = STDIO, determinismCheck = false): Promise<Trace> =>
  trace(sandbox, program, input, { limits, determinismCheck, history: ["steps", "lines"] });
const historyOf = async (program: string, input = STDIO): Promise<History> => {
  const { history } = await traced(program, input);
  if (!history) throw new Error("no history");
  return history;
};

test(`${RUNS} random programs: lines are those of sys.settrace, assignments those that a namespace sees`, async () => {
  const programs = fc.array(fc.nat(999), { minLength: 20, maxLength: 120 }).map(randomProgram);
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(programs, async (source) => {
      const { history, status } = await traced(source);
      if (status === "unparsable" || !history) return;
      const { stdout } = await sandbox.lease((room) =>
        room.run({ request: { op: "run", name: "__main__", source: ORACLE, preamble: "" }, stdin: source, limits }),
      );
      const oracle = parseJson(stdout) as unknown as { ending: string } & Pick<History, "steps" | "lines" | "executed">;
      if (oracle.ending === "SystemExit") return;
      expect(status).toBe(oracle.ending === "ok" ? "ok" : `error:${oracle.ending}`);
      compared++;
      expect(stringifyJson(history.lines)).toBe(stringifyJson(oracle.lines));
      expect(history.executed).toEqual(oracle.executed);
      for (const [name, values] of Object.entries(history.steps)) {
        // Stored past the namespace: by a comprehension, or as a global of a function. Or stored twice by one statement.
        const unseen = new RegExp(`\\(${name} := i\\)|global ${name}|${name}, \\*${name} =`);
        if (name.includes(".") || unseen.test(source)) continue;
        const seen = oracle.steps[name] ?? [];
        const known = values.map((value, i) => (seen[i] === "unwritten" ? "unwritten" : value));
        expect([name, stringifyJson(known)]).toEqual([name, stringifyJson(seen)]);
      }
    }),
    { numRuns: RUNS, seed, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(RUNS / 2);
}, 300_000);

describe("values along the way", () => {
  it.each([
    ["every assignment counts, in the order of time", "a = 1\na += 2\na = b = a * 2", { a: [1, 3, 6], b: [6] }],
    [
      "a loop's variable is assigned in every round",
      "for i in range(3):\n    n = i * i",
      { i: [0, 1, 2], n: [0, 1, 4] },
    ],
    ["a loop without a round assigns nothing", "i = 7\nfor i in []: pass\nelse: n = i", { i: [7], n: [7] }],
    ["unpacking assigns each name", "(a, [b, *c]), d = (1, 'xyz'), 2", { a: [1], b: ["x"], c: [["y", "z"]], d: [2] }],
    ["a name that one statement assigns twice counts once", "a, a = 1, 2", { a: [2] }],
    ["a later change of the value does not count", "a = [1]\na.append(2)\na[0] = 3", { a: [[1]] }],
    [
      "an assignment expression counts where it stands",
      "n = (m := 2) + 1\nk = [m := v for v in 'ab']",
      { m: [2, "a", "b"], n: [3], k: [["a", "b"]] },
    ],
    ["an annotation alone assigns nothing", "a: int\nb: int = 2", { b: [2] }],
    [
      "`with` assigns",
      "class C:\n    def __enter__(self): return 5\n    def __exit__(self, *x): pass\nwith C() as a: b = a",
      { a: [5], b: [5] },
    ],
    [
      "what raises assigns nothing",
      "a = 1\ntry:\n    a = 1 // 0\nexcept ArithmeticError:\n    b = a",
      { a: [1], b: [1] },
    ],
    [
      "a function's variables count over all its calls",
      "def f(x):\n    y = x + 1\n    x = y * 2\n    return x\na = f(1) + f(2)",
      { "f.y": [2, 3], "f.x": [4, 6], a: [10] },
    ],
    [
      "a global counts as the module's, a nonlocal as its owner's",
      "def f():\n    global g\n    n = 1\n    def h():\n        nonlocal n\n        n += 1\n    h()\n    g = n\nf()\ng += 1",
      { "f.n": [1, 2], g: [2, 3] },
    ],
    [
      "a generator's count in the order of time",
      "def f():\n    x = 1\n    yield x\n    x = 2\nfor a in f(): b = a",
      { "f.x": [1, 2], a: [1], b: [1] },
    ],
    [
      "names bound by a pattern or an `except` are left out",
      "match [1, 2]:\n    case [a, b]: c = a\ntry:\n    1 // 0\nexcept ArithmeticError as a:\n    d = 1",
      { c: [1], d: [1] },
    ],
    [
      "items, attributes, class variables, definitions and imports are left out",
      "import math\nclass A:\n    x = 1\na = A()\na.y = 2\nb = {}\nb['k'] = 1",
      { a: [{ $obj: "A", attrs: {} }], b: [{}] },
    ],
    [
      "a comprehension's variables and a lambda's are their own",
      "v = 1\na = [v for v in 'ab']\nb = (lambda v: (w := v))(3)",
      { v: [1], a: [["a", "b"]], b: [3] },
    ],
    ["nobody counts what a text that is executed assigns", 'x = 1\nexec("x = 2")\nx += 1', {}],
    ["nor what an evaluated one does", 'x = 1\neval("(x := 2)")\nx += 1', {}],
    ["an evaluated text that assigns nothing is no matter", 'x = eval("1 + 1")\nx += 1', { x: [2, 3] }],
    ["names of a program's own cannot be in the way", "def __step__(*x): pass\n__step__ = None\na = 1", { a: [1] }],
  ])("%s", async (_, program, steps) => {
    const found = await historyOf(program);
    expect(found.steps).toEqual(steps);
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
    ["straight on to the end", "a = 1\nb = 2", "1>2 2>end"],
    ["a loop's head before every round", "for i in range(2):\n    a = i\nb = 1", "1>2 2>1 1>2 2>1 1>3 3>end"],
    [
      "a condition before every round",
      "n = 2\nwhile n:\n    n -= 1\nelse:\n    n = 9",
      "1>2 2>3 3>2 2>3 3>2 2>5 5>end",
    ],
    [
      "break and continue",
      "for i in range(9):\n    if i == 0:\n        continue\n    if i == 1:\n        break\na = 1",
      "1>2 2>3 3>1 1>2 2>4 4>5 5>6 6>end",
    ],
    [
      "branches",
      "a = 2\nif a == 1:\n    b = 1\nelif a == 2:\n    b = 2\nelse:\n    b = 3\nc = 1",
      "1>2 2>4 4>5 5>8 8>end",
    ],
    [
      "over a call, and what happens inside it",
      "def f(x):\n    y = x\n    return y\na = f(1)\nb = f(2)",
      "4>5 2>3 3>end 5>end 2>3 3>end",
    ],
    [
      "an exception that is caught, and one that is not",
      "def f():\n    a = 1\n    raise ValueError\ntry:\n    f()\nexcept ValueError:\n    b = 1\n1 // 0",
      "2>3 3>end 7>8 8>end",
    ],
    ["a comprehension is one line", "a = [v * 2\n     for v in range(3)]\nb = [v for v in a]\nc = b", "3>4 4>end"],
    [
      "nothing of lines that hold more or less than a statement",
      "if 1: a = 1\nb = 1; c = 2\nd = (1 +\n  2)\ne = 1\ntry: f = 1\nfinally: g = 2",
      "7>end",
    ],
    [
      "nothing of an endless loop's only line",
      "i = iter('ab')\nn = ''\ntry:\n    while True:\n        n += next(i)\nexcept StopIteration: pass\nm = n",
      "1>2 7>end",
    ],
    ["nothing of generators", "def f():\n    a = 1\n    yield a\nb = list(f())\nc = b", "4>5 5>end"],
    ["a program that exits", "import sys\na = 1\nsys.exit(0)\nb = 1", "2>3 3>end"],
  ])("%s", async (_, program, expected) => {
    const found = await historyOf(program);
    expect(moves(found)).toBe(expected);
  });

  it("tells which lines are executed", async () => {
    const program =
      "def f(x):\n    if x:\n        return 1\n    return 2\n\ndef g():\n    a = 1\nb = f(1)\nif 0:\n    b = 2";
    const { executed, statements } = await historyOf(program);
    expect(executed).toEqual([1, 2, 3, 6, 8, 9]);
    expect(statements).toEqual([
      [2, "f"],
      [3, "f"],
      [4, "f"],
      [7, "g"],
      [8, ""],
      [9, ""],
      [10, ""],
    ]);
  });
});

describe("a history", () => {
  it("is of the beginning where the run is long", async () => {
    const { steps, lines, executed } = await historyOf("for i in range(20000):\n    a = i\nb = 1");
    expect(Object.values(steps).flat()).toHaveLength(1000);
    expect(steps["a"]?.slice(0, 3)).toEqual([0, 1, 2]);
    expect(lines).toHaveLength(5000);
    expect(lines.at(-1)?.[1]).toBe(0);
    expect(executed).toEqual([1, 2, 3]);
  });

  it("says that an activation ends only where it does, wherever the record of lines is full", async () => {
    for (const before of ["", "a = 1\n", "a = 1\nb = 1\n"]) {
      const offset = before.split("\n").length - 1;
      const { lines } = await historyOf(`${before}def g(i):\n    y = i\n    return y\nfor i in range(3000):\n    g(i)`);
      expect(lines).toHaveLength(5000);
      expect(new Set(lines.filter(([, next]) => next === null).map(([line]) => line - offset))).toEqual(new Set([3]));
    }
  });

  it("leaves out what differs in a second world", async () => {
    const program = "import random\na = 1\na = random.random()\nb = 2\nif random.random() < 0.5:\n    c = 1\nd = 1";
    const { history } = await traced(program, STDIO, true);
    expect(history?.steps).toMatchObject({ b: [2], d: [1] });
    expect(history?.steps).not.toHaveProperty("a");
    const some: History = { steps: { a: [1], b: [2] }, lines: [[1, null]], executed: [1], statements: [[1, ""]] };
    const other = { ...some, steps: { a: [1], b: [3] }, lines: [[1, 2]] as const };
    expect(commonHistory(some, other)).toEqual({ steps: { a: [1] }, lines: [], executed: [], statements: [] });
    expect(commonHistory(some, null)).toBeNull();
  });

  it("is none where the recorded run went another way", async () => {
    // Recorded, the program has more room on the stack than it has alone.
    const program =
      "n = 0\ndef f():\n    global n\n    n += 1\n    f()\ntry:\n    f()\nexcept RecursionError:\n    m = n";
    const { history, status, variables } = await traced(program);
    expect(status).toBe("ok");
    if (history) expect(history.steps["m"]).toEqual([variables["m"]]);
  });

  it.each([
    ["exits at once", "import os\na = 1\nos._exit(0)"],
    ["never ends", "a = 1\nwhile True: a += 1"],
    ["sets a trace function", "import sys\nsys.settrace(lambda *x: None)\na = 1"],
    ["stops the events", "import sys\nsys.monitoring.set_events(4, 0)\na = 1"],
    [
      "replaces what records",
      "import builtins\nfor n in dir(builtins):\n    if 'step' in n: setattr(builtins, n, print)",
    ],
    ["has values that bite", "class A:\n    def __repr__(self): raise SystemExit\n    __hash__ = None\na = A()\nb = a"],
    ["holds itself", "a = []\na.append(a)\nb = a"],
    ["calls itself without end", "def f(n): return f(n + 1)\na = f(0)"],
    ["holds much", "a = 'x' * 10**6\nfor i in range(2000): b = a"],
    ["is deep", `x${"+1".repeat(2000)}`],
    ["is long", "a = 1\n" + "b = a\n".repeat(500)],
    ["is empty", ""],
  ])("changes nothing about the trace of a program that %s", async (_, program) => {
    const { history, cpuMs: _ms, ...rest } = await traced(program);
    const { cpuMs: _plainMs, ...plain } = await trace(sandbox, program, STDIO, { limits, determinismCheck: false });
    expect(rest).toEqual(plain);
    expect(history === null || typeof history === "object" || history === undefined).toBe(true);
    if (/sys\.|builtins/.test(program)) expect(rest.tampered).toBe(true);
  });

  it.each([
    [null, null],
    ["no", { steps: {}, lines: [], executed: [], statements: [] }],
    [
      {
        steps: [
          [1, []],
          ["a", 3],
          ["b", [1]],
        ],
        lines: [[1, "x"], [1, null], [-1, 2], 3],
        executed: [1, "2"],
      },
      { steps: { b: [1] }, lines: [[1, null]], executed: [1], statements: [] },
    ],
  ])("is read from a claim of any shape: %j", (claim, history) => expect(readHistory(claim)).toEqual(history));
});
