// What a program leaves in the interpreter's memory is put back, every byte of it, although only marked pages are copied.

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { mixedPrograms } from "../../../bench/sandbox/programs.js";
import { stringifyJson } from "../../core/json.js";
import { type Execution, type Job, toWire } from "../job.js";
import { markingWrites } from "./host-writes.js";
import { Interpreter } from "./interpreter.js";
import { Marks, SavedMemory } from "./marks.js";
import { PythonGuest } from "./python.js";
import { PAGE_BYTES, TABLE_BYTES, tableAddress, trackStores } from "./store-tracking.js";
import { type WasmMemory, wasm } from "./wasm.js";

const limits = { timeMs: 300, memoryBytes: 64 << 20, outputBytes: 1 << 20 };
const hostile = new URL("../fixtures/hostile/", import.meta.url);

let interpreter: Interpreter;
beforeAll(async () => {
  ({ interpreter } = await Interpreter.open("first"));
});

function run(source: string, stdin = ""): Execution {
  return interpreter.run(toWire({ request: { op: "run", name: "__main__", source, preamble: "" }, stdin, limits }));
}

/** Address of the marks, as a program would have to find it out. */
const TABLE = 14_544_896;

describe("nothing is left in memory", () => {
  test("of mixed programs", () => {
    for (const { program, stdin } of mixedPrograms(100, 1)) {
      interpreter.restore();
      run(program, stdin);
      interpreter.restore();
      expect(interpreter.strayBytes(), program).toBe(0);
    }
  });

  // One that hangs in C code would hang here: nobody watches this thread.
  const files = readdirSync(hostile).filter((name) => !/05_c_level|31_regex|mem_bomb|zip_bomb/.test(name));
  test.each(files)("of %s", (name) => {
    run(readFileSync(new URL(name, hostile), "utf8"));
    interpreter.restore();
    expect(interpreter.strayBytes()).toBe(0);
  });

  test.each([
    [
      "every way to look at files",
      "import os\nos.stat('/'); os.listdir('/lib'); os.getcwd(); os.scandir('/'); os.path.realpath('/lib')\nopen('/lib/python3.14/site-packages/README.txt', 'rb') if 0 else None\nimport zipfile, sys\nz = next(p for p in sys.path if p.endswith('.zip'))\nf = open(z, 'rb', buffering=0); b = bytearray(3 << 20); f.readinto(b); f.seek(5); os.pread(f.fileno(), 70000, 100); os.readv(f.fileno(), [bytearray(9000), bytearray(9000)])",
    ],
    [
      "times",
      "import time, datetime\ntime.localtime(0); time.gmtime(5e8); time.mktime(time.localtime()); time.strftime('%c'); time.get_clock_info('time'); datetime.datetime.now()",
    ],
    ["random bytes", "import os\nos.urandom(100000)"],
    ["a grown memory", "x = [bytearray(1 << 20) for _ in range(40)]\nfor b in x: b[::4096] = b'x' * 256"],
    ["an exception that ends it", "x = list(range(100000))\nraise ValueError(x[-1])"],
    ["its end by the clock", "x = 0\nwhile True: x += 1"],
  ])("of a program with %s", (_name, source) => {
    run(source);
    interpreter.restore();
    expect(interpreter.strayBytes()).toBe(0);
  });

  test("of a program that is given much to read", () => {
    run("import os\nprint(len(os.read(0, 4 << 20)))", "x".repeat(3 << 20));
    interpreter.restore();
    expect(interpreter.strayBytes()).toBe(0);
  });
});

test("what a host function writes behind its pointers is marked", () => {
  const memory = { buffer: new ArrayBuffer(32 << 20) };
  const marks = new Marks();
  marks.connect(memory, TABLE);
  const heap = new Uint8Array(memory.buffer);
  const vectors = 5_000_000;
  new DataView(memory.buffer).setUint32(vectors, 6_000_000, true);
  new DataView(memory.buffer).setUint32(vectors + 4, 100_000, true);
  const written: ReadonlyArray<readonly [string, readonly number[], readonly number[]]> = [
    ["fd_seek", [3, 0, 0, 2_000_000], [2_000_000]],
    ["__syscall_stat64", [1_000_000, 2_000_000], [2_000_095]],
    ["__syscall_getdents64", [3, 2_000_000, 50_000], [2_000_000, 2_049_999]],
    ["fd_read", [3, vectors, 1, 7_000_000], [6_000_000, 6_050_000, 6_099_999, 7_000_000]],
    ["__syscall_readlinkat", [3, 1_000_000, 2_000_000, 5000], [2_005_000]],
  ];
  for (const [name, parameters, places] of written) {
    marks.clear();
    markingWrites(name, () => 0, marks)(...parameters);
    for (const place of places) expect(marks.pages(), name).toContain(Math.floor(place / PAGE_BYTES));
  }
  marks.clear();
  expect(heap.every((byte, at) => byte === 0 || at >>> 12 === vectors >>> 12)).toBe(true);
});

describe("a checkpoint", () => {
  test("is gone back to and left behind again", () => {
    interpreter.restore();
    const source = "data = list(range(50000))\nprint(len(data))";
    const prepare = { op: "prepare", name: "program", source, preamble: "", execute: true };
    interpreter.run(toWire({ request: prepare, stdin: "", limits }));
    expect(interpreter.keep()).toBe(true);
    expect(interpreter.strayBytes()).toBe(0);
    for (let i = 0; i < 3; i++) {
      const call = { function: "data.append", arguments: [i], keywords: {} };
      interpreter.run(toWire({ request: { op: "resume", call }, stdin: "", limits }));
      if (i === 1) interpreter.restore();
      interpreter.restore("checkpoint");
      expect(interpreter.strayBytes()).toBe(0);
    }
    interpreter.restore();
    expect(interpreter.strayBytes()).toBe(0);
  });
});

describe("jobs in two stages give what they give in one", () => {
  const call = (argument: number): object => ({ function: "f", arguments: [argument], keywords: {} });
  const SOURCES = [
    ["a function", "def f(x): return x + 1"],
    ["state of the module", "seen = []\ndef f(x):\n    seen.append(x)\n    return seen"],
    [
      "a patched built-in",
      "import builtins\ndef f(x):\n    y = len('abc')\n    builtins.len = lambda s: 7\n    return y",
    ],
    ["a cache", "from functools import lru_cache\n@lru_cache\ndef f(x): return [x]\n"],
    ["chance", "import random\nrandom.seed()\ny = random.random()\ndef f(x): return [y, random.random()]"],
    ["the clock", "import time\nt = time.time()\ndef f(x): return time.time() >= t"],
    ["input that is not there", "y = input()\ndef f(x): return y"],
    ["an error in the module", "1 / 0\ndef f(x): return 1"],
    ["an exit in the module", "raise SystemExit(3)"],
    ["a module without end", "while True: pass"],
    [
      "an open file",
      "import sys\nz = open(next(p for p in sys.path if p.endswith('.zip')), 'rb')\ndef f(x): return list(z.read(2))",
    ],
    ["much memory", "y = [bytearray(1 << 20) for _ in range(30)]\ndef f(x): return len(y)"],
    ["text that is no Python", "def f(x: return"],
    ["output", "print('module')\ndef f(x):\n    print(x)\n    return x"],
  ] as const;

  test.each(SOURCES)("%s", async (_name, source) => {
    const guest = await PythonGuest.open({ language: "python", world: "first" }, null, {
      progress: new Int32Array(1),
      onLoading: () => {},
    });
    const common = { name: "program", source, preamble: "" };
    for (const argument of [1, 2, 1]) {
      const job: Job = { request: { op: "run", ...common, call: call(argument) }, stdin: "", limits };
      const resume = { op: "resume", call: call(argument) };
      const staged = { prepare: { op: "prepare", ...common, execute: true }, resume };
      const [one, two] = [await guest.run(toWire(job)), await guest.run(toWire({ ...job, staged }))];
      expect(two.ending).toEqual(one.ending);
      expect(stringifyJson(two.reply?.returned ?? null)).toBe(stringifyJson(one.reply?.returned ?? null));
      guest.tidy();
    }
  });
});

describe("every kind of store leaves its mark", () => {
  // (module (memory (export "m") 1024) (global (export "__heap_base") i32 (i32.const 65000)) (func (export "f") ...))
  const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const bytes = (text: string): number[] => [...Buffer.from(text)];
  const section = (id: number, body: readonly number[]): number[] => [id, ...leb(body.length), ...body];
  const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
  const sleb = (n: number): number[] => [...leb4(n)];
  const leb4 = (n: number): number[] => [
    (n & 127) | 128,
    ((n >> 7) & 127) | 128,
    ((n >> 14) & 127) | 128,
    ((n >> 21) & 127) | 128,
    (n >> 28) & 15,
  ];
  const moduleOf = (code: readonly number[]): Uint8Array =>
    Uint8Array.from([
      ...HEADER,
      ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 0]),
      ...section(2, [0]),
      ...section(3, [1, 0]),
      ...section(5, [1, 0, ...leb(1024)]),
      ...section(6, [1, 0x7f, 0, 0x41, ...sleb(65000), 0x0b]),
      ...section(7, [3, 1, ...bytes("m"), 2, 0, 1, ...bytes("f"), 0, 0, 11, ...bytes("__heap_base"), 3, 0]),
      ...section(10, [1, ...section(0, [0, ...code, 0x0b]).slice(1)]),
    ]);
  const address = [0x20, 0];
  const other = [0x20, 1];
  const zero = {
    i64: [0x42, 0],
    f32: [0x43, 0, 0, 0, 0],
    f64: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
    v128: [0xfd, 12, ...new Array<number>(16).fill(0)],
  };
  const far = leb(5000);

  test.each([
    ["i32.store", [...address, ...other, 0x36, 2, 0], 0, 4],
    ["i32.store near", [...address, ...other, 0x36, 2, ...leb(200)], 200, 4],
    ["i32.store far", [...address, ...other, 0x36, 2, ...far], 5000, 4],
    ["i64.store", [...address, ...zero.i64, 0x37, 3, 0], 0, 8],
    ["f32.store", [...address, ...zero.f32, 0x38, 2, 0], 0, 4],
    ["f64.store far", [...address, ...zero.f64, 0x39, 3, ...far], 5000, 8],
    ["i32.store8", [...address, ...other, 0x3a, 0, 0], 0, 1],
    ["i32.store16", [...address, ...other, 0x3b, 1, 0], 0, 2],
    ["i64.store32", [...address, ...zero.i64, 0x3e, 2, 0], 0, 4],
    ["v128.store", [...address, ...zero.v128, 0xfd, 11, 4, 0], 0, 16],
    ["v128.store64_lane", [...address, ...zero.v128, 0xfd, 91, 3, 0, 1], 0, 8],
    ["memory.fill", [...address, 0x41, 0, ...other, 0xfc, 11, 0], 0, 300],
    ["memory.copy", [...address, 0x41, 0, ...other, 0xfc, 10, 0, 0], 0, 300],
  ])("%s", async (_name, code, offset, length) => {
    const tracked = trackStores(moduleOf(code));
    const { instance } = (await wasm.instantiate(tracked)) as { instance: { exports: Record<string, unknown> } };
    const heap = new Uint8Array((instance.exports.m as { buffer: ArrayBuffer }).buffer);
    const store = instance.exports.f as (at: number, value: number) => void;
    const table = tableAddress(65000);
    for (const at of [0, 4096 * 700 + 17, 4096 * 900 - 4096 - 1, 4096 * 1000 - 150]) {
      heap.fill(0, table, table + TABLE_BYTES);
      store(at, 300);
      const marked = (page: number): boolean => heap[table + page] === 1 || heap[table + page - 1] === 1;
      for (const byte of [at + offset, at + offset + length - 1])
        expect(marked(Math.floor(byte / PAGE_BYTES))).toBe(true);
      expect(heap.subarray(table, table + TABLE_BYTES).reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2);
    }
  });

  test("a long fill marks every page of it, an empty one none", async () => {
    const tracked = trackStores(moduleOf([...address, 0x41, 0, ...other, 0xfc, 11, 0]));
    const { instance } = (await wasm.instantiate(tracked)) as { instance: { exports: Record<string, unknown> } };
    const heap = new Uint8Array((instance.exports.m as { buffer: ArrayBuffer }).buffer);
    const store = instance.exports.f as (at: number, value: number) => void;
    const table = tableAddress(65000);
    store(5_000_000, 0);
    expect(heap.subarray(table, table + TABLE_BYTES).reduce((a, b) => a + b, 0)).toBe(0);
    store(4096 * 2000 + 5, 4096 * 10);
    expect([...heap.subarray(table + 1999, table + 2012)]).toEqual([0, ...new Array<number>(11).fill(1), 0]);
  });

  test.each([
    ["nothing more", []],
    ["the mark of it", [0]],
    ["all marks", [0, 1]],
    ["all marks, those of the table from the last to the first", [0, 1, 2]],
  ] as const)("a program that corrupts memory and wipes %s leaves nothing behind", async (_name, wiped) => {
    const tracked = trackStores(moduleOf([...address, ...other, 0x3a, 0, 0]));
    const { instance } = (await wasm.instantiate(tracked)) as { instance: { exports: Record<string, unknown> } };
    const memory = instance.exports.m as WasmMemory;
    const heap = new Uint8Array(memory.buffer);
    const store = instance.exports.f as (at: number, value: number) => void;
    const table = tableAddress(65000);
    const marks = new Marks();
    marks.connect(memory, table);
    const saved = heap.slice();
    const place = 4096 * 3000 + 7;
    store(place, 77);
    const pagesOfTable = Array.from(
      { length: TABLE_BYTES / PAGE_BYTES + 2 },
      (_, page) => table / PAGE_BYTES - 1 + page,
    );
    if (wiped[0] !== undefined) store(table + Math.floor(place / PAGE_BYTES), 0);
    if (wiped[1] !== undefined) for (const page of pagesOfTable) store(table + page, 0);
    if (wiped[2] !== undefined) for (const page of pagesOfTable.reverse()) store(table + page, 0);
    marks.restore(new SavedMemory(saved));
    expect(Buffer.from(heap).equals(saved)).toBe(true);
  });

  test("an instruction that is not known is refused", () => {
    expect(() => trackStores(moduleOf([0xfe, 0, 0]))).toThrow(/not known/);
  });
});
