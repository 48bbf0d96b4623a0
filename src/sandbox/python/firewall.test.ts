// The wall between the interpreter and Node: every import is accounted for, and none of them can be made to do harm by
// what it is given.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import type { PyodideAPI } from "pyodide";
import { beforeAll, describe, expect, test } from "vitest";
import { messageOf } from "../../core/errors.js";
import { Rng } from "../../core/rng.js";
import { Killed, treatmentOf } from "./firewall.js";
import { Interpreter } from "./interpreter.js";
import type { Ports } from "./ports.js";
import { wasm } from "./wasm.js";

type HostFunction = (...parameters: Array<number | bigint>) => unknown;

const web = (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly;
interface WebAssemblyLike {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): Array<{ module: string; name: string; kind: string }>;
  };
  Instance: new (module: object, imports?: Record<string, Record<string, unknown>>) => object;
}

/** What a start shows: the imports as the instance got them, the functions put into its table, its memory. */
interface Start {
  readonly interpreter: Interpreter;
  readonly ports: Ports;
  readonly imports: Readonly<Record<string, HostFunction>>;
  readonly lent: ReadonlySet<unknown>;
  readonly memory: Uint8Array;
}

async function watchedStart(): Promise<Start> {
  const imports: Record<string, HostFunction> = {};
  const lent = new Set<unknown>();
  let caught: { ports: Ports; python: PyodideAPI } | undefined;
  const of = Interpreter.of.bind(Interpreter);
  const { instantiate } = wasm;
  const { Instance } = web;
  Interpreter.of = (python, ports) => {
    caught = { ports, python };
    return of(python, ports);
  };
  wasm.instantiate = async (source, given = {}) => {
    for (const [namespace, functions] of Object.entries(given)) {
      if (!namespace.startsWith("GOT")) Object.assign(imports, functions);
    }
    return instantiate(source, given);
  };
  // How emscripten makes a table entry of a JavaScript function: a module of its own around it.
  web.Instance = class extends Instance {
    constructor(module: object, given?: Record<string, Record<string, unknown>>) {
      super(module, given);
      for (const value of Object.values(given ?? {}).flatMap((one) => Object.values(one))) {
        if (typeof value === "function") lent.add(value);
      }
    }
  };
  try {
    const { interpreter } = await Interpreter.open("first");
    if (!caught) throw new Error("pyodide was not loaded");
    const { HEAPU8 } = (caught.python as unknown as { _module: { HEAPU8: Uint8Array } })._module;
    return { interpreter, ports: caught.ports, imports, lent, memory: HEAPU8 };
  } finally {
    Interpreter.of = of;
    wasm.instantiate = instantiate;
    web.Instance = Instance;
  }
}

let start: Start;
beforeAll(async () => {
  start = await watchedStart();
});

describe("every import is accounted for", () => {
  const asked = web.Module.imports(
    new web.Module(readFileSync(createRequire(import.meta.url).resolve("pyodide/pyodide.asm.wasm"))),
  )
    .filter(({ kind }) => kind === "function")
    .map(({ name }) => name);

  test("the table in the decision record names each, with what becomes of it", () => {
    const record = new URL("../../../docs/decisions/0003-sandbox-boundary.md", import.meta.url);
    const rows = readFileSync(record, "utf8")
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .filter(([, names = "", treatment = ""]) => names.startsWith("`") && /^\w+$/.test(treatment));
    const written = rows.flatMap(([, names = "", treatment]) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name} ${treatment}`),
    );
    expect(written.sort()).toEqual(asked.map((name) => `${name} ${treatmentOf(name, start.ports)}`).sort());
  });

  test("what is lent to the function table has gone through the firewall", () => {
    const open = new Set(["_gmtime_js", "_timegm_js"].map((name) => start.imports[name]));
    const wrapped = new Set<unknown>(Object.values(start.imports));
    expect(start.lent.size).toBeGreaterThan(100);
    expect([...start.lent].filter((lent) => !wrapped.has(lent) && !open.has(lent as HostFunction))).toEqual([]);
  });

  test("the module has no variables but the stack's bounds and a scratch register", () => {
    const module = new web.Module(readFileSync(createRequire(import.meta.url).resolve("pyodide/pyodide.asm.wasm")));
    expect(
      web.Module.imports(module).filter(({ kind, module: from }) => kind === "global" && !from.startsWith("GOT")),
    ).toEqual([]);
  });
});

test("the memory that programs start with holds nothing of this machine", () => {
  const memory = Buffer.from(start.memory.buffer, 0, start.memory.length);
  const names = [
    hostname(),
    process.version,
    process.cwd(),
    join(homedir(), "."),
    process.argv[1] ?? "",
    process.execPath,
  ];
  for (const name of names.filter((text) => text.length > 5)) expect(memory.includes(name), name).toBe(false);
});

describe("whatever they are called with, the host's functions do no harm", () => {
  /** They call back into the interpreter: what they are given is a function of its own. */
  const CALLS_BACK = new Set(["_PyEM_TrampolineCall_JS", "__call_sighandler"]);
  const limits = { work: 1e9, outputBytes: 1 << 16, heapLimit: 40 << 20 };

  function argument(rng: Rng): number | bigint {
    const edges = [
      0,
      1,
      2,
      3,
      7,
      64,
      100,
      101,
      102,
      1024,
      1025,
      4096,
      -1,
      -2,
      -4096,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31,
      2 ** 32,
      31457280,
      31457279,
    ];
    // WebAssembly gives no other numbers than these, and whole ones of 64 bits.
    const draw = rng.uniform();
    if (draw < 0.5) return rng.pick(edges) | 0;
    return draw < 0.9 ? rng.integer(0, 32 << 20) : rng.pick([5n, -1n, 1n << 62n]);
  }

  function call(name: string, rng: Rng): unknown {
    const parameters = Array.from({ length: rng.integer(0, 6) }, () => argument(rng));
    start.ports.begin(Buffer.from("{}"), Buffer.from("1\n"), limits, start.ports.origin());
    try {
      start.imports[name](...parameters);
      return null;
    } catch (error) {
      return error;
    } finally {
      start.ports.end();
    }
  }

  test("each ends, or throws what ends the program; and all that it wrote is put back", { timeout: 300_000 }, () => {
    const fresh = start.interpreter.digest();
    const names = Object.keys(start.imports).filter(
      (name) => typeof start.imports[name] === "function" && !CALLS_BACK.has(name),
    );
    expect(names.length).toBeGreaterThan(250);
    const rng = Rng.of("host functions", 1);
    const open = names.filter((name) => treatmentOf(name, start.ports) !== "forbidden");
    for (const name of [...names, ...Array.from({ length: 2_000 }, () => rng.pick(open))]) {
      const thrown = call(name, rng);
      const expected =
        thrown === null ||
        thrown instanceof Killed ||
        thrown instanceof RangeError ||
        thrown instanceof TypeError ||
        thrown instanceof SyntaxError;
      if (!expected) expect.fail(`${name} threw ${messageOf(thrown)}`);
    }
    const request = JSON.stringify({ op: "run", name: "__main__", source: "pass", preamble: "" });
    start.interpreter.run({ request, stdin: "", limits: { timeMs: 100, memoryBytes: 1 << 24, outputBytes: 1 << 16 } });
    expect(start.interpreter.strayed).toBe(false);
    expect(start.interpreter.digest()).toBe(fresh);
  });

  test("a program that sends a great many tiny pieces costs no more than their bytes", () => {
    const source = "import os\nfor _ in range(200000): os.write(2, b'') or os.write(1, b'x')";
    const request = JSON.stringify({ op: "run", name: "__main__", source, preamble: "" });
    const before = process.memoryUsage().heapUsed;
    const { outputBytes } = start.interpreter.run({
      request,
      stdin: "",
      limits: { timeMs: 5000, memoryBytes: 1 << 24, outputBytes: 1 << 20 },
    });
    expect(outputBytes).toBe(200_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 << 20);
    start.interpreter.restore();
  });
});
