import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, parseJson, stringifyJson } from "../core/json.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { inspect, lastAssignments } from "./inspect.js";
import { type TraceOptions, trace } from "./tracer.js";

interface Case {
  readonly name: string;
  readonly code: string;
  readonly stdin: string;
  readonly expected: Readonly<Record<string, Json>>;
  readonly status?: string;
  readonly recursive?: readonly string[];
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

const run = (code: string, stdin = "", options: TraceOptions = { determinismCheck: false }) =>
  trace(sandbox, code, { kind: "stdio", stdin }, options);
const sorted = (value: Readonly<Record<string, Json>>): string =>
  stringifyJson(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));

test.each(cases)("golden: $name", async ({ code, stdin, expected, status, recursive }) => {
  const result = await run(code, stdin);
  expect(sorted(result.variables)).toBe(sorted(expected));
  expect(result).toMatchObject({ status: status ?? "ok", recursive: recursive ?? [], ambiguous: [], tampered: false });
});

describe("which value is final", () => {
  test("a variable unbound in the last activation is ambiguous", async () => {
    const result = await run("def f(n):\n    if n > 5:\n        big = n\n    return n\nf(10)\nf(1)\n");
    expect(result.ambiguous).toEqual(["f.big"]);
    expect(result.variables).toEqual({ "f.n": 1 });
  });

  test("also where the scope is entered too often to be captured each time", async () => {
    const code =
      "def f(n):\n    if n > 5:\n        big = n\n    t = [n]\n    return n\nfor i in range(999, -1, -1):\n    f(i)\n";
    const result = await run(code);
    expect(result.ambiguous).toEqual(["f.big"]);
    expect(result.variables).toEqual({ "f.n": 0, "f.t": [0], i: 0 });
  });

  test("values are taken when the activation ends: later aliasing does not count", async () => {
    const result = await run("def f():\n    a = [1]\n    return a\nb = f()\nb.append(2)\n");
    expect(result.variables).toEqual({ "f.a": [1], b: [1, 2] });
  });

  test("a closure's later write updates the owner's variable", async () => {
    const code =
      "def outer():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n    return inc\ng = outer()\ng()\ng()\n";
    expect((await run(code)).variables).toEqual({ "outer.n": 2 });
  });

  test("a program that exits keeps its values so far", async () => {
    const result = await run("import sys\ndef f():\n    t = 3\n    sys.exit(2)\na = 1\nf()\n");
    expect(result.status).toBe("exit");
    expect(result.variables).toEqual({ a: 1, "f.t": 3 });
  });

  test("two instances of one generator are no recursion, a generator that delegates to itself is", async () => {
    expect((await run("def g():\n    yield 1\na = g()\nb = g()\nnext(a)\nnext(b)\n")).recursive).toEqual([]);
    const nested = "def g(n):\n    if n:\n        yield from g(n - 1)\n    yield n\nx = list(g(2))\n";
    expect((await run(nested)).recursive).toEqual(["g"]);
  });

  test("imports inside functions and except-as names are no variables", async () => {
    const code =
      "def f():\n    from math import pi\n    r = pi > 3\n    return r\nf()\ntry:\n    1/0\nexcept ZeroDivisionError as e:\n    k = 1\n";
    expect((await run(code)).variables).toEqual({ "f.r": true, k: 1 });
  });

  test("a value that holds something unwritable is absent, and so is a subclass of a built-in", async () => {
    expect((await run("a = [len]\nclass L(list): pass\nb = L([1])\nc = 2\n")).variables).toEqual({ c: 2 });
  });
});

test("keys come in the source order of each variable's last assignment", async () => {
  const result = await run("b = 1\ndef f(q):\n    z = q\n    return z\na = f(1)\nb = 2\n");
  expect(Object.keys(result.variables)).toEqual(["f.q", "f.z", "a", "b"]);
});

test("parameters that are never assigned again are listed", async () => {
  const result = await run("def f(a, b, *c, d=1):\n    b = b + 1\n    return a\nf(1, 2)\n");
  expect(result.parameters).toEqual(["f.a", "f.c", "f.d"]);
});

// CodeRL+ recipe/filter.py: radon-like counting by ast.walk, start 1. Golden case coderlplus/cyclomatic.
test.each([
  ["x=1", 1],
  ["for i in range(3):\n    if i and i>1 or i==0:\n        pass\n", 5],
  ["try:\n    a=1\nexcept ValueError:\n    pass\nexcept Exception:\n    pass\n", 3],
  ["x=[i for i in range(3) if i]\ny=1 if x else 0\n", 1],
  ["while True:\n    break\nelse:\n    pass\n", 2],
])("the complexity of %j is %i", async (code, complexity) => {
  expect((await run(code)).complexity).toBe(complexity);
});

describe("calls", () => {
  test("a call is evaluated after the module, in its namespace", async () => {
    const code = "total = 0\ndef f(x):\n    global total\n    total += x\n    return total * 2.0\n";
    const byExpression = await trace(sandbox, code, { kind: "expression", expression: "f(3)" });
    const byValue = await trace(sandbox, code, { kind: "call", function: "f", arguments: [3] });
    expect(stringifyJson(byExpression.returned)).toBe("6.0");
    expect(byExpression.variables).toEqual({ total: 3, "f.x": 3 });
    expect({ ...byValue, cpuMs: 0 }).toEqual({ ...byExpression, cpuMs: 0 });
  });

  test("a call that is no expression is unusable input", async () => {
    await expect(trace(sandbox, "x = 1", { kind: "expression", expression: "f(" })).rejects.toThrow(
      "no Python expression",
    );
  });
});

describe("what a program can do to its trace", () => {
  test("a forged reply is data", async () => {
    const forge = (reply: string): string =>
      `import sys\nfr = sys._getframe()\nwhile fr:\n    g = fr.f_globals\n    if 'to_text' in g: g['to_text'] = lambda tree: '${reply}'\n    fr = fr.f_back\n`;
    expect((await run(forge('{"end": "unusable"}'))).status).toBe("crashed");
    expect((await run(forge('{"end": "exited", "exitCode": "x"}'))).status).toBe("crashed");
    expect(await run(forge('{"end": "finished", "variables": [1, ["x"], [1, 2]], "recursive": 5}'))).toMatchObject({
      status: "ok",
      variables: {},
    });
  });

  test.each([
    "import sys\nsys.settrace(None)\n",
    "import gc\ngc.collect()\n",
    "import sys\ngetattr(sys, 'monitoring')\n",
    "from sys import modules\n",
    "import sys\nsys.modules['x'] = 1\n",
  ])("%j marks it as tampered", async (code) => {
    expect((await run(code)).tampered).toBe(true);
  });

  test.each(["import sys\nsys.setrecursionlimit(5000)\nx = sys.maxsize\n", "gc = 'acgt'.count('g')\nd = 'gc'\n"])(
    "%j does not",
    async (code) => {
      expect((await run(code)).tampered).toBe(false);
    },
  );

  test.each([
    ["while True:\n    pass\n", "timed-out"],
    ["print('x' * 3000)\n", "output-limit"],
    ["x = [0] * 10**9\n", "out-of-memory"],
    ["x = (\n", "unparsable"],
    ["import js2\n", "error:ModuleNotFoundError"],
  ])("%j ends as %s", async (code, status) => {
    const limits = { timeMs: 100, memoryBytes: 64 << 20, outputBytes: 2000 };
    expect((await run(code, "", { limits, determinismCheck: false })).status).toBe(status);
  });
});

test("what depends on hash seed, clock or chance is named and dropped", async () => {
  const code =
    "import time, random\na = list(set('the quick brown fox'))\nb = sorted(a)\nt = time.time()\nr = random.random()\n";
  const result = await run(code, "", {});
  expect(result.nondeterministic).toEqual(["a", "t", "r"]);
  expect(Object.keys(result.variables)).toEqual(["b"]);
});

test("results and outputs that depend on them are dropped or flagged", async () => {
  const code = "def f(n): return list({str(i) for i in range(n)})\n";
  const result = await trace(sandbox, code, { kind: "call", function: "f", arguments: [9] });
  expect(result).toMatchObject({ variables: { "f.n": 9 }, outputNondeterministic: true });
  expect(result.returned).toBeUndefined();
  const same = await trace(sandbox, code, { kind: "call", function: "f", arguments: [1] });
  expect(same).toMatchObject({ returned: ["0"], outputNondeterministic: false });
  const printed = "print({str(i) for i in range(9)})\n";
  expect(await run(printed, "", {})).toMatchObject({ nondeterministic: [], outputNondeterministic: true });
});

test.each([
  ["elif branches", `x = 0\nif x == 1: y = 1\n${"elif x == 2: y = 2\n".repeat(600)}else: y = 3\n`, 3],
  ["terms", `y = ${"1 + ".repeat(1500)}1\n`, 1501],
])("a program of hundreds of %s is traced", async (_name, code, y) => {
  expect(await run(code)).toMatchObject({ status: "ok", variables: { y } });
  expect((await inspect(sandbox, code))?.variables).toContain("y");
});

test("a variable's last assignment is the statement around it, or the head of one", async () => {
  const code = [
    "é = '😀'; y = [",
    "  1]",
    "def f(x, k=2):",
    "    a = x[-1]",
    "    for v, w in zip(x, x):",
    "        t = a; a += v ** 2",
    "    if (n := a) > 2: x = -t",
    "    return f",
  ].join("\n");
  const spans = await lastAssignments(sandbox, code);
  expect(Object.fromEntries([...spans].map(([key, { start, end }]) => [key, code.slice(start, end)]))).toEqual({
    é: "é = '😀'",
    y: "y = [\n  1]",
    "f.v": "for v, w in zip(x, x)",
    "f.w": "for v, w in zip(x, x)",
    "f.t": "t = a",
    "f.a": "a += v ** 2",
    "f.n": "if (n := a) > 2",
    "f.x": "x = -t",
  });
  expect(await lastAssignments(sandbox, "x = (")).toEqual(new Map());
});

test("one byte order mark in front of the source is accepted, as python3 does", async () => {
  expect(await run("\uFEFFx = 1\n")).toMatchObject({ status: "ok", variables: { x: 1 } });
  expect((await run("\uFEFF\uFEFFx = 1\n")).status).toBe("unparsable");
});

describe("os._exit", () => {
  test("ends the program at once: no handler runs, nothing is flushed, values are kept", async () => {
    const code =
      "import os\ndef f():\n    t = 3\n    try:\n        os._exit(2)\n    except BaseException:\n        t = 4\n    finally:\n        t = 5\na = 1\nprint('lost')\nprint('kept', flush=True)\nprint('lost')\nf()\na = 2\n";
    const result = await run(code);
    expect(result).toMatchObject({ status: "exit", stdout: "lost\nkept\n", variables: { a: 1, "f.t": 3 } });
  });

  test("also in a scope that is entered often, by its other name", async () => {
    const code =
      "from os import _exit\ndef g(n):\n    t = [n]\n    if n == 99: _exit(0)\nfor i in range(200):\n    try: g(i)\n    except SystemExit: pass\n";
    const result = await run(code);
    expect(result).toMatchObject({ status: "exit", variables: { i: 99, "g.n": 99, "g.t": [99] } });
  });

  test("with what is no status raises", async () => {
    expect((await run("import os\nos._exit('x')\n")).status).toBe("error:TypeError");
  });
});

test("a scope that calls itself often is still flagged, and holds its outermost activation", async () => {
  const result = await run(
    "def f(n):\n    if n < 2:\n        return n\n    a = f(n - 1)\n    b = f(n - 2)\n    return a + b\nx = f(12)\n",
  );
  expect(result).toMatchObject({
    recursive: ["f"],
    ambiguous: [],
    variables: { "f.n": 12, "f.a": 89, "f.b": 55, x: 144 },
  });
});
