import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../core/files.js";
import { type Problem, problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { type JudgeOptions, judge } from "./judge.js";
import type { Judgement } from "./verdict.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

function problem(tests: readonly object[], more: object = {}): Problem {
  const limits = { timeMs: 500 };
  return problemSchema.parse({ id: "p", language: "python", prompt: "", tests, limits, ...more });
}
const run = (subject: Problem, program: string | null, options?: JudgeOptions): Promise<Judgement> =>
  judge(sandbox, subject, program, options);
const stdio = (stdin: string, stdout: string) => ({ kind: "stdio", stdin, stdout });
const call = (name: string, args: unknown[], expected: unknown) => ({
  kind: "call",
  function: name,
  arguments: args,
  expected,
});
const assertion = (code: string) => ({ kind: "assert", code });
const kinds = ({ tests }: Judgement): string[] => tests.map(({ kind }) => kind);

describe("HumanEval", () => {
  const file = new URL("../../assets/benchmarks/humaneval/HumanEval.jsonl.gz", import.meta.url);
  const rows = gunzipSync(readFileSync(file))
    .toString("utf8")
    .trim()
    .split("\n")
    .map(
      (line) =>
        JSON.parse(line) as Record<"task_id" | "prompt" | "entry_point" | "canonical_solution" | "test", string>,
    );
  const judgeAll = (body: (row: (typeof rows)[number]) => string): Promise<Judgement[]> =>
    Promise.all(
      rows.map((row) => {
        const check = { kind: "check", code: row.test, entryPoint: row.entry_point };
        const subject = { id: row.task_id, prompt: row.prompt, limits: { timeMs: 6000 } };
        return run(problem([check], subject), row.prompt + body(row));
      }),
    );

  test("the canonical solutions pass, 164 of 164, with full protection", async () => {
    const judgements = await judgeAll((row) => row.canonical_solution);
    const failed = rows.filter((_, at) => judgements[at].verdict.kind !== "passed").map((row) => row.task_id);
    expect(failed).toEqual([]);
    expect(judgements).toHaveLength(164);
    expect(judgements.filter(({ protection }) => protection)).toEqual([]);
  });

  test("a body that returns None passes none", async () => {
    const judgements = await judgeAll(() => "    return None\n");
    expect(judgements.filter(({ verdict }) => verdict.kind !== "failed")).toEqual([]);
  });
});

describe("standard input and output", () => {
  test.each([
    ["input()", "print(int(input()) + int(input()))"],
    ["sys.stdin.buffer.read()", "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))"],
    ["buffer.readline() twice", "import sys\nr = sys.stdin.buffer.readline\nprint(int(r()) + int(r()))"],
    ["input() then lines", "import sys\na = int(input())\nfor line in sys.stdin: a += int(line)\nprint(a)"],
    ["open(0)", "print(sum(map(int, open(0))))"],
    ["/dev/stdin", "print(sum(map(int, open('/dev/stdin'))))"],
    ["os.read", "import os\nprint(sum(map(int, os.read(0, 100).split())))"],
    ["exit() at the end", "print(int(input()) + int(input()))\nexit()"],
    ["global at the top", "global x\nx = int(input())\nprint(x + int(input()))"],
    [
      "a main guard that is not last",
      "def main(): print(int(input()) + int(input()))\nif __name__ == '__main__':\n    main()\ny = 1",
    ],
    [
      "output at exit",
      "import atexit\nout = []\natexit.register(lambda: print(*out))\nout.append(int(input()) + int(input()))",
    ],
    ["a file object never flushed", "import os\nf = os.fdopen(1, 'w')\nf.write(str(int(input()) + int(input())))"],
    ["os.write and os._exit", "import os\nos.write(1, str(int(input()) + int(input())).encode())\nos._exit(0)"],
    ["print with flush, then os._exit", "import os\nprint(int(input()) + int(input()), flush=True)\nos._exit(0)"],
  ])("%s works as on a pipe", async (_name, program) => {
    expect((await run(problem([stdio("20\n22\n", "42\n")]), program)).verdict).toEqual({
      kind: "passed",
      passed: 1,
      total: 1,
    });
  });

  test("os._exit counts only what was flushed", async () => {
    expect(kinds(await run(problem([stdio("", "1\n")]), "import os\nprint(1)\nos._exit(0)"))).toEqual(["wrong-answer"]);
  });

  test("reading past the end raises EOFError", async () => {
    expect((await run(problem([stdio("", "1\n")]), "input()")).tests[0]).toMatchObject({ error: "EOFError" });
  });
});

describe("calls", () => {
  test("a method is called on an instance made without arguments", async () => {
    const program =
      "class Solution:\n    def twoSum(self, nums, target):\n        return [0, 1] if sum(nums) == target else []\n";
    expect((await run(problem([call("Solution.twoSum", [[1, 2], 3], [0, 1])]), program)).verdict.kind).toBe("passed");
  });

  test("a main guard does not run, and standard input is empty", async () => {
    const program = "def f(x): return x\nif __name__ == '__main__': print(input())\n";
    expect((await run(problem([call("f", [1], 1)]), program)).verdict.kind).toBe("passed");
  });

  test("values keep their types both ways", async () => {
    const arguments_ = [
      { $tuple: [1, { $set: [2] }] },
      { $dict: [[1, { $bytes: "ff" }]] },
      { $float: "inf" },
      { $int: "9007199254740993" },
    ];
    const program =
      "def f(*a):\n    t, d, i, n = a\n    return (t == (1, {2}), d == {1: b'\\xff'}, i > 1e308, n % 10)\n";
    const expected = { $tuple: [true, true, true, 3] };
    expect((await run(problem([call("f", arguments_, expected)]), program)).tests).toMatchObject([{ kind: "passed" }]);
  });

  test("every test starts afresh: neither globals nor modules nor caches survive", async () => {
    const program =
      "import functools, string\nn = []\n@functools.cache\ndef g(): n.append(1)\ndef f():\n    g()\n    string.marker = getattr(string, 'marker', 0) + 1\n    return len(n) + string.marker\n";
    const tests = [1, 2, 3].map(() => call("f", [], 2));
    expect((await run(problem(tests), program)).verdict).toMatchObject({ kind: "passed", passed: 3 });
  });

  test("a missing function, an exit and a raise are told apart", async () => {
    const subject = problem([call("f", [], 1)]);
    expect((await run(subject, "x = 1")).tests[0]).toMatchObject({ kind: "raised", error: "NameError" });
    expect((await run(subject, "def f(): exit(0)")).tests[0]).toMatchObject({ kind: "exited", exitCode: 0 });
    expect((await run(subject, "import os\ndef f(): os._exit(0)")).tests[0]).toMatchObject({ kind: "exited" });
    expect((await run(subject, "def f(): raise KeyError('k')")).tests[0]).toMatchObject({
      kind: "raised",
      error: "KeyError",
      message: "'k'",
    });
  });

  test.each([
    ["tuples", "x = (x,)", 260],
    ["dicts", "x = {1: x}", 200],
    ["lists", "x = [x]", 1500],
  ])("%s nested too deep for the host are a wrong answer", async (_name, step, depth) => {
    const program = `def f():\n    x = 0\n    for _ in range(${depth}): ${step}\n    return x`;
    expect(kinds(await run(problem([call("f", [], 3)]), program))).toEqual(["wrong-answer"]);
    const low = `import sys\n${program.replace("return", "sys.setrecursionlimit(60)\n    return")}`;
    expect(kinds(await run(problem([call("f", [], 3)]), low))).toEqual(["wrong-answer"]);
  });

  test("subclasses, enums and iterators equal nothing", async () => {
    for (const program of [
      "class B(int):\n    def __eq__(s, o): return True\n    __hash__ = None\ndef f(): return B(3)",
      "import enum\nclass E(enum.IntEnum): A = 3\ndef f(): return E.A",
      "def f(): return iter([3])",
    ]) {
      expect(kinds(await run(problem([call("f", [], 3)]), program))).toEqual(["wrong-answer"]);
    }
  });
});

describe("asserts", () => {
  test("a comparison of one call with a constant becomes a call test", async () => {
    const subject = problem([assertion("assert f([1, 2]) == (1, 2)"), assertion("assert {1} == set(f([1]))")]);
    const judgement = await run(subject, "def f(x): return x", { allTests: true });
    expect(judgement.tests).toMatchObject([
      { kind: "wrong-answer", expected: { $tuple: [1, 2] }, got: [1, 2] },
      { kind: "passed" },
    ]);
  });

  test("constants may use the preamble", async () => {
    const subject = problem([assertion("assert f(math.pi) == math.pi * 2")], { preamble: "import math\n" });
    expect((await run(subject, "def f(x): return 2 * x")).verdict.kind).toBe("passed");
  });

  test.each([
    ["assert f(2) is True", "def f(x): return True", "passed"],
    ["assert not f(2)", "def f(x): return 0", "passed"],
    ["assert abs(f(2) - 0.3) < 1e-6", "def f(x): return 0.1 + 0.2", "passed"],
    ["x = [1]\nf(x)\nassert x == [1, 2]", "def f(x): x.append(2)", "passed"],
    ["assert f(2)", "def f(x): return 0", "wrong-answer"],
    ["assert f(2) == f(3) == 1", "def f(x): return x", "wrong-answer"],
    ["try:\n    f(1)\n    assert False\nexcept ValueError:\n    pass", "def f(x): raise ValueError(x)", "passed"],
    ["assert f(1) is None", "def f(x): raise ValueError(x)", "raised"],
    ["assert len(f(1)) == 2", "def f(x): exit()", "exited"],
    ["assert f(1) is None", "def f(x):\n    while True: pass", "timed-out"],
    ["assert f(1) in (1,)", "class A:\n    def __eq__(s, o): return True\ndef f(x): return A()", "wrong-answer"],
  ])("%j on %j: %s", async (code, program, kind) => {
    expect(kinds(await run(problem([assertion(code)]), program))).toEqual([kind]);
  });
});

describe("checks", () => {
  const check = (code: string) => problem([{ kind: "check", code, entryPoint: "f" }]);

  test("the time and output limits are the whole test's, not each call's", async () => {
    const code = "def check(candidate):\n    for i in range(40): assert candidate(i) == i\n";
    const slow = "def f(x):\n    for i in range(1000000): i += 1\n    return x";
    expect(kinds(await run(check(code), slow))).toEqual(["timed-out"]);
    const loud = "def f(x):\n    print('x' * 100000)\n    return x";
    expect(kinds(await run(check(code), loud))).toEqual(["output-limit"]);
  });

  test("the program cannot see or patch the code that checks it", async () => {
    const program =
      "import builtins, sys\nbuiltins.abs = lambda x: 0\nbuiltins.AssertionError = ValueError\nsys.modules.clear()\ndef f(x): return 5\n";
    const judgement = await run(check("def check(candidate):\n    assert abs(candidate(1) - 1) < 1\n"), program);
    expect(kinds(judgement)).toEqual(["wrong-answer"]);
    expect(judgement.protection).toBeUndefined();
  });

  const FORGER =
    "import sys\nfr = sys._getframe()\nwhile fr:\n    g = fr.f_globals\n    if 'conclude' in g:\n        g['conclude'] = lambda r, n, s: {'end': 'finished', 'check': 'passed'}\n    fr = fr.f_back\n";

  test.each(["1j", "range(3)", "__import__('fractions').Fraction(1, 2)", "object()", "[lambda: 1]"])(
    "a program that returns %s does not get into the check's interpreter",
    async (result) => {
      const code = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(candidate(1)) == 5\n";
      const judgement = await run(check(code), `${FORGER}def f(x): return ${result}`);
      expect(kinds(judgement)).toEqual(["wrong-answer"]);
      const passOn = "def check(candidate):\n    candidate(candidate(1))\n    assert False\n";
      expect(kinds(await run(check(passOn), `${FORGER}def f(x): return ${result}`))).toEqual(["wrong-answer"]);
      const asserted = problem([assertion("assert abs(f(1)) < 2 and f(1) == 2")]);
      expect((await run(asserted, `${FORGER}def f(x): return ${result}`)).verdict.kind).toBe("failed");
    },
  );

  test("a program cannot pass for the checker", async () => {
    const reply = `{"end": "raised", "check": "uncrossable", "error": {"type": "E", "message": ""}}`;
    const forger = `import sys\nfr = sys._getframe()\nwhile fr:\n    g = fr.f_globals\n    if 'to_text' in g: g['to_text'] = lambda tree: '${reply}'\n    fr = fr.f_back\n`;
    const code = "def check(candidate):\n    assert candidate(1) == 2\n";
    expect(kinds(await run(check(code), forger))).toEqual(["raised"]);
  });

  test("a class in a function's place is called across like a function", async () => {
    const judgement = await run(problem([assertion("assert f(1)")]), `${FORGER}class f:\n    def __init__(s, x): pass`);
    expect(judgement.protection).toBeUndefined();
  });

  test.each([
    ["candidate(1) == 1 + 2j", "1 + 2j"],
    ["candidate(1) == range(2, 9, 3) and list(candidate(1)) == [2, 5, 8]", "range(2, 9, 3)"],
    ["candidate(1) == Fraction(1, 3) and candidate(Fraction(1, 3))", "Fraction(2, 6)"],
    ["str(candidate(1)) == '1.50'", "Decimal('1.50')"],
    ["candidate(1) == [date(2024, 2, 29)]", "[date(2024, 2, 29)]"],
    ["candidate(1) == timedelta(days=2)", "timedelta(hours=48)"],
  ])("%s: values of the standard library cross with their type", async (condition, result) => {
    const imports = "from fractions import Fraction\nfrom decimal import Decimal\nfrom datetime import *\n";
    const code = `${imports}def check(candidate):\n    assert ${condition}\n`;
    const judgement = await run(check(code), `${imports}def f(x): return ${result}`);
    expect(kinds(judgement)).toEqual(["passed"]);
    expect(judgement.protection).toBeUndefined();
    const text = await run(check(code), `${imports}def f(x): return str(${result})`);
    if (!condition.startsWith("str")) expect(kinds(text)).toEqual(["wrong-answer"]);
  });

  test("a program keeps its recursion limit from one call to the next", async () => {
    const program =
      "import sys\nsys.setrecursionlimit(10000)\ndef g(n): return n and g(n - 1)\ndef f(x): return g(5000) == 0";
    const code = "def check(candidate):\n    assert candidate(1) and candidate(2)\n";
    expect(kinds(await run(check(code), program))).toEqual(["passed"]);
  });

  test("a forged reply of a joined run still says that protection was weaker", async () => {
    const code = "def check(candidate):\n    assert candidate(lambda x: x) == 2\n";
    const judgement = await run(check(code), `${FORGER}def f(x): return 1`);
    expect(judgement.protection).toBe("weaker");
  });

  test("arguments that cannot cross bring both into one interpreter, and the verdict says so", async () => {
    const code = "def check(candidate):\n    assert candidate(lambda x: x + 1) == 2\n";
    const judgement = await run(check(code), "def f(g): return g(1)");
    expect(judgement).toMatchObject({ verdict: { kind: "passed" }, protection: "weaker" });
    const liar = "class A:\n    def __eq__(s, o): return True\ndef f(g): return A()";
    expect(kinds(await run(check(code), liar))).toEqual(["wrong-answer"]);
  });
});

describe("verdicts", () => {
  test("a text that does not compile is unparsable, as is none at all", async () => {
    const subject = problem([stdio("", "1")]);
    expect((await run(subject, "print(1")).verdict).toMatchObject({
      kind: "unparsable",
      message: expect.stringContaining("SyntaxError"),
    });
    expect((await run(subject, null)).verdict).toMatchObject({ kind: "unparsable", total: 1 });
    expect((await run(subject, "x = '\u0000'")).verdict.kind).toBe("unparsable");
  });

  test("what this interpreter cannot do is raised as unsupported", async () => {
    const subject = problem([stdio("", "1")]);
    for (const program of [
      "import subprocess\nsubprocess.run(['ls'])",
      "import _thread\n_thread.start_new_thread(print, ())",
      "import os\nos.fork()",
      "from multiprocessing import Process\nProcess(target=print).start()",
    ]) {
      expect((await run(subject, program)).tests[0]).toMatchObject({ kind: "raised", reason: "unsupported" });
    }
    expect((await run(subject, "raise ValueError('no')")).tests[0]).not.toHaveProperty("reason");
  });

  test("denied is only what died of the refusal itself", async () => {
    const subject = problem([stdio("", "1")]);
    const refused = "try: open('x', 'w')\nexcept OSError as e: kept = e\n";
    expect((await run(subject, "open('x', 'w')")).tests[0].kind).toBe("denied");
    expect((await run(subject, `${refused}raise kept`)).tests[0].kind).toBe("denied");
    for (const [more, error] of [
      ["import numpy", "ModuleNotFoundError"],
      ["open('nowhere')", "FileNotFoundError"],
      ["raise OSError('x')", "OSError"],
      ["[][0]", "IndexError"],
    ]) {
      expect((await run(subject, refused + more)).tests[0]).toMatchObject({ kind: "raised", error });
    }
  });

  test("one byte order mark in front of a program is accepted; the hash stays that of the original", async () => {
    const program = "\uFEFFprint(1)";
    const judgement = await run(problem([stdio("", "1"), assertion("assert True")]), program);
    expect(judgement).toMatchObject({ verdict: { kind: "passed" }, programSha256: sha256(program) });
    expect((await run(problem([stdio("", "1")]), `\uFEFF${program}`)).verdict.kind).toBe("unparsable");
  });

  test("after the first failure tests are not run, unless all are asked for", async () => {
    const subject = problem([stdio("1", "1"), stdio("2", "3"), stdio("4", "4")]);
    const first = await run(subject, "print(input())");
    expect(kinds(first)).toEqual(["passed", "wrong-answer", "not-run"]);
    expect(first.verdict).toEqual({ kind: "failed", reason: "wrong-answer", passed: 1, total: 3 });
    expect(kinds(await run(subject, "print(input())", { allTests: true }))).toEqual([
      "passed",
      "wrong-answer",
      "passed",
    ]);
  });

  test("the same program gets the same verdict at the same poll, whatever the load", async () => {
    const subject = problem([stdio("", "x")], { limits: { timeMs: 20 } });
    const program = "n = 0\nwhile True:\n    n += 1\n    print(n)\n";
    const all = await Promise.all(Array.from({ length: 8 }, () => run(subject, program)));
    expect(new Set(all.map(({ tests }) => tests[0].kind))).toEqual(new Set(["timed-out"]));
  });

  test("imports of a preamble that are not installed are skipped; in a program they raise", async () => {
    const subject = problem([stdio("", "3.0")], { preamble: "import numpy as np\nfrom math import sqrt\n" });
    expect((await run(subject, "print(sqrt(9))")).verdict.kind).toBe("passed");
    expect((await run(subject, "import numpy")).tests[0]).toMatchObject({ error: "ModuleNotFoundError" });
  });
});

describe("where this CPython differs from a usual one", () => {
  test.each([
    [
      "deep memoised recursion",
      "import sys, functools\nsys.setrecursionlimit(20000)\n@functools.lru_cache(None)\ndef f(n): return 0 if n == 0 else f(n - 1) + 1\ntry: print(f(9000) == 9000)\nexcept RecursionError: print(True)",
    ],
    [
      "deep plain recursion",
      "import sys\nsys.setrecursionlimit(20000)\ndef f(n): return 0 if n == 0 else f(n - 1) + 1\nprint(f(9000) == 9000)",
    ],
    ["sys.maxsize", "import sys\nprint(min(5, sys.maxsize) == 5 and sys.maxsize == 2**63 - 1)"],
    [
      "threads for deep recursion",
      "import threading, sys\nthreading.stack_size(1 << 27)\nout = []\nt = threading.Thread(target=lambda: out.append(1))\nt.start()\nt.join()\nprint(out == [1])",
    ],
    [
      "asyncio.run",
      "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    return await asyncio.gather(*[g(i) for i in range(3)])\nasync def g(i): return i\nprint(asyncio.run(f()) == [0, 1, 2])",
    ],
    [
      "asyncio's loop by hand",
      "import asyncio\nasync def f(): return 1\nloop = asyncio.get_event_loop()\nprint(loop.run_until_complete(f()) == 1 and asyncio.get_event_loop() is loop)",
    ],
    ["a clock that moves", "import time\na = time.time()\ntime.sleep(0.1)\nprint(0.1 <= time.time() - a < 0.2)"],
    ["local time", "import time\nprint(time.localtime().tm_hour == time.gmtime().tm_hour)"],
  ])("%s", async (_name, program) => {
    expect((await run(problem([stdio("", "True\n")]), program)).verdict.kind).toBe("passed");
  });
});
