// One CPython in WebAssembly that runs any number of programs, each from the same saved state: after a run the linear
// memory is copied back, so that nothing of a program survives. Not a pool and not a clock: sandbox.ts and worker.ts.
// The idea of in-place restoring and of pyodide's memory snapshots: pyodide and Cloudflare's workerd.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { loadPyodide, type PyodideAPI } from "pyodide";
import { InfrastructureError, messageOf } from "../../core/errors.js";
import { parseReply, readEnding, readOutput } from "../claim.js";
import type { Ending, Execution, WireJob, World } from "../job.js";
import { Bytes } from "./bytes.js";
import { type FileSystem, withFiles } from "./files.js";
import { buildFirewall, Killed } from "./firewall.js";
import { cached, isCached } from "./image.js";
import { SavedMemory } from "./marks.js";
import { installPackages } from "./packages.js";
import { Ports, type Position, WORK_PER_MS } from "./ports.js";
import { PAGE_BYTES, TABLE_BYTES, tableAddress, trackStores } from "./store-tracking.js";
import { type Surrounded, Surroundings } from "./surroundings.js";
import { type WasmInstance, type WasmMemory, type WasmModule, wasm } from "./wasm.js";

/** Named in every verdict: error texts differ between versions. */
export const ENGINE = "wasm/cpython-3.14.2";

/** What a warm start needs; both parts can be handed to another thread. */
export interface Image {
  readonly module?: WasmModule;
  readonly snapshot: Uint8Array | null;
}

interface EmscriptenModule {
  readonly HEAPU8: Uint8Array;
  _PyObject_CallNoArgs(callable: number): number;
  _Py_IncRef(object: number): void;
  _Py_DecRef(object: number): void;
  _sbrk(bytes: number): number;
}

interface Internals extends Surrounded {
  readonly FS: Surrounded["FS"] & FileSystem;
  readonly _module: EmscriptenModule & Surrounded["_module"];
  makeMemorySnapshot(): Uint8Array;
}

const HASH_SEED: Readonly<Record<World, string>> = { first: "0", second: "4219" };
/** In the order in which they import each other. */
const GUEST: ReadonlyArray<readonly [string, string]> = [
  ["coderlplus_values", "./values.py"],
  ["coderlplus_shims", "./shims.py"],
  ["coderlplus_nodes", "./nodes.py"],
  ["coderlplus_guest", "./guest.py"],
  ["coderlplus_objects", "./objects.py"],
  ["coderlplus_names", "./names.py"],
  ["coderlplus_crossing", "./crossing.py"],
  ["coderlplus_asserts", "../../judge/asserts.py"],
  ["coderlplus_official", "../../judge/official.py"],
  ["coderlplus_scopes", "../../tracer/scopes.py"],
  ["coderlplus_stirring", "../../tracer/stirring.py"],
  ["coderlplus_tampering", "../../tracer/tampering.py"],
  ["coderlplus_captured", "../../tracer/captured.py"],
  ["coderlplus_passes", "../../tracer/passes.py"],
  ["coderlplus_statements", "../../tracer/statements.py"],
  ["coderlplus_history", "../../tracer/history.py"],
  ["coderlplus_moments", "../../tracer/moments.py"],
  ["coderlplus_tracer", "../../tracer/tracer.py"],
];
/** To be raised whenever what is saved changes by something on this side, such as what the host answers at the start. */
const PREPARATION = "2";
/** Else `sys.executable` is the path of this very program. */
const NAMED = { _sysExecutable: "python" };
const MIN_INTERPRETER_BYTES = 1_000_000;

/** Loaded before the state is saved: what programs import often. The rest is read from the archive when asked for. */
const STANDARD_LIBRARY = `sys os io re heapq bisect itertools functools collections collections.abc math random string
  json operator copy typing decimal fractions datetime statistics traceback time dataclasses enum types array cmath
  ast symtable abc contextlib asyncio threading queue numbers textwrap`;

/** A state that runs can begin from. */
interface State {
  readonly memory: SavedMemory;
  readonly position: Position;
}

/** 16 MB: what a program has built up in its first part is copied for it, once. */
const MAX_CHECKPOINT_PAGES = 4096;

export class Interpreter {
  readonly #python: Internals;
  readonly #ports: Ports;
  readonly #entry: number;
  readonly #baselineHeap: number;
  readonly #surroundings: Surroundings;
  readonly #start: State;
  /** The other state that runs can begin from, once there is one. */
  #checkpoint: State;
  /** What the memory is, but for its marked pages. */
  #at: State;
  #dirty = false;
  /** Whether all code leaves marks of what it writes; a package's compiled code does not. */
  readonly #marked: boolean;

  private constructor(python: Internals, ports: Ports, entry: number, marked: boolean) {
    this.#marked = marked;
    this.#python = python;
    this.#ports = ports;
    this.#entry = entry;
    const module = python._module;
    this.#baselineHeap = module.HEAPU8.length;
    this.#surroundings = new Surroundings(python);
    const end = module._sbrk(0);
    ports.marks.clear();
    const base = module.HEAPU8.slice(0, end);
    const position = ports.origin();
    this.#start = { memory: new SavedMemory(base), position };
    this.#checkpoint = { memory: new SavedMemory(base), position };
    this.#at = this.#start;
  }

  /**
   * A ready interpreter, and the image that makes the next one quick: 0.3 s with a snapshot, some seconds without.
   * Where a snapshot does not load, the interpreter starts cold.
   */
  static async open(
    world: World,
    given?: Image,
    progress?: Int32Array,
    packages?: string,
  ): Promise<{ interpreter: Interpreter; image: Image }> {
    // Compiled code of packages is no part of a snapshot.
    const image = given ?? { snapshot: packages === undefined ? await findSnapshot(world) : null };
    try {
      return await load(world, image, progress, packages);
    } catch (error) {
      if (!image.snapshot) throw error;
      return load(world, { ...image, snapshot: null }, progress, packages);
    }
  }

  /** @internal */
  static of(python: PyodideAPI, ports: Ports, packages?: string): Interpreter {
    const marked = packages === undefined || !installPackages(python, packages);
    if (!hasGuest(python)) install(python);
    python.setInterruptBuffer(new Uint8Array(4));
    const entry = python.runPython("import sys; id(sys._coderlplus_main)") as number;
    const internals = python as unknown as Internals;
    internals._module._Py_IncRef(entry);
    python.runPython(source("./sever.py"));
    return new Interpreter(internals, ports, entry, marked);
  }

  /** Bytes that the memory has grown by since the start; it never shrinks. */
  get growth(): number {
    return this.#python._module.HEAPU8.length - this.#baselineHeap;
  }

  /** Whether more is changed than {@link restore} puts back. */
  get strayed(): boolean {
    return this.#surroundings.strayed;
  }

  /**
   * A digest of everything that a program may have changed, once it is put back.
   *
   * @internal
   */
  digest(): string {
    this.restore();
    this.#ports.marks.clear();
    return this.#surroundings.digest();
  }

  /** What the run that goes on has used so far, in units of {@link WORK_PER_MS}. */
  get work(): number {
    return this.#ports.work;
  }

  /** Lets the run that goes on pay for work done elsewhere on its behalf. */
  charge(work: number): void {
    this.#ports.work += work;
  }

  /** Puts a state back; nothing to do where nothing has run since. */
  restore(to: "start" | "checkpoint" = "start"): void {
    const state = to === "start" ? this.#start : this.#checkpoint;
    if (!this.#dirty && this.#at === state) return;
    const { marks } = this.#ports;
    if (this.#at !== state) {
      for (const { memory } of [this.#at, state]) {
        for (const page of memory.changed) marks.add(page * PAGE_BYTES, 1);
      }
    }
    marks.restore(state.memory);
    this.#surroundings.restore();
    this.#at = state;
    this.#dirty = false;
  }

  /**
   * Keeps the state as it is after a run that began at the start, in the place of the one kept before.
   *
   * @returns false where it is not worth keeping, or not to be trusted
   */
  keep(): boolean {
    const pages = this.#ports.marks.reachedPages();
    if (pages === null || pages.length > MAX_CHECKPOINT_PAGES || this.#surroundings.hasOpenFiles) return false;
    const { memory } = this.#checkpoint;
    memory.keep(this.#python._module.HEAPU8, pages);
    this.#checkpoint = { memory, position: this.#ports.position() };
    this.#at = this.#checkpoint;
    this.#ports.marks.clear();
    this.#dirty = false;
    return true;
  }

  /** @internal Bytes of the memory that are not as in the state that was put back last: for tests, there must be none. */
  strayBytes(): number {
    const heap = this.#python._module.HEAPU8;
    const expected = Buffer.alloc(heap.length);
    this.#at.memory.putBack(expected, 0, heap.length / PAGE_BYTES, 0);
    if (expected.equals(heap)) return 0;
    return heap.reduce((count, byte, at) => count + Number(byte !== expected[at]), 0);
  }

  /**
   * Runs one request from the state that is there.
   *
   * @param answer  serves what the guest asks across
   */
  run(job: Omit<WireJob, "staged">, answer?: (question: Buffer) => Buffer | null): Execution {
    const ports = this.#ports;
    const limits = {
      work: Math.ceil(job.limits.timeMs * WORK_PER_MS),
      outputBytes: job.limits.outputBytes,
      heapLimit: this.#baselineHeap + job.limits.memoryBytes,
    };
    ports.begin(Buffer.from(job.request), Buffer.from(job.stdin), limits, this.#at.position);
    ports.answer = answer ?? null;
    if (job.keepsStderr) ports.stderr = new Bytes();
    this.#dirty = true;
    const { _module: module, FS } = this.#python;
    const started = performance.now();
    let thrown: unknown = null;
    try {
      const result = withFiles(FS, job.files, ports.epochMs, () => module._PyObject_CallNoArgs(this.#entry));
      if (result !== 0) module._Py_DecRef(result);
    } catch (error) {
      thrown = error;
    }
    const cpuMs = performance.now() - started;
    ports.end();
    if (!this.#marked) ports.marks.add(0, this.#python._module.HEAPU8.length);
    return { ...this.#outcome(thrown), work: ports.work, outputBytes: ports.outputBytes, cpuMs };
  }

  #outcome(thrown: unknown): Pick<Execution, "ending" | "reply" | "stdout" | "stdoutIsText" | "stderr"> {
    const ports = this.#ports;
    // A program that leaves by `os._exit` may have said something before.
    const left = thrown instanceof Killed && thrown.reason === "exit";
    const reply = thrown === null || left ? parseReply(ports.takeReply()) : null;
    const stderr = ports.stderr?.take().toString("utf8");
    return {
      ending: endingOf(thrown, reply, ports),
      reply,
      ...readOutput(ports.stdout.take()),
      ...(stderr === undefined ? {} : { stderr }),
    };
  }
}

function endingOf(thrown: unknown, reply: Execution["reply"], ports: Ports): Ending {
  if (thrown instanceof Killed) {
    if (thrown.reason === "exit") return { kind: "exited", exitCode: thrown.exitCode & 255 };
    return { kind: thrown.reason, message: thrown.message };
  }
  if (ports.outOfMemory && reply === null) return { kind: "out-of-memory", message: "the memory limit was reached" };
  if (thrown !== null) return { kind: "crashed", message: messageOf(thrown) };
  return readEnding(reply, ports.denied);
}

async function load(
  world: World,
  image: Image,
  progress?: Int32Array,
  packages?: string,
): Promise<{ interpreter: Interpreter; image: Image }> {
  const ports = new Ports(world, progress);
  const { python, module } = await start(world, ports, image);
  return { interpreter: Interpreter.of(python, ports, packages), image: { ...image, module } };
}

/** Whether the next start has to make what is kept for later ones. */
export function needsPreparing(world: World): boolean {
  return !isCached(`${world}-world`, recipe(world)) || !isCached("code", rewriter());
}

function recipe(world: World): string {
  const guest = GUEST.map(([, path]) => source(path));
  return [PREPARATION, ...guest, source("./install.py"), STANDARD_LIBRARY, HASH_SEED[world]].join("\0");
}

/** The text that the rewritten code depends on. */
function rewriter(): string {
  const ending = import.meta.url.slice(-3);
  return source(`./store-tracking${ending}`) + source(`./wasm-reader${ending}`);
}

/** From the cache, or made now by a cold start that is thrown away: all interpreters begin with the same memory. */
async function findSnapshot(world: World): Promise<Uint8Array> {
  const snapshot = await cached(`${world}-world`, recipe(world), async () => {
    const { python } = await start(world, new Ports(world));
    install(python);
    return (python as unknown as Internals).makeMemorySnapshot();
  });
  return share(snapshot);
}

/** The interpreter's code with marks for what it stores. */
async function compileTracked(binary: Uint8Array): Promise<WasmModule> {
  return wasm.compile(await cached("code", rewriter(), async () => trackStores(binary)));
}

/** One copy for all threads. */
function share(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

function hasGuest(python: PyodideAPI): boolean {
  return python.runPython("import sys; hasattr(sys, '_coderlplus_main')") as boolean;
}

/** Loads pyodide with the firewall in the way of its imports. One at a time per thread: it borrows a global. */
async function start(world: World, ports: Ports, image?: Image): Promise<{ python: PyodideAPI; module: WasmModule }> {
  const { instantiate } = wasm;
  let module = image?.module;
  wasm.instantiate = async (source, imports = {}) => {
    if (!(source instanceof Uint8Array) || source.length < MIN_INTERPRETER_BYTES) return instantiate(source, imports);
    module ??= await compileTracked(source);
    buildFirewall(imports, ports);
    const instance = (await instantiate(module, imports)) as WasmInstance;
    const { exports } = instance;
    const table = tableAddress(addressOf(exports, "__heap_base"));
    const reserve = exports.sbrk as (bytes: number) => number;
    reserve(table + TABLE_BYTES + PAGE_BYTES - reserve(0));
    ports.connect(exports.memory as WasmMemory, addressOf(exports, "_Py_emscripten_signal_clock"), table);
    return { instance, module };
  };
  try {
    const python = await loadPyodide({
      indexURL: dirname(createRequire(import.meta.url).resolve("pyodide")),
      jsglobals: {},
      env: { PYTHONHASHSEED: HASH_SEED[world], HOME: "/home", PATH: "/", _: "python" },
      ...NAMED,
      stdin: () => null,
      stdout: () => {},
      stderr: () => {},
      ...(image?.snapshot ? { _loadSnapshot: new Uint8Array(image.snapshot) } : { _makeSnapshot: true }),
    });
    if (!module) throw new InfrastructureError("pyodide loaded without its WebAssembly module");
    return { python, module };
  } finally {
    wasm.instantiate = instantiate;
  }
}

/** Where a variable of the interpreter's lies, by its exported name. */
function addressOf(exports: WasmInstance["exports"], name: string): number {
  const address = (exports[name] as { readonly value?: unknown } | undefined)?.value;
  if (typeof address !== "number") throw new InfrastructureError(`this pyodide does not export ${name}`);
  return address;
}

/** What prepares an interpreter: install.py, given the modules that programs import often, and the guest. */
export function guestRecipe(): {
  readonly install: string;
  readonly standardLibrary: string[];
  readonly guest: string[][];
} {
  return {
    install: source("./install.py"),
    standardLibrary: STANDARD_LIBRARY.split(/\s+/),
    guest: GUEST.map(([name, path]) => [name, source(path)]),
  };
}

/** Imports what programs use, and the guest with its modules, which are then taken out of the program's sight. */
function install(python: PyodideAPI): void {
  const { install, standardLibrary, guest } = guestRecipe();
  python.runPython(
    `standard_library = ${JSON.stringify(standardLibrary)}\nguest = ${JSON.stringify(guest)}\n${install}`,
  );
}

function source(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}
