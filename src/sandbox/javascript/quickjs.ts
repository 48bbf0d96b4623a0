// One QuickJS in WebAssembly that runs any number of programs, each from the same saved state: after a run the linear
// memory is copied back, so that nothing of a program survives. Not a pool: sandbox.ts. What the program sees of the
// outside is the one host function below, which only the guest's own code (guest/) can call.
// The build is quickjs-emscripten's; only its lowest layer is used, because a kill must pass through everything above.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import library from "@jitl/quickjs-wasmfile-release-sync";
import { InfrastructureError } from "../../core/errors.js";
import type { Budget } from "./budget.js";
import { guestSource } from "./guest-source.js";
import { type Imports, instantiate, type WasmMemory, wasm } from "./wasm.js";

/** Its types take it for a CommonJS module, which it is not for an importer. */
const variant = library as unknown as (typeof library)["default"];
type InterfaceClass = Awaited<ReturnType<typeof variant.importFFI>>;
type Interface = InstanceType<InterfaceClass>;
type Module = ConstructorParameters<InterfaceClass>[0];
type Load = (options: object) => Promise<Module>;
type Context = ReturnType<Interface["QTS_NewContext"]>;
type Runtime = ReturnType<Interface["QTS_NewRuntime"]>;
type Value = ReturnType<Interface["QTS_GetUndefined"]> | ReturnType<Interface["QTS_NewObject"]>;
type Callbacks = Module["callbacks"];

/** The build is minified: these letters are its functions. The version is pinned, and `open` checks them. */
const LETTERS = { clock: "p", grow: "k", stackPointer: "Oa", restoreStack: "Ma" };
const PAGE = 65536;
const INITIAL_BYTES = 256 * PAGE;
const MAX_PAGES = 32768;
/** As deep as Node's recursion twice over; the build has 5 MiB of stack. */
const MAX_STACK_BYTES = 4 << 20;
const ALL_INTRINSICS = 0xffff as Parameters<Interface["QTS_NewContext"]>[1];

/** What the guest can ask of the host; whatever is thrown ends the program. */
export type Host = (operation: string, text: string) => string | undefined;

interface Instance {
  readonly module: Module;
  readonly memory: WasmMemory;
  readonly ffi: Interface;
  readonly stackPointer: () => number;
  readonly restoreStack: (pointer: number) => void;
}

/** The saved state: all memory in use but the stack, which is empty between two programs. */
interface Baseline {
  readonly low: Uint8Array;
  readonly high: Uint8Array;
  readonly highAt: number;
  readonly stack: number;
  readonly runtime: Runtime;
  readonly context: Context;
  /** The guest's function that takes a program on. */
  readonly advance: Value;
}

export class QuickJs {
  host: Host = () => undefined;
  #instance: Instance;
  readonly #baseline: Baseline;
  #dirty = false;

  private constructor(
    readonly budget: Budget,
    instance: Instance,
    baseline: Baseline,
  ) {
    this.#instance = instance;
    this.#baseline = baseline;
    this.#connect();
  }

  static async open(budget: Budget): Promise<QuickJs> {
    const instance = await newInstance(budget);
    return new QuickJs(budget, instance, prepare(instance));
  }

  /** Bytes that the memory has grown by since the start; it never shrinks. */
  get growth(): number {
    return this.#instance.memory.buffer.byteLength - INITIAL_BYTES;
  }

  /** A machine in the saved state, a fresh one where the memory has grown. */
  async restore(): Promise<void> {
    if (this.#dirty && this.growth > 0) {
      this.#instance = await newInstance(this.budget);
      this.#connect();
    }
    this.rewind();
  }

  /** Puts the saved state back, unless nothing has run since or the memory has grown. */
  rewind(): void {
    if (!this.#dirty || this.growth > 0) return;
    const { low, high, highAt, stack } = this.#baseline;
    const heap = this.#instance.module.HEAPU8;
    heap.set(low);
    heap.set(high, highAt);
    this.#instance.restoreStack(stack);
    this.#dirty = false;
  }

  /** Whether promises wait to be taken on; does the first of them. */
  runJob(): boolean {
    const { ffi } = this.#instance;
    const { runtime, context } = this.#baseline;
    if (ffi.QTS_IsJobPending(runtime) === 0) return false;
    this.budget.step();
    const done = ffi.QTS_ExecutePendingJob(runtime, 1, this.#scratch() as never);
    ffi.QTS_FreeValuePointer(context, done);
    return true;
  }

  /** Calls the guest with a text; it answers with one. */
  advance(text: string): string {
    this.#dirty = true;
    const { ffi } = this.#instance;
    const { context, advance } = this.#baseline;
    const argument = newString(this.#instance, context, text);
    const list = this.#scratch();
    new DataView(this.#instance.memory.buffer).setUint32(list, argument, true);
    const result = ffi.QTS_Call(context, advance, ffi.QTS_GetUndefined(), 1, list as never);
    const error = ffi.QTS_ResolveException(context, result);
    if (error) throw new InfrastructureError(`the guest failed: ${this.#text(ffi.QTS_Dump(context, error))}`);
    const answer = this.#text(ffi.QTS_GetString(context, result));
    ffi.QTS_FreeValuePointer(context, result);
    ffi.QTS_FreeValuePointer(context, argument);
    return answer;
  }

  /** Four bytes of memory; the saved state takes them back. */
  #scratch(): number {
    return this.#instance.module._malloc(4);
  }

  #connect(): void {
    const { module, ffi } = this.#instance;
    const { context } = this.#baseline;
    const argument = (list: Value, index: number): string =>
      this.#text(ffi.QTS_GetString(context, ffi.QTS_ArgvGetJSValueConstPointer(list, index)));
    module.callbacks = {
      callFunction: (_async: unknown, _context: unknown, _self: unknown, _count: number, list: Value) => {
        const answer = this.host(argument(list, 0), argument(list, 1));
        return answer === undefined ? 0 : newString(this.#instance, context, answer);
      },
      shouldInterrupt: () => {
        this.budget.poll();
        return 0;
      },
    } as Partial<Record<keyof Callbacks, unknown>> as Callbacks;
  }

  /** A text that the interpreter lends; it is read to its end and given back. */
  #text(pointer: number): string {
    const heap = this.#instance.module.HEAPU8;
    const text = Buffer.from(heap.buffer, pointer, heap.indexOf(0, pointer) - pointer).toString("utf8");
    this.#instance.ffi.QTS_FreeCString(this.#baseline.context, pointer as never);
    return text;
  }
}

const compiled = new wasm.Module(
  readFileSync(createRequire(import.meta.url).resolve("@jitl/quickjs-wasmfile-release-sync/wasm")),
);

/** An empty machine whose clock and memory are the budget's. */
async function newInstance(budget: Budget): Promise<Instance> {
  const [loader, Ffi] = await Promise.all([variant.importModuleLoader(), variant.importFFI()]);
  const load = loader as unknown as Load;
  const memory = new wasm.Memory({ initial: INITIAL_BYTES / PAGE, maximum: MAX_PAGES });
  let exports: Readonly<Record<string, unknown>> = {};
  const module = await load({
    wasmMemory: memory,
    instantiateWasm(imports: Imports, ready: (instance: unknown) => void) {
      const functions = imports.a;
      const grow = functions[LETTERS.grow] as (bytes: number) => boolean;
      functions[LETTERS.clock] = () => budget.clockMs();
      functions[LETTERS.grow] = (bytes: number) => {
        budget.grow(bytes >>> 0, INITIAL_BYTES);
        return grow(bytes);
      };
      const instance = instantiate(compiled, imports);
      exports = instance.exports;
      ready(instance);
    },
  });
  const stackPointer = exports[LETTERS.stackPointer] as () => number;
  const restoreStack = exports[LETTERS.restoreStack] as (pointer: number) => void;
  return { module, memory, ffi: new Ffi(module), stackPointer, restoreStack };
}

/** Makes the world that every program starts in, and saves it. */
function prepare(instance: Instance): Baseline {
  const { module, ffi, memory } = instance;
  const runtime = ffi.QTS_NewRuntime();
  ffi.QTS_RuntimeSetMaxStackSize(runtime, MAX_STACK_BYTES);
  const context = ffi.QTS_NewContext(runtime, ALL_INTRINSICS);
  const source = Buffer.from(`${guestSource()}\0`);
  const at = module._malloc(source.length);
  module.HEAPU8.set(source, at);
  const evaluated = ffi.QTS_Eval(context, at as never, source.length - 1, "guest", 0 as never, 0 as never);
  module._free(at);
  const host = ffi.QTS_NewFunction(context, "host", 2, false, 1 as never);
  const list = module._malloc(4);
  new DataView(memory.buffer).setUint32(list, host, true);
  const advance = ffi.QTS_Call(context, evaluated, ffi.QTS_GetUndefined(), 1, list as never);
  const error = ffi.QTS_ResolveException(context, advance);
  if (error) {
    throw new InfrastructureError(`the guest does not load: ${module.UTF8ToString(ffi.QTS_Dump(context, error))}`);
  }
  ffi.QTS_RuntimeEnableInterruptHandler(runtime);
  const stack = instance.stackPointer();
  const heap = module.HEAPU8;
  if (!(stack > MAX_STACK_BYTES && stack < heap.length)) {
    throw new InfrastructureError("this build of QuickJS has its functions under other names");
  }
  let end = heap.length;
  while (heap[end - 1] === 0) end--;
  return {
    low: heap.slice(0, stack - MAX_STACK_BYTES),
    high: heap.slice(stack, end + 16),
    highAt: stack,
    stack,
    runtime,
    context,
    advance,
  };
}

function newString({ module, ffi }: Instance, context: Context, text: string): ReturnType<Interface["QTS_NewString"]> {
  const bytes = Buffer.from(`${text}\0`);
  const at = module._malloc(bytes.length);
  module.HEAPU8.set(bytes, at);
  const value = ffi.QTS_NewString(context, at as never);
  module._free(at);
  return value;
}
