// How much of what depends on hash order, addresses, clock and chance is found, and how much else is taken for it.

import { afterAll, beforeAll, expect, test } from "vitest";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { trace } from "./tracer.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const WORDS = "kiwi fig pear plum lime date mango grape melon apple peach lemon olive guava berry cherry".split(" ");
/** Sets of 2 to 5 words, several of each size. */
const SETS = [2, 3, 4, 5].flatMap((size) =>
  Array.from({ length: 5 }, (_, i) => {
    const words = Array.from({ length: size }, (__, j) => WORDS[(i * 7 + j * (2 * i + 1) + size) % WORDS.length]);
    return `{${[...new Set(words)].map((word) => `'${word}'`).join(", ")}}`;
  }),
);

const CHANCE = [
  ...SETS.flatMap((set) => [
    `x = list(${set})`,
    `x = ${set}.pop()`,
    `x = dict.fromkeys(${set}, 0)\nx = list(x)`,
    `x = [w for w in ${set}]`,
    `x = next(iter(${set}))`,
    `x = '-'.join(${set})`,
    `x = str(${set})`,
    `x, *rest = ${set}`,
    `x = []\nx += ${set}`,
    `s = ${set}\nx = [*s]`,
    `x = {k: i for i, k in enumerate(${set})}['fig'] if 'fig' in ${set} else list(${set})`,
    `s = set()\nfor w in sorted(${set}): s.add(w)\nx = ''\nfor w in s: x += w[0] + w`,
    `x = f"{ ${set} }"`,
  ]),
  "x = id(object())",
  "x = hash('word')",
  "x = hash(('a', 1))",
  "import time\nx = time.time()",
  "import time\nt = time.perf_counter()\nfor i in range(5000): pass\nx = time.perf_counter() - t",
  "import random\nx = random.random()",
  "import random\nx = random.choice(range(10 ** 6))",
  "import datetime\nx = str(datetime.datetime.now())",
  "import os\nx = os.urandom(4)",
  "import uuid\nx = str(uuid.uuid4())",
  "x = str(object())",
  "class A: pass\nx = repr(A())",
  "def f(): pass\nx = str(f)",
  "x = str(map(int, []))",
  "class A: pass\nx = [type(a).__name__ for a in {A(), 'b'}]\nx = str({A(): 1})",
  "x = list({'a': 1, 'b': 2}.keys() & {'a', 'b'})",
];

const CERTAIN = [
  ...SETS.flatMap((set) => [
    `x = sorted(${set})`,
    `x = len(${set})`,
    `x = 'fig' in ${set}`,
    `x = max(${set}), min(${set})`,
    `x = 0\nfor w in ${set}: x += len(w)`,
    `x = ${set} == set(sorted(${set}))`,
    `x = ${set} | {'z'}`,
    `x = sorted(w.upper() for w in ${set})`,
    `s = ${set}\ns.discard('fig')\nx = len(s)`,
    `x = sum(1 for w in ${set} if w > 'k')`,
    `d = {w: len(w) for w in ${set}}\nx = sorted(d.items())`,
  ]),
  "x = list({3, 1, 2})",
  "x = {10, 20, 5}.pop()",
  "x = [y for y in {1.5, 2, 3}]",
  "x = list({(1, 2), (3, 4)})",
  "import random\nrandom.seed(4)\nx = random.random()",
  "x = [i for i in range(3)]\ny = {'b': 1, 'a': 2}\nz = list(y)",
  "class P:\n    def __init__(self): self.v = 1\n    def __hash__(self): return self.v\np = P()\nx = [q.v for q in {p}]",
  "s = set()\nwhile len(s) < 3: s.add(len(s))\nx = list(s)",
  "stack = ['a', 'b']\nx = stack.pop()\nq = {'k': 1}.popitem()",
  "from collections import deque\nd = deque(['a', 'b'])\nx = d.pop()",
  "def f(n):\n    return n if n < 1 else f(n - 1)\nx = f(200)\nprint('%d %s' % (1, 'a'))",
  "import time\nt = time.time()\nx = 1\nprint(x)",
  "x = hash(3), hash(1.5), hash(None), hash((1, 2))",
];

async function flagged(code: string): Promise<boolean> {
  const { nondeterministic } = await trace(sandbox, `${code}\n`, { kind: "stdio", stdin: "" });
  return nondeterministic.includes("x");
}

test("at least 99 % of what is chance is found", async () => {
  const found = await Promise.all(CHANCE.map(flagged));
  const missed = CHANCE.filter((_, i) => !found[i]);
  expect(missed.length / CHANCE.length, missed.join("\n---\n")).toBeLessThan(0.01);
}, 120_000);

test("nothing certain is taken for chance", async () => {
  const found = await Promise.all(CERTAIN.map(flagged));
  expect(CERTAIN.filter((_, i) => found[i])).toEqual([]);
}, 120_000);
