// The part of the WebAssembly interface that this engine uses beyond the Python one's: Node's own types leave it out.

import { wasm as other, type WasmInstance, type WasmModule } from "../python/wasm.js";

export type Imports = Record<string, Record<string, unknown>>;

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WasmInterface {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: Imports) => WasmInstance;
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory;
}

export const wasm = other as unknown as WasmInterface;

export function instantiate(module: WasmModule, imports: Imports): WasmInstance {
  return new wasm.Instance(module, imports);
}
