// A traced program must not notice: programs that look where tracing could show, and programs near their limits.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringifyJson } from "../core/json.js";
import { defaultLimits } from "../problems/problem.js";
import type { Execution } from "../sandbox/job.js";
import { WORK_PER_MS } from "../sandbox/python/ports.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { Trace } from "./trace.js";
import { trace } from "./tracer.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const untraced = (source: string, more: object = {}, timeMs = 6000): Promise<Execution> =>
  sandbox.lease((room) =>
    room.run({
      request: { op: "run", name: "__main__", source, preamble: "", ...more },
      stdin: "",
      limits: { ...defaultLimits, timeMs },
    }),
  );
const traced = (source: string, timeMs = 6000): Promise<Trace> =>
  trace(
    sandbox,
    source,
    { kind: "stdio", stdin: "" },
    { determinismCheck: false, limits: { ...defaultLimits, timeMs } },
  );

const BUSY = "def g(n):\n    t = [n]\n    return n\nfor i in range(100): g(i)\n";

test.each([
  "import sys\nprint(sys.gettrace(), sys.getprofile())",
  "import sys\nf, n = sys._getframe(), 0\nwhile f: f, n = f.f_back, n + 1\nprint(n)",
  "import sys\ndef f():\n    f, n = sys._getframe(), 0\n    while f: f, n = f.f_back, n + 1\n    return n\nprint(f())",
  "def f(n):\n    global deepest\n    deepest = n\n    f(n + 1)\ntry: f(0)\nexcept RecursionError as e: print(deepest, e)",
  "def leaf(n): return n\ndef f(n):\n    global deepest\n    deepest = leaf(n)\n    f(n + 1)\ntry: f(0)\nexcept RecursionError: print(deepest)",
  "f = lambda n: seen.append(n) or f(n + 1)\nseen = []\ntry: f(0)\nexcept RecursionError: print(len(seen))",
  "import sys\nsys.setrecursionlimit(60)\ndef f(n): return n if n == 0 else 1 + f(n - 1)\nfor k in range(30, 70):\n    try: f(k)\n    except RecursionError: print(k)",
  "class A:\n    def __repr__(self): return repr(self.inner)\na = b = A()\nfor i in range(2000):\n    c = A()\n    c.inner, b = b, c\ntry: repr(b)\nexcept RecursionError: print('deep')",
  "import traceback\ndef f(): 1 / 0\ndef h(): f()\ntry: h()\nexcept ZeroDivisionError: print(traceback.format_exc())",
  "def f():\n    try: return 1\n    finally: print('out')\nprint(f())\ndef gen():\n    try: yield 1\n    finally: print('closed')\nfor x in gen(): break\nprint('end')",
  "class D:\n    def __del__(self): print('gone')\ndef f():\n    d = D()\n    return 1\nf()\nprint('after')\nd = D()\n",
  "import atexit\natexit.register(print, 'bye')\nprint('end')",
  "import sys\nprint(sys.getrecursionlimit(), sys.exc_info(), len(sys.argv))",
  "import weakref\nclass A: pass\ndef f():\n    a = A()\n    return weakref.ref(a)\nprint(f()() is None)",
  "import sys\ndef f(x): return sys.getrefcount(x)\nprint(f([]), f([1]))",
])("looks the same from inside: %j", async (code) => {
  for (const source of [`${code}\n`, `${BUSY}${code}\n`]) {
    const plain = await untraced(source);
    const result = await traced(source);
    expect(result.stdout).toBe(plain.stdout);
    expect(result.status).toBe("ok");
  }
});

test("a call is as deep on the stack as in an untraced run", async () => {
  const source =
    "def f():\n    import sys\n    f, n = sys._getframe(), 0\n    while f: f, n = f.f_back, n + 1\n    return n\n";
  const plain = await untraced(source, { name: "program", call: { function: "f", arguments: [], keywords: {} } });
  const result = await trace(sandbox, source, { kind: "call", function: "f", arguments: [] });
  expect(result.returned).toBe(plain.reply?.returned);
});

describe("values of programs that reach their recursion limit", () => {
  test("a helper's last activation is at the very bottom", async () => {
    const code =
      "def leaf(n):\n    v = [n, {'k': [n]}]\n    return n\ndef f(n):\n    global deepest\n    deepest = leaf(n)\n    return f(n + 1)\nf(0)\n";
    const { variables, status, recursive } = await traced(code);
    expect(status).toBe("error:RecursionError");
    expect(recursive).toEqual(["f"]);
    const { deepest } = variables;
    expect(variables).toEqual({
      "f.n": 0,
      "leaf.n": deepest,
      "leaf.v": [deepest, { k: [deepest] }],
      deepest,
    });
  });

  test("caught several times, with other work in between", async () => {
    const code =
      "def note(n):\n    m = n\n    return m\ndef f(n):\n    note(n)\n    return f(n + 1)\nfor i in range(3):\n    try: f(i)\n    except RecursionError: note(-i)\n";
    expect((await traced(code)).variables).toEqual({ "note.n": -2, "note.m": -2, "f.n": 2, i: 2 });
  });
});

describe("time", () => {
  const LOOP = "def g(n):\n    t = n * n\n    return t\ns = 0\nfor i in range(60000):\n    s += g(i)\nprint(s)\n";

  test("a program that takes 95 % of its limit still ends, and one that takes more does not", async () => {
    const { work } = await untraced(LOOP);
    const ms = work / WORK_PER_MS;
    expect(await traced(LOOP, ms / 0.95)).toMatchObject({ status: "ok", variables: { "g.n": 59999 } });
    expect((await traced(LOOP, ms * 0.95)).status).toBe("timed-out");
  });

  test("tracing spends next to none of the program's own time", async () => {
    const clock = `import time\n${LOOP}print(round(time.perf_counter() * 200))\n`;
    const own = async (source: string): Promise<number> => (await untraced(source)).work;
    expect(await own(LOOP)).toBe(await own(LOOP));
    const seconds = (text: string): number => Number(text.trim().split("\n").at(-1));
    const [plain, result] = [await untraced(clock), await traced(clock)];
    expect(Math.abs(seconds(result.stdout) - seconds(plain.stdout))).toBeLessThanOrEqual(20);
  });
});

const atom = fc.oneof(
  fc.bigInt().map(String),
  fc.integer().map(String),
  fc
    .double()
    .map((x) =>
      Number.isFinite(x) ? `float(${JSON.stringify(String(x))})` : `float('${String(x).replace("inity", "")}')`,
    ),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => `bytes([${bytes.join(", ")}])`),
  fc.constantFrom(
    "True",
    "False",
    "None",
    "-0.0",
    "2.0",
    "2 ** 53",
    "-(2 ** 53)",
    "10 ** 400",
    "float('nan')",
    "'$int'",
  ),
);
const hashable = fc.oneof(
  atom,
  fc.array(atom, { maxLength: 3 }).map((items) => `(${items.map((one) => `${one},`).join("")})`),
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `(${items.map((one) => `${one},`).join("")})`),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `deque([${items.join(", ")}])`),
    fc.array(hashable, { maxLength: 4 }).map((items) => `set([${items.join(", ")}])`),
    fc
      .array(fc.tuple(hashable, tie("value")), { maxLength: 4 })
      .map((pairs) => `dict([${pairs.map(([key, item]) => `(${key}, ${item})`).join(", ")}])`),
  ),
}));

/** Equal, of the same types all the way down; NaN is itself here. */
const SAME = `from collections import deque
def same(a, b):
    if type(a) is not type(b): return False
    if isinstance(a, (list, tuple, deque)): return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict): return same(list(a.items()), list(b.items()))
    if isinstance(a, set): return sorted(map(repr, a)) == sorted(map(repr, b))
    return repr(a) == repr(b)
`;

test("values made again from tagged JSON in another program equal the originals, types and all", async () => {
  await fc.assert(
    fc.asyncProperty(value, async (text) => {
      const { variables } = await traced(
        `from collections import deque\nimport sys\nsys.set_int_max_str_digits(0)\nv = ${text}\n`,
      );
      const call = { function: "check", arguments: [variables["v"]], keywords: {} };
      const again = `${SAME}def check(v): return same(v, ${text})\n`;
      const execution = await untraced(again, { name: "program", call });
      expect(execution.reply?.returned, stringifyJson(variables["v"])).toBe(true);
    }),
    { numRuns: 300, seed: 5, endOnFailure: true },
  );
}, 120_000);

test("counters and default dicts come back as the dicts that they are equal to", async () => {
  const source =
    "from collections import Counter, OrderedDict, defaultdict\nc = Counter('aab')\nd = defaultdict(list, {1: [2]})\no = OrderedDict(b=1, a=2)\n";
  expect((await traced(source)).variables).toEqual({ c: { a: 2, b: 1 }, d: { $dict: [[1, [2]]] }, o: { b: 1, a: 2 } });
});
