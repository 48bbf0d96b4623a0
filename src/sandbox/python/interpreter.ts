// One CPython in WebAssembly that runs any number of programs, each from the same saved state: after a run the linear
// memory is copied back, so that nothing of a program survives. Not a pool and not a clock: sandbox.ts and worker.ts.
// The idea of in-place restoring and of pyodide's memory snapshots: pyodide and Cloudflare's workerd.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { loadPyodide, type PyodideAPI } from "pyodide";
import { InfrastructureError, messageOf } from "../../core/errors.js";
import { parseJson } from "../../core/json.js";
import {
  type Ending,
  type Execution,
  fieldsOf,
  isExitCode,
  isRecord,
  textIn,
  type WireJob,
  type World,
} from "../job.js";
import { buildFirewall, Killed } from "./firewall.js";
import { cached } from "./image.js";
import type { SavedMemory } from "./marks.js";
import { Ports, type Position, WORK_PER_MS } from "./ports.js";
import { PAGE_BYTES, TABLE_BYTES, tableAddress, trackingVersion, trackStores } from "./store-tracking.js";
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
  _emscripten_stack_get_current(): number;
  __emscripten_stack_restore(pointer: number): void;
  _sbrk(bytes: number): number;
}

interface Internals {
  readonly _module: EmscriptenModule;
  readonly FS: { readonly streams: unknown[] };
  makeMemorySnapshot(): Uint8Array;
}

const HASH_SEED: Readonly<Record<World, string>> = { first: "0", second: "4219" };
/** In the order in which they import each other. */
const GUEST: ReadonlyArray<readonly [string, string]> = [
  ["coderlplus_values", "./values.py"],
  ["coderlplus_shims", "./shims.py"],
  ["coderlplus_guest", "./guest.py"],
  ["coderlplus_crossing", "./crossing.py"],
  ["coderlplus_asserts", "../../judge/asserts.py"],
  ["coderlplus_scopes", "../../tracer/scopes.py"],
  ["coderlplus_stirring", "../../tracer/stirring.py"],
  ["coderlplus_tampering", "../../tracer/tampering.py"],
  ["coderlplus_captured", "../../tracer/captured.py"],
  ["coderlplus_passes", "../../tracer/passes.py"],
  ["coderlplus_tracer", "../../tracer/tracer.py"],
];
const MIN_INTERPRETER_BYTES = 1_000_000;

/** Loaded before the state is saved: what programs import often. The rest is read from the archive when asked for. */
const STANDARD_LIBRARY = `sys os io re heapq bisect itertools functools collections collections.abc math random string
  json operator copy typing decimal fractions datetime statistics traceback time dataclasses enum types array cmath
  ast symtable abc contextlib asyncio threading queue numbers textwrap`;

/** A state that runs can begin from. */
export class Checkpoint {
  constructor(
    readonly memory: SavedMemory,
    readonly streams: readonly unknown[],
    readonly position: Position,
  ) {}
}

/** 16 MB: what a program has built up in its first part is copied for it, once. */
const MAX_CHECKPOINT_PAGES = 4096;

export class Interpreter {
  readonly #python: Internals;
  readonly #ports: Ports;
  readonly #entry: number;
  readonly #baselineHeap: number;
  readonly #stack: number;
  readonly #start: Checkpoint;
  /** What the memory is, but for its marked pages. */
  #at: Checkpoint;
  #dirty = false;

  private constructor(python: Internals, ports: Ports, entry: number) {
    this.#python = python;
    this.#ports = ports;
    this.#entry = entry;
    const module = python._module;
    this.#baselineHeap = module.HEAPU8.length;
    const end = module._sbrk(0);
    this.#stack = module._emscripten_stack_get_current();
    ports.marks.clear();
    const base = module.HEAPU8.slice(0, end);
    this.#start = new Checkpoint({ base, changed: new Map() }, [...python.FS.streams], ports.origin());
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
  ): Promise<{ interpreter: Interpreter; image: Image }> {
    const image = given ?? { snapshot: await findSnapshot(world) };
    try {
      return await load(world, image, progress);
    } catch (error) {
      if (!image.snapshot) throw error;
      return load(world, { ...image, snapshot: null }, progress);
    }
  }

  /** @internal */
  static of(python: PyodideAPI, ports: Ports): Interpreter {
    if (!hasGuest(python)) install(python);
    python.setInterruptBuffer(new Uint8Array(4));
    const entry = python.runPython("import sys; id(sys._coderlplus_main)") as number;
    const internals = python as unknown as Internals;
    internals._module._Py_IncRef(entry);
    python.runPython(source("./sever.py"));
    return new Interpreter(internals, ports, entry);
  }

  /** Bytes that the memory has grown by since the start; it never shrinks. */
  get growth(): number {
    return this.#python._module.HEAPU8.length - this.#baselineHeap;
  }

  /** What the run that goes on has used so far, in units of {@link WORK_PER_MS}. */
  get work(): number {
    return this.#ports.work;
  }

  /** Lets the run that goes on pay for work done elsewhere on its behalf. */
  charge(work: number): void {
    this.#ports.work += work;
  }

  /** Puts a saved state back, the first one unless told otherwise; nothing to do where nothing has run since. */
  restore(state: Checkpoint = this.#start): void {
    if (!this.#dirty && this.#at === state) return;
    const { marks } = this.#ports;
    if (this.#at !== state) for (const page of this.#at.memory.changed.keys()) marks.add(page * PAGE_BYTES, 1);
    if (this.#at !== state) for (const page of state.memory.changed.keys()) marks.add(page * PAGE_BYTES, 1);
    marks.restore(state.memory);
    this.#python._module.__emscripten_stack_restore(this.#stack);
    this.#python.FS.streams.length = 0;
    Object.assign(this.#python.FS.streams, state.streams);
    this.#at = state;
    this.#dirty = false;
  }

  /** The state as it is after a run that began at the first one; null where it is not worth keeping, or not to be trusted. */
  checkpoint(): Checkpoint | null {
    const { streams } = this.#python.FS;
    const pages = this.#ports.marks.pages();
    const isOwn =
      streams.length === this.#start.streams.length && streams.every((s, i) => s === this.#start.streams[i]);
    if (pages === null || pages.length > MAX_CHECKPOINT_PAGES || !isOwn) return null;
    const heap = this.#python._module.HEAPU8;
    const changed = new Map(pages.map((page) => [page, heap.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)]));
    this.#at = new Checkpoint({ base: this.#start.memory.base, changed }, [...streams], this.#ports.position());
    this.#ports.marks.clear();
    this.#dirty = false;
    return this.#at;
  }

  /** @internal Bytes of the memory that are not as in the state that was put back last: for tests, there must be none. */
  strayBytes(): number {
    const { base, changed } = this.#at.memory;
    const heap = this.#python._module.HEAPU8;
    const expected = Buffer.alloc(heap.length);
    expected.set(base);
    for (const [page, bytes] of changed) expected.set(bytes, page * PAGE_BYTES);
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
    this.#dirty = true;
    const started = performance.now();
    let thrown: unknown = null;
    try {
      const result = this.#python._module._PyObject_CallNoArgs(this.#entry);
      if (result !== 0) this.#python._module._Py_DecRef(result);
    } catch (error) {
      thrown = error;
    }
    const cpuMs = performance.now() - started;
    ports.end();
    return { ...this.#outcome(thrown), work: ports.work, outputBytes: ports.outputBytes, cpuMs };
  }

  #outcome(thrown: unknown): Pick<Execution, "ending" | "reply" | "stdout" | "stdoutIsText"> {
    const ports = this.#ports;
    const stdout = Buffer.concat(ports.stdout);
    const text = stdout.toString("utf8");
    const stdoutIsText = !text.includes("\uFFFD") || Buffer.from(text).equals(stdout);
    // A program that leaves by `os._exit` may have said something before.
    const left = thrown instanceof Killed && thrown.reason === "exit";
    const reply = thrown === null || left ? parseReply(ports.takeReply()) : null;
    return { ending: endingOf(thrown, reply, ports), reply, stdout: text, stdoutIsText };
  }
}

function parseReply(bytes: Buffer): Execution["reply"] {
  try {
    const reply = parseJson(bytes.toString("utf8"));
    return isRecord(reply) ? reply : null;
  } catch {
    return null;
  }
}

function endingOf(thrown: unknown, reply: Execution["reply"], ports: Ports): Ending {
  if (thrown instanceof Killed) {
    if (thrown.reason === "exit") return { kind: "exited", exitCode: thrown.exitCode & 255 };
    return { kind: thrown.reason, message: thrown.message };
  }
  if (ports.outOfMemory && reply === null) return { kind: "out-of-memory", message: "the memory limit was reached" };
  if (thrown !== null) return { kind: "crashed", message: messageOf(thrown) };
  return readEnding(reply, ports) ?? { kind: "crashed", message: "the program broke the channel to the host" };
}

/** The guest's own word on the end. All of it may be forged, so nothing about its shape is taken for granted. */
function readEnding(reply: Execution["reply"], ports: Ports): Ending | null {
  if (reply === null) return null;
  if (reply.end === "finished") return { kind: "finished" };
  if (reply.end === "exited") return isExitCode(reply.exitCode) ? { kind: "exited", exitCode: reply.exitCode } : null;
  if (reply.end === "unparsable") return { kind: "unparsable", message: textIn(reply.message) };
  if (reply.end !== "raised") return null;
  const error = fieldsOf(reply.error);
  const raised = { type: textIn(error.type), message: textIn(error.message) };
  if (raised.type === "MemoryError") return { kind: "out-of-memory", message: raised.message };
  // Only the error that the refusal itself caused: a program may live on after it and die of something else.
  const refused = typeof error.errno === "number" ? ports.denied.get(Math.abs(error.errno)) : undefined;
  if (refused !== undefined) return { kind: "denied", message: `${raised.type}: ${raised.message} (${refused})` };
  return { kind: "raised", error: raised };
}

async function load(
  world: World,
  image: Image,
  progress?: Int32Array,
): Promise<{ interpreter: Interpreter; image: Image }> {
  const ports = new Ports(world, progress);
  const { python, module } = await start(world, ports, image);
  return { interpreter: Interpreter.of(python, ports), image: { ...image, module } };
}

/** From the cache, or made now by a cold start that is thrown away: all interpreters begin with the same memory. */
async function findSnapshot(world: World): Promise<Uint8Array> {
  const parts = [...GUEST.map(([, path]) => source(path)), source("./install.py"), STANDARD_LIBRARY, HASH_SEED[world]];
  const snapshot = await cached(`${world}-world`, parts.join("\0"), async () => {
    const { python } = await start(world, new Ports(world));
    install(python);
    return (python as unknown as Internals).makeMemorySnapshot();
  });
  return share(snapshot);
}

/** The interpreter's code with marks for what it stores. */
async function compileTracked(binary: Uint8Array): Promise<WasmModule> {
  return wasm.compile(await cached("code", trackingVersion, async () => trackStores(binary)));
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

/** Imports what programs use, and the guest with its modules, which are then taken out of the program's sight. */
function install(python: PyodideAPI): void {
  const guest = GUEST.map(([name, path]) => [name, source(path)]);
  python.runPython(
    `standard_library = ${JSON.stringify(STANDARD_LIBRARY.split(/\s+/))}\nguest = ${JSON.stringify(guest)}\n${source("./install.py")}`,
  );
}

function source(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}
