// What there is of an interpreter besides its linear memory: streams, files, the function table, the few globals of the
// WebAssembly module, and the JavaScript side of emscripten and pyodide. The firewall lets no program change more of it
// than the streams, which are put back. Not a copy of it all: what should never change is only watched.

import { createHash } from "node:crypto";
import { types } from "node:util";

interface FileNode {
  atime: number;
  mtime: number;
  ctime: number;
  readonly contents?: Readonly<Record<string, FileNode>> | Uint8Array | null;
}

/** The parts of pyodide that matter here; `_module` holds nearly all of emscripten's variables. */
export interface Surrounded {
  readonly _module: {
    readonly HEAPU8: Uint8Array;
    /** Where the system call at hand has its further arguments. */
    readonly SYSCALLS: { varargs: unknown };
    readonly wasmTable: { readonly length: number; get(index: number): unknown };
    _emscripten_stack_get_current(): number;
    _emscripten_stack_get_base(): number;
    _emscripten_stack_get_end(): number;
    _getTempRet0(): number;
    __emscripten_stack_restore(pointer: number): void;
  };
  readonly FS: {
    readonly streams: unknown[];
    readonly root: FileNode;
    unlink(path: string): void;
  };
}

/** They would give out bytes of this machine's own, different every time. */
const HOST_CHANCE = ["/dev/random", "/dev/urandom"];

export class Surroundings {
  readonly #python: Surrounded;
  readonly #streams: unknown[];
  readonly #stack: number;
  readonly #varargs: unknown;
  readonly #watched: string;
  readonly #heapBytes: number;
  readonly #identities = new WeakMap<object, number>();
  #lastIdentity = 0;

  constructor(python: Surrounded) {
    this.#python = python;
    for (const device of HOST_CHANCE) python.FS.unlink(device);
    resetTimes(python.FS.root);
    this.#stack = python._module._emscripten_stack_get_current();
    this.#streams = [...python.FS.streams];
    this.#varargs = python._module.SYSCALLS.varargs;
    this.#watched = this.#watch();
    this.#heapBytes = python._module.HEAPU8.length;
  }

  /** Whether something is changed that {@link restore} does not put back: then a fresh interpreter must take over. */
  get strayed(): boolean {
    return this.#watch() !== this.#watched;
  }

  /** Whether a program holds files of its own open, or has closed some of the interpreter's. */
  get hasOpenFiles(): boolean {
    const { streams } = this.#python.FS;
    return streams.length !== this.#streams.length || streams.some((stream, fd) => stream !== this.#streams[fd]);
  }

  restore(): void {
    const { _module: module, FS } = this.#python;
    module.__emscripten_stack_restore(this.#stack);
    FS.streams.length = 0;
    Object.assign(FS.streams, this.#streams);
    module.SYSCALLS.varargs = this.#varargs;
  }

  /** Cheap enough for every program: the module's globals, the table's size, the number of files. */
  #watch(): string {
    const { _module: module, FS } = this.#python;
    const bounds = [module._emscripten_stack_get_base(), module._emscripten_stack_get_end(), module._getTempRet0()];
    return [...bounds, module.wasmTable.length, countFiles(FS.root)].join(" ");
  }

  /**
   * A digest of everything that can be reached, the linear memory too: equal before and after a program.
   *
   * @internal
   */
  digest(): string {
    const { _module: module, FS } = this.#python;
    const hash = createHash("sha256");
    hash.update(module.HEAPU8.subarray(0, this.#heapBytes));
    // What has been added since must be as it came.
    const added = new Uint32Array(module.HEAPU8.buffer, this.#heapBytes);
    hash.update(String(added.some((word) => word !== 0)));
    hash.update(`${this.#watch()} ${module._emscripten_stack_get_current()}\n`);
    for (let index = 0; index < module.wasmTable.length; index++) {
      hash.update(`${this.#identity(module.wasmTable.get(index))} `);
    }
    this.#walk([module, FS], (line) => hash.update(line));
    return hash.digest("hex");
  }

  /** Every object once, by its own properties; functions and objects by identity, buffers by their contents. */
  #walk(roots: readonly object[], tell: (line: string) => void): void {
    const seen = new Set<unknown>(roots);
    const queue: unknown[] = [...roots];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const [key, value] of propertiesOf(next as object)) {
        if (isMemory(value, this.#python._module.HEAPU8)) continue;
        if (typeof value !== "object" || value === null) {
          tell(`${key}=${typeof value === "function" ? this.#identity(value) : String(value)}\n`);
          continue;
        }
        tell(`${key}:${this.#identity(value)}\n`);
        if (ArrayBuffer.isView(value)) tell(digestOf(value));
        // Looking into one of pyodide's proxies would run Python.
        else if (!seen.has(value) && !types.isProxy(value)) queue.push(value);
        seen.add(value);
      }
    }
  }

  #identity(value: unknown): number {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return 0;
    let identity = this.#identities.get(value);
    if (identity === undefined) {
      identity = ++this.#lastIdentity;
      this.#identities.set(value, identity);
    }
    return identity;
  }
}

/** Files have no age: it would tell when this interpreter was started. */
function resetTimes(node: FileNode): void {
  Object.assign(node, { atime: 0, mtime: 0, ctime: 0 });
  if (!node.contents || ArrayBuffer.isView(node.contents)) return;
  for (const child of Object.values(node.contents)) resetTimes(child);
}

/** A few dozen. */
function countFiles({ contents }: FileNode): number {
  if (!contents || ArrayBuffer.isView(contents)) return 1;
  return Object.values(contents).reduce((sum, child) => sum + countFiles(child), 1);
}

function propertiesOf(value: object): Array<readonly [string, unknown]> {
  if (value instanceof Map) return [...value].flatMap(([key, one], at) => [[`${at}k`, key] as const, [`${at}v`, one]]);
  if (value instanceof Set) return [...value].map((one, at) => [String(at), one]);
  return Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(([key, { value: one }]) =>
    one === undefined ? [] : [[key, one] as const],
  );
}

/** The linear memory and its views move when it grows; it is told apart by itself. */
function isMemory(value: unknown, heap: Uint8Array): boolean {
  return value instanceof ArrayBuffer || (ArrayBuffer.isView(value) && value.buffer === heap.buffer);
}

function digestOf(view: ArrayBufferView): string {
  return createHash("sha1")
    .update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    .digest("hex");
}
