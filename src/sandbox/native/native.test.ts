// The native engine by itself: what comes back, what is refused even to a program that holds ctypes, what is left over.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ending, Execution, Job } from "../job.js";
import { type Proof, probe } from "./probe.js";
import { NativeServer } from "./server.js";

const limits = { timeMs: 300, memoryBytes: 64 << 20, outputBytes: 1 << 20 };
const proof: Proof = await probe();
if (proof.why !== null) process.stderr.write(`skipped, no native engine here: ${proof.why}\n`);

let server: NativeServer;
beforeAll(() => {
  if (proof.python) server = new NativeServer(proof.python);
});
afterAll(() => server?.close());

const job = (source: string, more: Partial<Job> = {}): Job => ({
  request: { op: "run", name: "__main__", source, preamble: "" },
  stdin: "",
  limits,
  ...more,
});
const run = (source: string, more: Partial<Job> = {}): Promise<Execution> => server.run(job(source, more));

const ignoreSignals = `import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
`;

/** Climbs to the frames of the engine and takes its ctypes: whatever native code could do, such a program can. */
const ARMED = `import sys, os
frame = sys._getframe()
while "lockdown" not in frame.f_globals: frame = frame.f_back
nursery, lockdown = frame.f_globals, frame.f_globals["lockdown"]
ctypes, libc = lockdown.ctypes, lockdown._libc
def refused(call):
    try: return "DONE", call()
    except OSError as error: return error.errno
    except BaseException as error: return type(error).__name__
`;

/** Processes that this one has started and that still are. */
function children(pid: number | string = process.pid): string[] {
  if (!existsSync(`/proc/${pid}/task`)) return [];
  const tasks = readdirSync(`/proc/${pid}/task`);
  const own = tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  return own.flatMap((child) => [child, ...children(child)]);
}

const alive = (): string[] =>
  children().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("server.py");
    } catch {
      return false;
    }
  });

describe.skipIf(proof.why !== null)("the native engine", () => {
  test("every wall that it needs is proved", () => {
    const needed = proof.layers.filter(({ name }) => name !== "namespaces" && name !== "privileges");
    expect(needed.map(({ name, status }) => [name, status])).toEqual([
      ["limits", "ok"],
      ["seccomp", "ok"],
      ["landlock", "ok"],
      ["supervision", "ok"],
    ]);
  });

  test("a program's output, result and end come back", async () => {
    expect(await run("print(int(input()) + 1)", { stdin: "41\n" })).toMatchObject({
      ending: { kind: "finished" },
      stdout: "42\n",
      stdoutIsText: true,
    });
    const call = { function: "f", arguments: [2.5], keywords: {} };
    const request = { op: "run", name: "program", source: "def f(x): return [x, 2]", preamble: "", call };
    expect((await run("", { request })).reply?.returned).toHaveLength(2);
  });

  test("input and output larger than a pipe holds go through", async () => {
    const stdin = "x".repeat(300_000);
    const { stdout } = await run("import sys\nprint(sys.stdin.read() * 3)", { stdin });
    expect(stdout).toBe(`${stdin.repeat(3)}\n`);
  });

  test.each<[string, string, Ending["kind"]]>([
    ["a loop", "while True: pass", "timed-out"],
    ["a hang in C", "sum(range(10**12))", "timed-out"],
    ["sleeping for ever", "import time\ntime.sleep(10**6)", "timed-out"],
    ["sleeping while signals are ignored", `${ignoreSignals}import time\ntime.sleep(10**6)`, "timed-out"],
    ["waiting for a lock", "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()", "timed-out"],
    ["stopping itself", "import signal\nsignal.raise_signal(signal.SIGSTOP)", "timed-out"],
    ["a memory bomb", "x = []\nwhile True: x.append(bytearray(1 << 24))", "out-of-memory"],
    ["a bomb of small objects", "x = []\nwhile True: x.append([None] * 50)", "out-of-memory"],
    ["an output bomb", "while True: print('x' * 1000)", "output-limit"],
    ["an output bomb on standard error", "import sys\nwhile True: sys.stderr.write('x' * 1000)", "output-limit"],
    ["a reply that never ends", "import os\nwhile True: os.write(101, b'x' * (1 << 20))", "output-limit"],
    ["a garbled reply", "import os\nos.write(101, b'{')", "crashed"],
    ["all descriptors closed", "import os\nos.closerange(0, 200)", "crashed"],
    ["an abort", "import os\nos.abort()", "crashed"],
    ["killing itself", "import signal\nsignal.raise_signal(signal.SIGKILL)", "crashed"],
    ["an exit of its own", "import os\nos._exit(3)", "exited"],
    ["a fork", "import os\nos.fork()", "denied"],
    ["a socket", "import socket\nsocket.socket()", "denied"],
    ["another program", "import subprocess\nsubprocess.run(['ls'])", "denied"],
    ["writing a file", "open('x', 'w')", "denied"],
    ["killing its parent", "import os\nos.kill(os.getppid(), 9)", "denied"],
    ["reading a file of the host", "open('/etc/passwd')", "raised"],
    ["no Python", "def", "unparsable"],
  ])("%s ends as it must, and the next program is served", async (_name, source, kind) => {
    expect((await run(source)).ending.kind).toBe(kind);
    expect((await run("print(7)")).stdout).toBe("7\n");
  });

  test("nothing of this machine shows: environment, arguments, processes, files, descriptors, paths", async () => {
    const { stdout, ending } = await run(`import os, sys, gc, time, platform
print(dict(os.environ), sys.argv, sys.orig_argv, sys.path, sys.executable, sys.prefix, os.uname(), time.tzname)
for path in ("/", "/proc", "/home", "/root", "/etc/passwd", "/proc/self/environ", "/proc/1/environ"):
    print(os.path.exists(path), end=" ")
    try: print(os.listdir(path))
    except OSError as error: print(error.errno, end=" ")
print([m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)])
print([o.co_filename for o in map(lambda f: getattr(f, "__code__", None), gc.get_objects()) if hasattr(o, "co_filename")])
`);
    expect(ending.kind).toBe("finished");
    for (const host of [process.env.HOME ?? "/home/", process.cwd(), proof.python?.path ?? "python3.", "True"]) {
      expect(stdout).not.toContain(host);
    }
  });

  test("a program holds five descriptors and no more", async () => {
    const { stdout } = await run(`import os
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
print([fd for fd in range(10000) if is_open(fd)])`);
    expect(stdout).toBe("[0, 1, 2, 100, 101]\n");
  });

  test("a program that holds ctypes gets no further: every raw call is refused", async () => {
    const numbers = { x86_64: [41, 56, 59, 62, 101, 165, 272, 321, 425, 319, 157, 317, 310, 434, 9], aarch64: [198] };
    const { stdout, ending } = await run(`${ARMED}
print(sorted({str(refused(lambda: lockdown.syscall(n, 1, 2, 0x7, 0x22, -1, 0))) for n in ${JSON.stringify(
      numbers[process.arch === "arm64" ? "aarch64" : "x86_64"],
    )}}))
for call in (lockdown.enter_namespaces, lockdown.empty_root, lambda: lockdown.limit_resources(1 << 40, 1000),
             lambda: lockdown.filter_calls(bytes([6, 0, 0, 0, 0, 0, 255, 127])), lambda: os.pidfd_open(os.getppid()),
             lambda: open("/proc/self/mem", "r+b"), lambda: open("/proc/self/maps"), lambda: os.fork()):
    print(refused(call))
print(libc.mprotect(0, 4096, 7), ctypes.CFUNCTYPE)
`);
    expect(ending).toEqual({ kind: "finished" });
    expect(stdout).not.toContain("DONE");
    expect(stdout.split("\n")[0]).toBe("['1']");
  });

  test("of all that the kernel can be asked, only what is named gets an answer", async () => {
    const { stdout, ending } = await run(`${ARMED}
table = lockdown.syscalls
column = table.MACHINES[os.uname().machine][0]
numbers = {name: both[column] for name, both in table.NUMBERS.items() if both[column] is not None}
# On x86_64 the kernel keeps 335 and 336, its own probes, from every filter, and kills whoever else makes them.
ends = {numbers[name] for name in ("exit", "exit_group", "rt_sigreturn")} | ({335, 336} if column == 0 else set())
answered = {n for n in range(1000) if n not in ends and refused(lambda: lockdown.syscall(n, -1, -1, -1, -1, -1, -1)) != 1}
print(sorted(answered - set(numbers.values())), len(answered) > 30)`);
    expect({ ending, stdout }).toEqual({ ending: { kind: "finished" }, stdout: "[] True\n" });
  });

  test("no byte of an earlier program is in the memory of a later one", async () => {
    const secret = "4f9c1e".repeat(40);
    for (let i = 0; i < 5; i++) await run(`print(input())\nx = ${JSON.stringify(secret)}`, { stdin: `${secret}\n` });
    const { stdout, ending } = await run(
      `${ARMED}
libc.malloc.restype = ctypes.c_void_p
needle, found = b"4f9c1e" * 3, 0
for size in [64 << k for k in range(14)] * 20:
    found += needle in ctypes.string_at(libc.malloc(ctypes.c_size_t(size)), size)
print(found)`.replace('b"4f9c1e" * 3', 'b"4f9c1" + b"e4f9c" + b"1e"'),
    );
    expect({ ending, stdout }).toEqual({ ending: { kind: "finished" }, stdout: "0\n" });
  });

  test("what all programs share cannot be written, not even by one that holds ctypes", async () => {
    const attack = `${ARMED}
memory = sys.meta_path[-1]._memory
print(refused(lambda: memory.__setitem__(slice(0, 4), b"EVIL")))
libc.PyObject_GetBuffer.argtypes = (ctypes.py_object, ctypes.c_void_p, ctypes.c_int)
view = (ctypes.c_void_p * 20)()
libc.PyObject_GetBuffer(memory, view, 0)
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
if libc.mprotect(view[0], len(memory), 3) == 0: ctypes.memset(view[0], 0, len(memory))
print(memory[:4])`;
    expect((await run(attack)).ending.kind).toBe("finished");
    expect((await run("import csv, argparse, calendar\nprint(csv.QUOTE_ALL)")).stdout).toBe("1\n");
  });

  test("hashes, clock and chance are the same in every program and every server", async () => {
    const source =
      "import random, os, uuid, datetime, time\nprint(hash('x'), random.random(), random.Random().random(), os.urandom(4), uuid.uuid4(), datetime.datetime.now().date(), time.tzname)";
    const other = new NativeServer(server.python);
    const outputs = [await run(source), await run(source), await other.run(job(source))].map(({ stdout }) => stdout);
    await other.close();
    expect(outputs[0]).toContain("2026");
    expect(new Set(outputs).size).toBe(1);
  });

  test("a server that is lost is replaced under the next job", async () => {
    await run("print(1)");
    for (const pid of alive()) process.kill(Number(pid), "SIGKILL");
    expect((await run("print(2)")).stdout).toBe("2\n");
  });

  test("five hundred programs later no descriptor and no process is left, and none after closing", async () => {
    const own = new NativeServer(server.python);
    const many = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await own.run(job(i % 50 === 0 ? "import os\nos.abort()" : "print(1)"));
    };
    const descriptors = (): number[] =>
      [String(process.pid), ...alive()].map((pid) => readdirSync(`/proc/${pid}/fd`).length);
    await many(20);
    const [before, processes] = [descriptors(), alive().length];
    await many(480);
    expect(descriptors()).toEqual(before);
    expect(alive()).toHaveLength(processes);
    await own.close();
    await server.close();
    expect(alive()).toEqual([]);
  });
});
