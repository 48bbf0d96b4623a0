// The part of the WebAssembly interface that the kernels use: Node's own types leave it out.

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** @param delta  units of 64 KB */
  grow(delta: number): number;
}

interface WasmInterface {
  readonly Memory: new (limits: { readonly initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: unknown };
}

export const wasm: WasmInterface = (globalThis as unknown as { WebAssembly: WasmInterface }).WebAssembly;
