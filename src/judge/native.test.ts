// The judge over the native engine: the attacks that the wasm engine withstands, and the same verdicts on usual programs.

import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { mixedPrograms } from "../../bench/sandbox/programs.js";
import { CancelledError } from "../core/errors.js";
import { type Problem, problemSchema, type Test } from "../problems/problem.js";
import { NativeEngine } from "../sandbox/native/native.js";
import { type Proof, probe } from "../sandbox/native/probe.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { OpenRoom } from "../sandbox/slot.js";
import { judge } from "./judge.js";
import type { Judgement, TestKind } from "./verdict.js";

const FOLDER = new URL("../sandbox/fixtures/hostile/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => !name.startsWith("99"));
const limits = { timeMs: 400, memoryBytes: 96 << 20, outputBytes: 1 << 20 };
const proof: Proof = await probe();
if (proof.why !== null) process.stderr.write(`skipped, no native engine here: ${proof.why}\n`);

let native: Sandbox;
let wasm: Sandbox;
beforeAll(async () => {
  wasm = await openSandbox({ workers: 1 });
  if (proof.why === null) native = await openSandbox({ workers: 1, engine: "native" });
});
afterAll(() => Promise.all([wasm.close(), native?.close()]));

const source = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");
const stdio = (stdin: string, stdout: string): Test => ({ kind: "stdio", stdin, stdout });

function problem(tests: Test[], more: object = {}): Problem {
  return problemSchema.parse({ id: "p", language: "python", prompt: "", tests, limits, ...more });
}

/** What must agree: the kind, and what the program said. Times and error texts may differ. */
function gist({ verdict, tests }: Judgement): unknown {
  const outcomes = tests.map((outcome) => [outcome.kind, "error" in outcome ? outcome.error : ""]);
  return { kind: verdict.kind, outcomes, got: tests.map((outcome) => ("got" in outcome ? outcome.got : "")) };
}

const KINDS: Readonly<Record<string, readonly TestKind[]>> = {
  memory: ["out-of-memory"],
  timeout: ["timed-out"],
  error: ["raised", "crashed", "denied", "exited"],
};

/** What the first line of a file says of the end; null where any end but a pass will do. */
function statedKinds(text: string): readonly TestKind[] | null {
  const stated = /^# EXPECT: (?:verdict != pass; )?status ([a-z|]+)/.exec(text)?.[1].split("|") ?? [];
  return stated.every((word) => word in KINDS) && stated.length > 0 ? stated.flatMap((word) => KINDS[word]) : null;
}

describe.skipIf(proof.why !== null)("hostile programs, run natively", () => {
  afterEach(async () => {
    const canary = await judge(native, problem([stdio("", '4 [1, 2] {"a": 1} 2.0 ok\n')]), source("99_canary.py"));
    expect(canary).toMatchObject({ verdict: { kind: "passed" }, engine: `native/cpython-${proof.python?.version}` });
  });

  test.each(files)("%s does not pass", async (name) => {
    const { verdict, tests } = await judge(native, problem([stdio("", "SECRET-ANSWER\n")]), source(name));
    expect(verdict.kind).toBe("failed");
    const stated = statedKinds(source(name));
    if (stated) expect(stated).toContain(tests[0].kind);
    if (tests[0].kind === "wrong-answer") {
      expect(tests[0].got).not.toMatch(/root:|wrote|v20\.|SECRET-ANSWER|CONNECTED/);
    }
  });

  test.each([
    ["15_equals_everything.py", "solve"],
    ["15_equals_everything.py", "solve2"],
    ["33_gc_expected_frames.py", "solve"],
  ])("%s, called as %s, is a wrong answer", async (name, entry) => {
    const call: Test = { kind: "call", function: entry, arguments: [], keywords: {}, expected: "SECRET" };
    expect((await judge(native, problem([call]), source(name))).tests[0].kind).toBe("wrong-answer");
  });
});

describe.skipIf(proof.why !== null)("the same verdicts from both engines", () => {
  test("on the mixed set", async () => {
    for (const { program, stdin, stdout } of mixedPrograms(500, 7)) {
      const one = problem([stdio(stdin, stdout)]);
      expect(gist(await judge(native, one, program))).toEqual(gist(await judge(wasm, one, program)));
    }
  });

  test.each([
    "print(open(0).read(), end='')",
    "print(open('/dev/stdin').read(), end='')",
    "import os\nprint(os.fstat(0).st_size)",
    "import sys\nfor line in sys.stdin: print(line, end='')",
    "import sys\nprint(sys.stdin.buffer.read())",
    "import fileinput\nprint([*fileinput.input()])",
    "while True: print(input())",
    "import sys\nsys.exit(3)",
    "exit()",
    "raise SystemExit('text')",
    "import os\nos._exit(4)",
    "import threading, sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\ndef main(): print(f(20000))\nthreading.Thread(target=main).start()",
    "import asyncio\nasync def main():\n    await asyncio.sleep(0.01)\n    print(1)\nasyncio.run(main())",
    "import time, datetime\nprint(datetime.datetime.now().year, time.localtime().tm_year, datetime.date.today(), time.tzname)",
    "import random, os\nrandom.seed(5)\nprint(random.random(), os.urandom(8))",
    "print({3, 1, 2, 100, -1}, {2.5: 'a', 1: 'b'}, sorted({'b', 'a'}))",
    "import sys\nprint(sys.maxsize, sys.argv)",
    "import numpy",
    "class A: pass\nprint(A().missing)",
    "import sys\nsys.stdout.buffer.write(b'\\xff\\n')",
    "x = [1] * 10**8",
    "open('x', 'w')",
    "open('missing.txt')",
    "import socket\nsocket.socket()",
    "def f(: pass",
    "print('x' * 2000000)",
    "import decimal, fractions, statistics, json, re, csv, uuid, string, bisect\nprint(decimal.Decimal(1) / 7, statistics.mean([1, 2]))",
  ])("on %j", async (program) => {
    const one = problem([stdio("3 4\n5\n", "3 4\n5\n")]);
    expect(gist(await judge(native, one, program))).toEqual(gist(await judge(wasm, one, program)));
  });

  test("on calls, whatever they return", async () => {
    const program =
      "import collections\nclass P:\n    def __init__(self): self.x = 1.0\ndef f(k): return [1, 2.0, (1,), {1, 2}, {3: None}, collections.deque([1]), P(), 10**30, float('nan'), b'a'][k]";
    for (let k = 0; k < 10; k++) {
      const one = problem([{ kind: "call", function: "f", arguments: [k], keywords: {}, expected: null }]);
      expect(gist(await judge(native, one, program))).toEqual(gist(await judge(wasm, one, program)));
    }
  });
});

describe.skipIf(proof.why !== null)("under auto", () => {
  const heavy = "n = int(input())\nprint(sum(i * i % 7 for i in range(n)))";
  const tests = ["300000", "300001"].map((n) => stdio(`${n}\n`, ""));

  test("a heavy program's further tests run natively, a light one's do not", async () => {
    const auto = await openSandbox({ workers: 1, engine: "auto" });
    const engines = async (program: string): Promise<string> =>
      (await judge(auto, problem(tests), program, { allTests: true })).engine;
    expect(await engines(heavy)).toMatch(/^wasm.*\+native/);
    expect(await engines("print(1)")).toMatch(/^wasm[^+]*$/);
    await auto.close();
  });

  test("a lease that is cancelled ends the program, and the next is served", async () => {
    const sandbox = await openSandbox({ workers: 1, engine: "native" });
    const cancel = new AbortController();
    const long = { ...limits, timeMs: 60_000 };
    const loop = { op: "run", name: "__main__", source: "while True: pass", preamble: "" };
    const lease = sandbox.lease(
      (room) => {
        setTimeout(() => cancel.abort(), 300);
        return room.run({ request: loop, stdin: "", limits: long });
      },
      { signal: cancel.signal },
    );
    await expect(lease).rejects.toThrow(CancelledError);
    expect((await judge(sandbox, problem([stdio("", "1\n")]), "print(1)")).verdict.kind).toBe("passed");
    await sandbox.close();
  });

  test("without python3 there is one notice, and wasm", async () => {
    const notices: string[] = [];
    const engine = NativeEngine.open(
      "auto",
      (text) => notices.push(text),
      async () => ({ python: null, layers: [], why: "no python3" }),
    );
    await wasm.lease(async (leased) => {
      const wasmRoom = leased as OpenRoom;
      for (let i = 0; i < 2; i++) {
        const room = (await engine)?.beside(wasmRoom);
        for (const stdin of ["300000\n", "300001\n"]) {
          const request = { op: "run", name: "__main__", source: heavy, preamble: "" };
          await room?.run({ request, stdin, limits, session: "s" });
        }
        expect(room?.engine).toBe(wasmRoom.engine);
      }
    });
    expect(notices).toEqual(["heavy programs run in wasm: the native engine is not to be had here: no python3"]);
  });

  test("what does not end normally has its verdict from wasm", async () => {
    const auto = await openSandbox({ workers: 1, engine: "auto" });
    const program = `${heavy}\nimport os\nif os.uname().sysname == "Linux": 1 / 0`;
    const outcomes = (await judge(auto, problem(tests), program, { allTests: true })).tests;
    expect(outcomes.map(({ kind }) => kind)).toEqual(["wrong-answer", "wrong-answer"]);
    await auto.close();
  });
});
