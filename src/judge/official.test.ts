// The differential table of the published harness (LiveCodeBench's, as vendored by CodeRL+), each row in both modes:
// what `official` says is what that harness was seen to say; `strict` is what a program earns.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Float } from "../core/json.js";
import { type Problem, problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { Mode } from "./compare.js";
import { judge } from "./judge.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

const PREAMBLE = "import sys\nimport os\n";
function problem(tests: readonly object[], more: object = {}): Problem {
  return problemSchema.parse({
    id: "p",
    language: "python",
    prompt: "",
    preamble: PREAMBLE,
    limits: { timeMs: 1000 },
    tests,
    ...more,
  });
}
const stdio = (stdin: string, stdout: string, more: object = {}) => problem([{ kind: "stdio", stdin, stdout }], more);
const call = (argument: unknown, expected: unknown, name = "f") =>
  problem([{ kind: "call", function: name, arguments: [argument], expected }]);
async function outcome(subject: Problem, program: string, mode: Mode): Promise<string> {
  const { tests, verdict } = await judge(sandbox, subject, program, { mode });
  const [first] = tests;
  if (first?.kind === "raised") return `raised ${first.error}`;
  return first?.kind ?? verdict.kind;
}

const TWO = stdio("20\n22\n", "42\n");
type Row = readonly [name: string, subject: Problem, program: string, official: string, strict: string];

const STDIN: readonly Row[] = [
  ["plain input()", TWO, "print(int(input()) + int(input()))", "passed", "passed"],
  [
    "sys.stdin.buffer.read()",
    TWO,
    "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))",
    "raised AttributeError",
    "passed",
  ],
  [
    "buffer.readline() twice",
    TWO,
    "import sys\nr = sys.stdin.buffer.readline\nprint(int(r()) + int(r()))",
    "raised AttributeError",
    "passed",
  ],
  [
    "input() then buffer.read()",
    stdio("20\n22\n", "20 b''\n"),
    "import sys\nprint(int(input()), sys.stdin.buffer.read())",
    "raised AttributeError",
    "passed",
  ],
  [
    "input() then the lines of sys.stdin",
    TWO,
    "import sys\na = int(input())\nfor l in sys.stdin:\n    a += int(l)\nprint(a)",
    "passed",
    "passed",
  ],
  ["exit() at the end", TWO, "print(int(input()) + int(input()))\nexit()", "raised TypeError", "passed"],
  ["sys.exit() at the end", TWO, "import sys\nprint(int(input()) + int(input()))\nsys.exit()", "passed", "passed"],
  [
    "a variable at the top, set by global",
    TWO,
    "x = 0\ndef add():\n    global x\n    x += int(input())\nadd()\nadd()\nprint(x)",
    "raised NameError",
    "passed",
  ],
  [
    "a main guard that is last",
    TWO,
    "def main():\n    print(int(input()) + int(input()))\nif __name__ == '__main__':\n    main()",
    "passed",
    "passed",
  ],
  [
    "a main guard that is not last",
    TWO,
    "def main():\n    print(int(input()) + int(input()))\nif __name__ == '__main__':\n    main()\ny = 1",
    "wrong-answer",
    "passed",
  ],
  [
    "from sys import stdin, read by line",
    TWO,
    "from sys import stdin\nprint(int(stdin.readline()) + int(stdin.readline()))",
    "passed",
    "passed",
  ],
  ["open(0)", TWO, "print(sum(map(int, open(0).read().split())))", "passed", "passed"],
  ["os._exit(0) before any output", TWO, "import os\nos._exit(0)\nprint(42)", "exited", "wrong-answer"],
  ["output past the stream", TWO, "import os\nos.write(1, b'42\\n')", "wrong-answer", "passed"],
  ["an uncaught exception after the output", TWO, "print(42)\n[][0]", "raised IndexError", "raised IndexError"],
];

const OUTPUT: readonly Row[] = [
  ["0.1 + 0.2 for 0.3", stdio("", "0.3\n"), "print(0.1 + 0.2)", "passed", "wrong-answer"],
  ["1.0000001 for 1.0", stdio("", "1.0\n"), "print(1.0000001)", "passed", "wrong-answer"],
  ["3.0 for 3", stdio("", "3\n"), "print(3.0)", "passed", "passed"],
  ["an extra blank line between outputs", stdio("", "1\n2\n"), "print('1\\n\\n2')", "passed", "wrong-answer"],
  ["a double space inside", stdio("", "1 2\n"), "print('1  2')", "wrong-answer", "passed"],
  ["Yes for YES", stdio("", "YES\n"), "print('Yes')", "wrong-answer", "wrong-answer"],
  ["swapped lines", stdio("", "a\nb\n"), "print('b\\na')", "wrong-answer", "wrong-answer"],
];

const LIST_THAT_EQUALS_ALL = "class L(list):\n    def __eq__(self, other):\n        return True\ndef f(x): return L()";
const equalsAll = (kind: string) =>
  `class L(${kind}):\n    __eq__ = lambda self, other: True\n    __hash__ = None\ndef f(x): return L()`;
const VALUES: readonly Row[] = [
  ["the first element of what is expected", call(1, [4, 5]), "def f(x): return 4", "passed", "wrong-answer"],
  ["a tuple for a list", call(1, [1, 2]), "def f(x): return (1, 2)", "passed", "wrong-answer"],
  ["nested tuples", call(1, [[1], [2]]), "def f(x): return ((1,), (2,))", "wrong-answer", "wrong-answer"],
  ["0.1 + 0.2 for 0.3", call(1, new Float(0.3)), "def f(x): return 0.1 + 0.2", "wrong-answer", "wrong-answer"],
  ["1 for true", call(1, true), "def f(x): return 1", "passed", "passed"],
  ["a list whose == says yes", call(1, [1]), LIST_THAT_EQUALS_ALL, "passed", "wrong-answer"],
  [
    "a list of a class of its own",
    call(1, [1]),
    "class L(list): pass\ndef f(x): return L([x])",
    "passed",
    "wrong-answer",
  ],
  ["a text whose == says yes", call(1, "a"), equalsAll("str"), "passed", "wrong-answer"],
  ["a dict whose == says yes", call(1, { a: 1 }), equalsAll("dict"), "passed", "wrong-answer"],
  ["a number whose == says yes", call(1, 2), equalsAll("int"), "passed", "wrong-answer"],
  ["an object whose == says yes", call(1, 2), equalsAll("object"), "wrong-answer", "wrong-answer"],
  ["os._exit(0)", call(1, [1]), "import os\ndef f(x): os._exit(0)", "exited", "exited"],
  ["exit()", call(1, [1]), "def f(x): exit()", "raised TypeError", "exited"],
  [
    "a function where a class is expected",
    call(1, 2, "Solution.f"),
    "def f(x): return x + 1",
    "passed",
    "raised NameError",
  ],
];

describe.each([
  ["standard input", STDIN],
  ["standard output", OUTPUT],
  ["values", VALUES],
])("%s", (_part, rows) => {
  test.each(rows)("%s", async (_name, subject, program, official, strict) => {
    expect(await outcome(subject, program, "official")).toBe(official);
    expect(await outcome(subject, program, "strict")).toBe(strict);
  });
});

test("a tuple is equal to the list it is expected as only where the problem says so", async () => {
  const subject = { ...call(1, [[1], [2]]), comparison: { floatTolerance: null, unordered: false, tupleAsList: true } };
  expect(await outcome(subject, "def f(x): return ((1,), (2,))", "strict")).toBe("passed");
});

test("an empty list of tests, which the published harness lets pass, is no problem at all", () => {
  expect(() => problem([])).toThrow(/expected at least one test/);
});

test("what one program did to the built-ins is undone for the next", async () => {
  await outcome(TWO, "exit = 1\nimport builtins\nbuiltins.print = None", "official");
  expect(await outcome(TWO, "print(int(input()) + int(input()))\nexit()", "strict")).toBe("passed");
});

test("the output limit holds for a stream in memory too", async () => {
  const subject = stdio("", "x", { limits: { timeMs: 1000, outputBytes: 1000 } });
  expect(await outcome(subject, "print('ä' * 501)", "official")).toBe("output-limit");
});
