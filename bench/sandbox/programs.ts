// The mixed set of small programs that sandboxes are measured on: 60 % correct, 20 % wrong, 14 % raising, 2 % looping,
// 4 % printing a lot. Each reads standard input; what it must print is computed here, not by any Python.

import { Rng } from "../../src/core/rng.js";

type ProgramKind = "correct" | "wrong" | "raising" | "looping" | "loud";

export interface MixedProgram {
  readonly kind: ProgramKind;
  readonly program: string;
  readonly stdin: string;
  readonly stdout: string;
}

interface Template {
  /** `[right, wrong]`: what to exchange in the program for a wrong one. */
  readonly bug: readonly [string, string];
  readonly program: string;
  readonly make: (rng: Rng) => { readonly stdin: string; readonly stdout: string };
}

const SHARES: ReadonlyArray<readonly [ProgramKind, number]> = [
  ["correct", 0.6],
  ["wrong", 0.2],
  ["raising", 0.14],
  ["looping", 0.02],
  ["loud", 0.04],
];
const RAISING = [
  "[][3]",
  "{}['key']",
  "int('seven')",
  "1 // 0",
  "raise KeyError('gone')",
  "import not_installed",
  "assert 1 > 2",
  "undefined + 1",
];
const LOUD = "for i in range(20000):\n    print(i, '=' * 40)\n";

/** @param count  at least 50, so that every kind occurs */
export function mixedPrograms(count: number, seed: number): MixedProgram[] {
  const rng = Rng.of("mixed programs", seed);
  const kinds = SHARES.flatMap(([kind, share]) => new Array<ProgramKind>(Math.round(share * count)).fill(kind));
  return rng.shuffled(kinds).map((kind, index) => {
    const { program, bug, make } = TEMPLATES[index % TEMPLATES.length];
    const test = make(rng);
    return { kind, program: spoil(program, bug, kind, rng), ...test };
  });
}

function spoil(program: string, [right, wrong]: readonly [string, string], kind: ProgramKind, rng: Rng): string {
  switch (kind) {
    case "correct":
      return program;
    case "wrong":
      return program.replace(right, wrong);
    case "raising":
      return `${program}${rng.pick(RAISING)}\n`;
    case "looping":
      return `${program}while True:\n    pass\n`;
    case "loud":
      return program + LOUD;
    default:
      return kind satisfies never;
  }
}

const numbers = (rng: Rng, count: number, low: number, high: number): number[] =>
  Array.from({ length: count }, () => rng.integer(low, high));

const TEMPLATES: readonly Template[] = [
  {
    program:
      "count = int(input())\nvalues = [int(word) for word in input().split()]\nbest = here = values[0]\nfor value in values[1:]:\n    here = max(value, here + value)\n    best = max(best, here)\nprint(best)\n",
    bug: ["here + value)", "here - value)"],
    make: (rng) => {
      const values = [50, ...numbers(rng, rng.integer(3, 30), 1, 50)];
      return { stdin: `${values.length}\n${values.join(" ")}\n`, stdout: `${sum(values)}\n` };
    },
  },
  {
    program:
      "limit = int(input())\nmarks = bytearray([1]) * (limit + 1)\nmarks[0:2] = b'\\0\\0'\np = 2\nwhile p * p <= limit:\n    if marks[p]:\n        for multiple in range(p * p, limit + 1, p):\n            marks[multiple] = 0\n    p += 1\nprint(sum(marks))\n",
    bug: ["sum(marks)", "sum(marks) - 1"],
    make: (rng) => {
      const limit = rng.integer(50, 3000);
      let primes = 0;
      for (let n = 2; n <= limit; n++) primes += Number(isPrime(n));
      return { stdin: `${limit}\n`, stdout: `${primes}\n` };
    },
  },
  {
    program:
      "from collections import Counter\n\ndef commonest(words):\n    return min(Counter(words).items(), key=lambda pair: (-pair[1], pair[0]))\n\nword, times = commonest(input().split())\nprint(word, times)\n",
    bug: ["-pair[1]", "pair[1]"],
    make: (rng) => {
      const words = ["a", "a", "a", ...Array.from({ length: 30 }, () => rng.pick(["b", "cc", "d", "ee", "foo"])), "zz"];
      const counts = new Map<string, number>();
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      const [word, times] = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0];
      return { stdin: `${words.join(" ")}\n`, stdout: `${word} ${times}\n` };
    },
  },
  {
    program:
      "import sys\n\ndef solve():\n    numbers = list(map(int, sys.stdin.read().split()))\n    capacity, weights, values = numbers[0], numbers[1::2], numbers[2::2]\n    best = [0] * (capacity + 1)\n    for weight, value in zip(weights, values):\n        for room in range(capacity, weight - 1, -1):\n            best[room] = max(best[room], best[room - weight] + value)\n    return best[capacity]\n\nif __name__ == '__main__':\n    print(solve())\n",
    bug: ["print(solve())", "print(-solve())"],
    make: (rng) => {
      const capacity = rng.integer(50, 300);
      const items = Array.from({ length: rng.integer(20, 60) }, () => [rng.integer(1, 20), rng.integer(1, 50)]);
      const best = new Array<number>(capacity + 1).fill(0);
      for (const [weight, value] of items) {
        for (let room = capacity; room >= weight; room--)
          best[room] = Math.max(best[room], best[room - weight] + value);
      }
      return {
        stdin: `${capacity}\n${items.map((item) => `${item.join(" ")}\n`).join("")}`,
        stdout: `${best[capacity]}\n`,
      };
    },
  },
  {
    program:
      "import sys\nfrom collections import deque\n\nread = sys.stdin.readline\nnodes, edges = map(int, read().split())\nnear = {node: set() for node in range(nodes)}\nfor _ in range(edges):\n    a, b = map(int, read().split())\n    near[a].add(b)\n    near[b].add(a)\nseen = {0}\nqueue = deque(seen)\nwhile queue:\n    for node in near[queue.popleft()] - seen:\n        seen.add(node)\n        queue.append(node)\nprint(len(seen))\n",
    bug: ["print(len(seen))", "print(len(seen) + 1)"],
    make: (rng) => {
      const nodes = rng.integer(10, 60);
      const edges = Array.from({ length: nodes }, () => [rng.integer(0, nodes - 1), rng.integer(0, nodes - 1)]);
      const seen = new Set([0]);
      for (const node of seen) {
        for (const [a, b] of edges) {
          if (a === node) seen.add(b);
          if (b === node) seen.add(a);
        }
      }
      const lines = edges.map((edge) => `${edge.join(" ")}\n`).join("");
      return { stdin: `${nodes} ${edges.length}\n${lines}`, stdout: `${seen.size}\n` };
    },
  },
  {
    program:
      "def ways(n):\n    if n < 2:\n        return 1\n    return ways(n - 1) + ways(n - 2)\n\nprint(ways(int(input())))\n",
    bug: ["return 1", "return 2"],
    make: (rng) => {
      const n = rng.integer(5, 17);
      let [before, last] = [1, 1];
      for (let i = 1; i < n; i++) [before, last] = [last, before + last];
      return { stdin: `${n}\n`, stdout: `${last}\n` };
    },
  },
  {
    program:
      "import math, itertools\n\nn = int(input())\nfactors = []\nfor divisor in itertools.count(2):\n    if divisor > math.isqrt(n):\n        break\n    while n % divisor == 0:\n        factors.append(divisor)\n        n //= divisor\nif n > 1:\n    factors.append(n)\nprint(*factors)\n",
    bug: ["print(*factors)", "print(*factors, 1)"],
    make: (rng) => {
      const n = rng.integer(2, 1_000_000);
      const factors: number[] = [];
      let rest = n;
      for (let divisor = 2; divisor <= rest; divisor++) {
        for (; rest % divisor === 0; rest /= divisor) factors.push(divisor);
      }
      return { stdin: `${n}\n`, stdout: `${factors.join(" ")}\n` };
    },
  },
  {
    program:
      "import re, sys\n\nfound = [int(digits) for digits in re.findall(r'\\d+', sys.stdin.read())]\nprint(len(found), sum(found))\n",
    bug: ["sum(found)", "sum(found) + 1"],
    make: (rng) => {
      const text = Array.from({ length: 200 }, () => rng.pick(["x", "y", "z", "1", "2", "3", " "])).join("");
      const found = [...text.matchAll(/\d+/g)].map(([digits]) => BigInt(digits));
      return { stdin: text, stdout: `${found.length} ${found.reduce((a, b) => a + b, 0n)}\n` };
    },
  },
];

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}
