// The same programs under a usual CPython, where one is installed: standard output and the kind of end must agree.

import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultLimits } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "./sandbox.js";

const python = spawnSync("python3", ["--version"]).status === 0;

const PROGRAMS: ReadonlyArray<readonly [name: string, source: string, stdin?: string]> = [
  ["formatting of floats", "print(0.1 + 0.2, 1e16, 1e-5, -0.0, float('inf'), 2.0 ** 70, f'{3.14159:.2f}', round(2.5))"],
  ["big integers", "print(2 ** 200, (-7) // 2, -7 % 3, pow(3, 1000, 10 ** 9 + 7), int('9' * 50) + 1)"],
  [
    "string methods",
    "print('a,b'.split(','), 'ß'.upper(), 'abc'[::-1], 'x'.center(5, '*'), '%05d' % 42, repr('\\n\\'\"'))",
  ],
  ["unicode", "print('héllo wörld ☃ 😀', len('😀'), 'é'.encode(), ord('☃'), sorted('zéa'))"],
  ["sets of integers", "print({3, 1, 2, 100, -1}, {1, 2} | {3}, frozenset([5, 4]), set(range(20)))"],
  ["dict order", "d = {'b': 1, 'a': 2}\nd['c'] = 3\ndel d['b']\nd['b'] = 4\nprint(d, list(d.items()), d | {'a': 9})"],
  ["sorting", "print(sorted([(2, 'b'), (1, 'z'), (2, 'a')], key=lambda p: -p[0]), sorted('bca', reverse=True))"],
  [
    "comprehensions and generators",
    "g = (i * i for i in range(5))\nprint(next(g), list(g), [[j for j in range(i)] for i in range(3)])",
  ],
  [
    "classes",
    "class A:\n    def __repr__(self): return 'A!'\n    def __lt__(self, o): return False\nclass B(A): pass\nprint(B(), [A()], B.__mro__[1].__name__)",
  ],
  [
    "dataclasses and enums",
    "import dataclasses, enum\n@dataclasses.dataclass(order=True)\nclass P:\n    x: int\n    y: float = 2.0\nclass E(enum.Enum): A = 1\nprint(P(1), P(1) < P(2), E.A, list(E))",
  ],
  [
    "heapq and bisect",
    "import heapq, bisect\nh = [5, 3, 8, 1]\nheapq.heapify(h)\nprint(heapq.heappop(h), h, bisect.bisect([1, 3, 5], 3), heapq.nsmallest(2, h))",
  ],
  [
    "collections",
    "from collections import *\nprint(Counter('abracadabra').most_common(2), deque([1, 2], 2), list(OrderedDict(a=1)), defaultdict(int))",
  ],
  [
    "itertools",
    "from itertools import *\nprint(list(permutations('abc', 2)), list(accumulate([1, 2, 3])), list(groupby('aab'))[0][0], list(product([0, 1], repeat=2)))",
  ],
  [
    "functools",
    "import functools\n@functools.lru_cache(None)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(80), functools.reduce(lambda a, b: a * b, range(1, 20)))",
  ],
  [
    "regular expressions",
    "import re\nprint(re.findall(r'(\\d+)-(\\w)', '12-a 3-b'), re.sub(r'\\s+', ' ', 'a  b\\n c'), re.split('[,;]', 'a,b;c'))",
  ],
  [
    "fractions and decimals",
    "from fractions import Fraction\nfrom decimal import *\nprint(Fraction(3, 6) + 1, Decimal('0.1') + Decimal('0.2'), Decimal(1) / 7)",
  ],
  [
    "seeded random numbers",
    "import random\nrandom.seed(42)\nprint(random.random(), random.randint(1, 100), random.sample(range(50), 5), random.choice('abc'))",
  ],
  [
    "dates",
    "from datetime import *\nprint(date(2024, 2, 29) + timedelta(days=366), datetime(2020, 1, 1).isoformat(), date(2024, 2, 29).weekday())",
  ],
  ["json", "import json\nprint(json.dumps({'a': [1, 2.0, None, True], 'é': 'ü'}), json.loads('[1e3, -0.0]'))"],
  [
    "struct, bytes and hashing",
    "import struct, hashlib, zlib\nprint(struct.pack('<IH', 1, 2), hashlib.md5(b'x').hexdigest(), zlib.crc32(b'abc'), bytes(3))",
  ],
  [
    "exceptions in layers",
    "try:\n    try:\n        1 / 0\n    except ZeroDivisionError as e:\n        raise ValueError('v') from e\nexcept ValueError as e:\n    print(repr(e), repr(e.__cause__))\nfinally:\n    print('end')",
  ],
  [
    "match statements",
    "def f(x):\n    match x:\n        case {'k': [a, *b]}: return a, b\n        case (1, y) | [2, y]: return y\n        case str(): return 's'\n        case _: return None\nprint(f({'k': [1, 2]}), f((1, 5)), f('q'), f(3))",
  ],
  [
    "reading lines",
    "import sys\nn = int(input())\nprint([int(x) for _ in range(n) for x in input().split()], sys.stdin.read().split())",
    "2\n1 2\n3\nrest of it\n",
  ],
  [
    "input, then the buffer, which is empty by then",
    "import sys\na = input()\nprint(a, sys.stdin.buffer.read())",
    "1\n2\n",
  ],
  [
    "interleaved reading",
    "import sys\nprint(sys.stdin.readline(), next(sys.stdin), sys.stdin.readlines(), sys.stdin.isatty())",
    "a\nb\nc\nd",
  ],
  ["exit codes", "import sys\nprint('x')\nsys.exit(3)"],
  ["exit with a text", "print('x')\nraise SystemExit('bye')"],
  ["an uncaught exception", "print('x')\n[][1]"],
  [
    "output at exit and in finalisers",
    "import atexit\nclass D:\n    def __del__(self): print('gone')\nd = D()\natexit.register(print, 'bye')\nprint('end')",
  ],
  [
    "a swapped standard output",
    "import sys, io\nold = sys.stdout\nsys.stdout = io.StringIO()\nprint('hidden')\ntext = sys.stdout.getvalue()\nsys.stdout = old\nprint(len(text))",
  ],
  ["deep recursion", "import sys\nsys.setrecursionlimit(10000)\ndef f(n): return n and 1 + f(n - 1)\nprint(f(5000))"],
  ["recursion without end", "def f(): return f()\ntry: f()\nexcept RecursionError: print('deep')"],
  [
    "asyncio",
    "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n\nasync def main(): return await asyncio.gather(f(1), f(2))\nprint(asyncio.run(main()))",
  ],
];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

test.skipIf(!python).each(PROGRAMS.map(([name, source, stdin]) => [name, source, stdin ?? ""] as const))(
  "%s: as under python3",
  async (_name, source, stdin) => {
    const native = spawnSync("python3", ["-I", "-c", source], { input: stdin, encoding: "utf8" });
    const execution = await sandbox.lease((room) =>
      room.run({ request: { op: "run", name: "__main__", source, preamble: "" }, stdin, limits: defaultLimits }),
    );
    const { ending } = execution;
    const code = ending.kind === "finished" ? 0 : ending.kind === "exited" ? ending.exitCode : 1;
    expect({ stdout: execution.stdout, code }).toEqual({ stdout: native.stdout, code: native.status });
  },
);

test.skipIf(python)("python3 is not installed: nothing to compare with", () => {});
