// The part of the WebAssembly interface that the sandbox uses: Node's own types leave it out.

type WasmImports = Record<string, Record<string, unknown>>;

/** Compiled code; it can be posted to another thread, which then need not compile. */
export interface WasmModule {
  readonly kind?: "WebAssembly.Module";
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WasmInterface {
  compile(source: Uint8Array): Promise<WasmModule>;
  instantiate: (this: void, source: unknown, imports?: WasmImports) => Promise<unknown>;
}

export const wasm: WasmInterface = (globalThis as unknown as { WebAssembly: WasmInterface }).WebAssembly;
