import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CancelledError, InfrastructureError, OverloadError } from "../core/errors.js";
import { stringifyJson } from "../core/json.js";
import type { Execution, Job } from "./job.js";
import { WORK_PER_MS } from "./python/ports.js";
import { openSandbox, type Sandbox } from "./sandbox.js";
import { Slot } from "./slot.js";
import { Threads } from "./threads.js";

const limits = { timeMs: 200, memoryBytes: 64 << 20, outputBytes: 1 << 20 };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 2 });
});
afterAll(() => sandbox.close());

const job = (source: string, more: Partial<Job> = {}): Job => ({
  request: { op: "run", name: "__main__", source, preamble: "" },
  stdin: "",
  limits,
  ...more,
});
const run = (source: string, more: Partial<Job> = {}): Promise<Execution> =>
  sandbox.lease((room) => room.run(job(source, more)));

test("a program's output and end come back", async () => {
  expect(await run("print(int(input()) + 1)", { stdin: "41\n" })).toMatchObject({
    ending: { kind: "finished" },
    stdout: "42\n",
    stdoutIsText: true,
  });
});

describe("what is asked for next", () => {
  const saying = (text: string): Job =>
    job(`import sys\nassert 'seen' not in dir(sys)\nsys.seen = 1\nprint("${text}")`);
  const texts = ({ stdout, next = [] }: Execution): string[] => [stdout, ...next.map((one) => one.stdout)];

  test("is run in the same go, and nothing passes from one to the other", async () => {
    const alone = await Promise.all(["1", "a", "b", "c"].map((text) => run("", saying(text))));
    const plain = (execution: Execution): object => ({ ...execution, cpuMs: undefined, next: undefined });
    let together: Execution;
    // How many are run depends on the clock.
    do together = await run("", { ...saying("1"), next: ["a", "b", "c"].map(saying) });
    while (!together.next);
    for (const [at, execution] of [together, ...together.next].entries()) {
      expect(plain(execution)).toEqual(plain(alone[at]));
      expect(execution.stdout).toBe(`${"1abc"[at]}\n`);
    }
  });

  test("is not run behind what ends otherwise than normally, or takes its time", async () => {
    const next = [saying("a")];
    expect(texts(await run("print(1 / 0)", { next }))).toEqual([""]);
    expect(texts(await run("print(sum(x * x for x in range(400000)))", { next }))).toHaveLength(1);
  });

  test("takes nothing from the first where it hangs or dies", async () => {
    const deadly =
      "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor i in range(10**6): x = [x]\nprint(x == eval(repr(x)))";
    for (const source of ["sum(range(10**12))", deadly]) {
      expect(await run("print(7)", { next: [job(source)] })).toMatchObject({ stdout: "7\n" });
    }
  });
});

test("the same program takes the same counted time in every thread and at every time", async () => {
  const source = "d = {}\nfor i in range(20000):\n    d[i % 97] = d.get(i % 97, 0) + len({str(i), 'a'})\nprint(d[3])\n";
  const runs = await Promise.all(Array.from({ length: 12 }, () => run(source)));
  expect(new Set(runs.map(({ work }) => work)).size).toBe(1);
  expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
});

test("addresses, hashes, clock and random bytes are the same in every thread and every time", async () => {
  const source =
    "import os, random, time, uuid\nprint(id(object()), hash('x'), time.time(), random.random(), os.urandom(4), uuid.uuid4(), {object(): 1})\n";
  const runs = await Promise.all(Array.from({ length: 6 }, () => run(source)));
  expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
});

test("nothing of this machine shows: environment, arguments, time zone, processes", async () => {
  const { stdout } = await run(
    "import os, sys, time\nprint(dict(os.environ), sys.argv, time.tzname, os.getpid(), os.getcwd(), os.listdir('/'))",
  );
  expect(stdout).not.toMatch(/node|worker|coderlplus|\.ts|\.js/);
  expect(stdout).toContain("('UTC', 'UTC')");
});

test("a second world differs in hashes, clock and chance", async () => {
  const source = "import random, time\nprint(hash('x'), time.time(), random.random())\n";
  const [one, two] = await Promise.all([
    run(source),
    sandbox.lease((room) => room.run(job(source)), { world: "second" }),
  ]);
  expect(two.ending.kind).toBe("finished");
  const [first, second] = [one.stdout.split(" "), two.stdout.split(" ")];
  expect(first.filter((word, at) => word === second[at])).toEqual([]);
});

test("a time limit holds within a few milliseconds where the program polls", async () => {
  const { ending, cpuMs } = await run("while True: pass", { limits: { ...limits, timeMs: 50 } });
  expect(ending.kind).toBe("timed-out");
  expect(cpuMs).toBeLessThan(1000);
});

test.each([
  ["numbers as text", "n = sum(1 for n in range(150000) if str(n) == str(n)[::-1])"],
  ["prints", "for i in range(60000): print(i % 10)"],
  ["products of long integers", "a = 2 ** 119 + 1\nfor i in range(200000): a * a"],
  ["formatted text", "for i in range(200000): f'{i}'"],
])("%s, which poll from C code, are not stopped before their time", async (_name, source) => {
  const { ending, work } = await run(source, { limits: { ...limits, timeMs: 5000 } });
  expect(ending.kind).toBe("finished");
  expect(work / WORK_PER_MS).toBeLessThan(100);
});

test.each([
  ["a count", "i = 0\nwhile True: i += 1"],
  ["additions", "a, b = 0, 1\nwhile True: a, b = b, (a + b) % 1000007"],
  ["prints", "while True: print(1)"],
  ["numbers as text", "while True: s = ''.join(str(k) for k in range(100))"],
  ["calls", "def f(x): return x + 1\ni = 0\nwhile True: i = f(i)"],
])("a loop of %s is stopped by the count and not by the clock", async (_name, source) => {
  const runs = await Promise.all(
    [1, 2].map(() => run(source, { limits: { ...limits, timeMs: 100, outputBytes: 1e9 } })),
  );
  for (const { ending, work } of runs) {
    expect(ending).toEqual({ kind: "timed-out", message: "the time budget is used up" });
    expect(work).toBe(runs[0].work);
  }
});

test("a hang in C code is ended by the watchdog, and the replacement serves the next program", async () => {
  const one = await openSandbox({ workers: 1 });
  try {
    const hang = await one.lease((room) => room.run(job("sum(range(10**12))")));
    expect(hang.ending.kind).toBe("timed-out");
    expect((await one.lease((room) => room.run(job("print(7)")))).stdout).toBe("7\n");
  } finally {
    await one.close();
  }
});

test("the memory limit is the program's own, and a grown interpreter is replaced", async () => {
  const small = await run("x = bytearray(48 << 20)\nprint(len(x))");
  expect(small.stdout).toBe(`${48 << 20}\n`);
  expect((await run("x = bytearray(200 << 20)")).ending.kind).toBe("out-of-memory");
  const caught = await run("try:\n    x = bytearray(200 << 20)\nexcept MemoryError:\n    print('caught')");
  expect(caught).toMatchObject({ ending: { kind: "finished" }, stdout: "caught\n" });
  const large = await run("x = bytearray(120 << 20)\nprint(1)", { limits: { ...limits, memoryBytes: 256 << 20 } });
  expect(large.stdout).toBe("1\n");
});

test("floats and long integers cross unharmed in both directions", async () => {
  const request = {
    op: "run",
    name: "program",
    source: "def f(*a): return list(a)",
    preamble: "",
    call: {
      function: "f",
      keywords: {},
      arguments: [1, { $int: "123456789012345678901234567890" }, { $float: "nan" }],
    },
  };
  const { reply } = await run("", { request });
  expect(stringifyJson(reply?.returned)).toBe('[1, {"$int": "123456789012345678901234567890"}, {"$float": "nan"}]');
});

test("a closed sandbox says so", async () => {
  const closed = await openSandbox({ workers: 1 });
  await closed.close();
  await expect(closed.lease(async () => 1)).rejects.toThrow(InfrastructureError);
});

test("a lease that is called off leaves the queue, or ends what runs; the next is served", async () => {
  const one = await openSandbox({ workers: 1 });
  try {
    const [running, waiting] = [new AbortController(), new AbortController()];
    const long = one.lease((room) => room.run(job("sum(range(10**12))")), { signal: running.signal });
    const queued = one.lease((room) => room.run(job("print(1)")), { signal: waiting.signal });
    const last = one.lease((room) => room.run(job("print(2)")));
    expect(one.waiting).toBe(2);
    waiting.abort();
    await expect(queued).rejects.toThrow(CancelledError);
    expect(one.waiting).toBe(1);
    running.abort();
    await expect(long).rejects.toThrow(CancelledError);
    expect((await last).stdout).toBe("2\n");
    const late = one.lease((room) => room.run(job("print(3)")), { signal: running.signal });
    await expect(late).rejects.toThrow(CancelledError);
  } finally {
    await one.close();
  }
});

describe("whoever has the interpreter next has it to itself", () => {
  let one: Sandbox;
  beforeAll(async () => {
    one = await openSandbox({ workers: 1 });
  });
  afterAll(() => one.close());
  const next = (): Promise<Execution> => one.lease((room) => room.run(job("print('next')")));
  const served = { ending: { kind: "finished" }, stdout: "next\n" };

  test("after a lease that was called off as soon as it was asked for", async () => {
    const controller = new AbortController();
    const early = one.lease((room) => room.run(job("while True: pass")), { signal: controller.signal });
    controller.abort();
    await expect(early).rejects.toThrow(CancelledError);
    expect(await next()).toMatchObject(served);
  });

  test("after a lease that was called off between two of its jobs", async () => {
    const controller = new AbortController();
    const late = one.lease(
      async (room) => {
        await room.run(job("print(1)"));
        controller.abort();
        // Long enough for a thread that was ended to be gone.
        await new Promise((resolve) => setTimeout(resolve, 200));
        return room.run(job("print(2)"));
      },
      { signal: controller.signal },
    );
    await expect(late).rejects.toThrow(CancelledError);
    expect(await next()).toMatchObject(served);
  });

  test("after a lease that did not wait for its own job", async () => {
    let left: Promise<unknown> = Promise.resolve();
    await one.lease(async (room) => {
      left = expect(room.run(job("sum(range(10**12))"))).rejects.toThrow(CancelledError);
      await Promise.resolve();
    });
    expect(await next()).toMatchObject(served);
    await left;
  });

  test("after a lease that asked for two things at once", async () => {
    const both = await one.lease((room) => Promise.all(["a", "b"].map((text) => room.run(job(`print("${text}")`)))));
    expect(both.map(({ stdout }) => stdout)).toEqual(["a\n", "b\n"]);
    expect(await next()).toMatchObject(served);
  });
});

test("a thread that died while nothing ran is replaced before anything does", async () => {
  const threads = new Threads({ language: "javascript", world: "first" });
  const dead = await threads.start();
  await dead.worker.terminate();
  const start = threads.start.bind(threads);
  const starts = [async () => dead, start];
  const slot = new Slot(Object.assign(threads, { start: () => (starts.shift() ?? start)() }));
  const request = { op: "run", name: "__main__", source: "console.log(7)", preamble: "" };
  expect(await slot.run({ request, stdin: "", limits })).toMatchObject({ stdout: "7\n" });
  await Promise.all([slot.close(), threads.close()]);
});

test("nothing runs on in a closed sandbox, and nothing begins", async () => {
  const closed = await openSandbox({ workers: 1 });
  const ends = ["sum(range(10**12))", "print(1)"].map((source) =>
    expect(closed.lease((room) => room.run(job(source)))).rejects.toThrow("the sandbox is closed"),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  await closed.close();
  await Promise.all(ends);
});

test("no more may wait than the sandbox is told", async () => {
  const one = await openSandbox({ workers: 1, maximumWaiting: 1 });
  try {
    const leases = [1, 2].map((n) => one.lease((room) => room.run(job(`print(${n})`))));
    await expect(one.lease(async () => 3)).rejects.toThrow(OverloadError);
    expect((await Promise.all(leases)).map(({ stdout }) => stdout)).toEqual(["1\n", "2\n"]);
    await expect(one.lease(async () => 3)).resolves.toBe(3);
  } finally {
    await one.close();
  }
});

test("threads that die are replaced, again and again, and none is left over", async () => {
  const threads = (): number => readdirSync("/proc/self/task").length;
  const before = process.platform === "linux" ? threads() : 0;
  const one = await openSandbox({ workers: 1 });
  for (let i = 0; i < 3; i++) {
    const controller = new AbortController();
    const hang = one.lease((room) => room.run(job("sum(range(10**12))")), { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 100));
    controller.abort();
    await expect(hang).rejects.toThrow(CancelledError);
    expect((await one.lease((room) => room.run(job("print(7)")))).stdout).toBe("7\n");
  }
  await one.close();
  if (process.platform === "linux") expect(threads()).toBeLessThanOrEqual(before);
});
