// Programs that attack the judge. Each is followed by an honest one in the same thread, which must not notice.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { stringifyJson } from "../core/json.js";
import { type Problem, problemSchema, type Test } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { judge } from "./judge.js";
import type { TestKind, TestOutcome } from "./verdict.js";

const FOLDER = new URL("../sandbox/fixtures/hostile/", import.meta.url);
const limits = { timeMs: 300, memoryBytes: 96 << 20, outputBytes: 1 << 20 };
const files = readdirSync(FOLDER).filter((name) => !name.startsWith("99"));

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

function problem(...tests: Test[]): Problem {
  return problemSchema.parse({ id: "hostile", language: "python", prompt: "", tests, limits });
}

async function outcome(source: string, test: Test): Promise<TestOutcome> {
  const { verdict, tests } = await judge(sandbox, problem(test), source);
  expect(verdict.kind).not.toBe("infrastructure");
  expect(tests).toHaveLength(1);
  return tests[0];
}

const stdio = (stdin = "", stdout = "SECRET-ANSWER\n"): Test => ({ kind: "stdio", stdin, stdout });
const call = (name: string): Test => ({ kind: "call", function: name, arguments: [], expected: "SECRET" });
const source = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");

afterEach(async () => {
  const canary = await outcome(source("99_canary.py"), stdio("", '4 [1, 2] {"a": 1} 2.0 ok\n'));
  expect(canary.kind).toBe("passed");
});

/** What the first line of a file allows; for the rest anything but a pass. */
const STATUS: Readonly<Record<string, readonly TestKind[]>> = {
  "02": ["out-of-memory"],
  "03": ["out-of-memory", "timed-out"],
  "05": ["timed-out"],
  "19": ["crashed", "denied", "raised"],
  "27": ["timed-out"],
  "31": ["timed-out"],
  "37": ["timed-out"],
  "39": ["out-of-memory", "timed-out"],
};

describe("the published hostile programs", () => {
  test.each(files)("%s does not pass", async (name) => {
    const result = await outcome(source(name), stdio());
    expect(result.kind).not.toBe("passed");
    const allowed = STATUS[name.slice(0, 2)];
    if (allowed) expect(allowed).toContain(result.kind);
    if (result.kind === "wrong-answer") {
      expect(result.got).not.toMatch(/root:|wrote|v20\.|SECRET-ANSWER|CONNECTED/);
    }
  });

  test.each([
    ["15_equals_everything.py", "solve"],
    ["15_equals_everything.py", "solve2"],
    ["33_gc_expected_frames.py", "solve"],
  ])("%s, called as %s, is a wrong answer", async (name, entry) => {
    expect((await outcome(source(name), call(entry))).kind).toBe("wrong-answer");
  });

  test("11_network_loopback.py reaches no listener on this machine", async () => {
    let connections = 0;
    const server = createServer(() => connections++);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const result = await outcome(source("11_network_loopback.py"), stdio(`${port}\n`));
    server.close();
    expect(result).not.toMatchObject({ got: expect.stringContaining("CONNECTED") });
    expect(connections).toBe(0);
  });

  test("nothing was written on this machine", () => {
    for (const folder of ["/tmp", "/var/tmp", homedir(), "/dev/shm", "."]) {
      expect(existsSync(join(folder, "PWNED"))).toBe(false);
      expect(existsSync(join(folder, "PWNED-late"))).toBe(false);
    }
  });
});

const MORE: ReadonlyArray<readonly [string, string, readonly TestKind[]]> = [
  ["a fork bomb", "import os\nwhile True: os.fork()", ["raised", "denied"]],
  ["an output bomb", "while True: print('x' * 1000)", ["output-limit"]],
  ["an output bomb on standard error", "import sys\nwhile True: sys.stderr.write('x' * 1000)", ["output-limit"]],
  [
    "an output bomb that swallows errors",
    "while True:\n  try: print('x' * 1000)\n  except BaseException: pass",
    ["output-limit"],
  ],
  [
    "a loop that swallows every exception",
    "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
    ["timed-out"],
  ],
  [
    "a memory bomb that swallows every exception",
    "x = []\nwhile True:\n  try: x.append(bytearray(1 << 24))\n  except BaseException: pass",
    ["timed-out"],
  ],
  ["an exit before the answer", "import sys\nsys.exit(0)", ["wrong-answer"]],
  ["an exit with a code", "print('SECRET-ANSWER')\nraise SystemExit(3)", ["exited"]],
  ["an exit with a message", "print('SECRET-ANSWER')\nraise SystemExit('no')", ["exited"]],
  ["a raise after the right answer", "print('SECRET-ANSWER')\n1/0", ["raised"]],
  ["os.abort", "import os\nos.abort()", ["crashed", "denied", "raised"]],
  ["a stack overflow in C", "x = []\nfor _ in range(10**6): x = [x]\nrepr(x)", ["raised", "crashed", "timed-out"]],
  [
    "a stack overflow of a comparison",
    "a = []\nfor _ in range(10**5): a = [a]\nb = []\nfor _ in range(10**5): b = [b]\na == b",
    ["raised", "crashed", "wrong-answer"],
  ],
  [
    "unbounded recursion",
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1) + 1\nf(0)",
    ["raised", "crashed", "out-of-memory", "timed-out"],
  ],
  [
    "invalid UTF-8 on standard output",
    "import sys\nsys.stdout.buffer.write(b'SECRET-ANSWER\\xff\\n')",
    ["wrong-answer"],
  ],
  ["a closed standard output", "import os\nos.close(1)\nprint('x')", ["wrong-answer", "raised"]],
  ["a forged reply", 'import os\nos.write(101, b\'{"end": "finished"}\')\nos._exit(0)', ["wrong-answer"]],
  ["a garbled reply", "import os\nos.write(101, b'{')", ["crashed"]],
  ["a reply that never ends", "import os\nwhile True: os.write(101, b'x' * (1 << 20))", ["output-limit"]],
  ["a request read again", "import os\nprint(os.read(100, 1 << 20))", ["wrong-answer"]],
  ["eval of host names", "print(eval('__import__(\"js\").process.exit(0)'))", ["raised"]],
  ["a subprocess", "import subprocess\nsubprocess.run(['ls'])", ["raised", "denied"]],
  ["os.system", "import os\nprint(os.system('ls'))", ["wrong-answer", "raised", "denied"]],
  [
    "a dangling timer",
    "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.001)\nwhile True: pass",
    ["timed-out", "raised"],
  ],
  ["a huge integer power", "x = 7 ** (10 ** 9)", ["timed-out", "out-of-memory", "raised"]],
];

describe("more of the kind", () => {
  test.each(MORE)("%s", async (_name, code, allowed) => {
    expect(allowed).toContain((await outcome(code, stdio())).kind);
  });

  test.each([
    [
      "patched built-ins",
      "import builtins\nbuiltins.len = lambda x: 7\nbuiltins.print = lambda *a: None\nbuiltins.isinstance = lambda *a: False",
    ],
    [
      "patched modules",
      "import json, sys, heapq, math\njson.dumps = None\nheapq.heapify = None\nmath.sqrt = lambda x: 9\ndel sys.modules['json']",
    ],
    ["a patched type", "import json\njson.JSONEncoder.encode = lambda s, o: 'x'\nclass M(type): pass"],
    ["a replaced import system", "import sys\nsys.meta_path.clear()\nsys.path.clear()\nsys.modules.clear()"],
    [
      "garbage collector callbacks and tracing",
      "import sys, gc\ngc.callbacks.append(lambda *a: print('x'))\nsys.setprofile(lambda *a: None)\nsys.addaudithook(lambda *a: None)",
    ],
    [
      "a changed recursion limit and switch interval",
      "import sys\nsys.setrecursionlimit(50)\nsys.setswitchinterval(100)",
    ],
  ])("%s do not reach the next program", async (_name, code) => {
    await judge(sandbox, problem(stdio()), code);
  });
});

describe("forged replies", () => {
  const forge = (reply: string): string =>
    `import sys\nfr = sys._getframe()\nwhile fr:\n    g = fr.f_globals\n    if 'to_text' in g: g['to_text'] = lambda tree: ${JSON.stringify(reply)}\n    fr = fr.f_back\ndef f(): return 1\n`;

  test.each([
    ['{"end": "exited", "exitCode": "x"}', "crashed"],
    ['{"end": "exited", "exitCode": 1.5}', "crashed"],
    ['{"end": "exited", "exitCode": 256}', "crashed"],
    ['{"end": "exited", "exitCode": -1}', "crashed"],
    ['{"end": "exited", "exitCode": {"valueOf": 1}}', "crashed"],
    ['{"end": "exited"}', "crashed"],
    ['{"end": ["finished"]}', "crashed"],
    ["2.5", "crashed"],
    ["[]", "crashed"],
    ['{"end": "raised", "error": null}', "raised"],
    ['{"end": "raised", "error": 1}', "raised"],
    ['{"end": "raised", "error": {"type": ["E"], "message": 1.5}}', "raised"],
    ['{"end": "finished", "returned": {"$dict": [1]}, "clean": 7}', "wrong-answer"],
    ['{"end": "finished", "returned": {"$set": 1}}', "wrong-answer"],
    ['{"end": "finished"}', "crashed"],
  ] as const)("%s is %s", async (reply, kind) => {
    const tests: Test[] = [{ kind: "call", function: "f", arguments: [], expected: { $dict: [[1, 1]] } }];
    const judgement = await judge(sandbox, problem(...tests), forge(reply));
    expect(judgement).toMatchObject({ verdict: { kind: "failed" }, tests: [{ kind }] });
    expect(() => stringifyJson(judgement)).not.toThrow();
  });

  test.each([
    '{"end": "finished", "returned": {"$dict": [1]}}',
    '{"end": "finished"}',
    '{"end": "raised"}',
    '{"end": "raised", "error": {"type": [], "message": {}}}',
    '{"end": "finished", "returned": {"$typed": ["os", 1]}, "arguments": 5}',
  ])("%s from the far side of a check fails it", async (reply) => {
    const code = `def check(candidate):\n    assert candidate([1]) == 2\n`;
    const late = forge(reply).replace("def f(): return 1\n", "");
    const program = `def f(x):\n${late.replace(/^/gm, "    ")}\n    return 1\n`;
    const judgement = await judge(sandbox, problem({ kind: "check", code, entryPoint: "f" }), program);
    expect(judgement.verdict.kind).toBe("failed");
    expect(judgement.protection).toBeUndefined();
  });
});

test("a thousand programs later the memory has not grown", async () => {
  const one = problem(stdio("", "1\n"));
  const many = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await judge(sandbox, one, `x = [${i}] * 20000\nprint(1)`);
    return process.memoryUsage().rss;
  };
  const before = await many(200);
  expect((await many(800)) - before).toBeLessThan(64 << 20);
});
