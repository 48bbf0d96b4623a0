import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { indexFile, readTensor, writeSafetensors } from "./safetensors.js";
import { indexModel } from "./shards.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file with one tensor of raw bytes. */
function writeRaw(path: string, dtype: string, shape: readonly number[], bytes: Uint8Array): void {
  const header = Buffer.from(JSON.stringify({ w: { dtype, shape, data_offsets: [0, bytes.length] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, Buffer.concat([length, header, bytes]));
}

function read(path: string, name: string, shape: readonly number[]): number[] {
  const target = new Float32Array(shape.reduce((a, b) => a * b, 1));
  readTensor(indexFile(path), name, shape, target);
  return [...target];
}

describe("safetensors", () => {
  it("round-trips f32 to the bit, also out of shared memory", () => {
    const path = join(folder, "f32.safetensors");
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set([1 / 3, -0, 1e-40]);
    writeSafetensors(path, [
      { name: "a", shape: [3], data: shared },
      { name: "b", shape: [1, 2], data: Float32Array.of(5, Number.POSITIVE_INFINITY) },
    ]);
    expect(read(path, "a", [3])).toEqual([...shared]);
    expect(read(path, "b", [1, 2])).toEqual([5, Number.POSITIVE_INFINITY]);
    expect(Number(readFileSync(path).readBigUInt64LE()) % 8).toBe(0);
  });

  it("writes bf16 rounded to nearest, ties to even", () => {
    const path = join(folder, "bf16.safetensors");
    const data = Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -Math.PI);
    writeSafetensors(path, [{ name: "w", shape: [4], data }], "BF16");
    expect(read(path, "w", [4])).toEqual([1, 1, 1 + 2 ** -6, -3.140625]);
  });

  it("reads f16, subnormal and infinite numbers too", () => {
    const path = join(folder, "f16.safetensors");
    writeRaw(path, "F16", [5], new Uint8Array(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00, 0x3555).buffer));
    expect(read(path, "w", [5])).toEqual([1, -2.5, 2 ** -24, Number.POSITIVE_INFINITY, 0.333251953125]);
  });

  it("reads a model in shards", () => {
    const model = join(folder, "sharded");
    mkdirSync(model);
    writeSafetensors(join(model, "1.safetensors"), [{ name: "a", shape: [1], data: Float32Array.of(1) }]);
    writeSafetensors(join(model, "2.safetensors"), [{ name: "b", shape: [1], data: Float32Array.of(2) }]);
    const map = { weight_map: { a: "1.safetensors", b: "2.safetensors" } };
    writeFileSync(join(model, "model.safetensors.index.json"), JSON.stringify(map));
    const target = new Float32Array(1);
    readTensor(indexModel(model), "b", [1], target);
    expect(target[0]).toBe(2);
  });

  it("names the tensor whose type it cannot read", () => {
    const path = join(folder, "i8.safetensors");
    writeRaw(path, "I8", [2], Uint8Array.of(1, 2));
    expect(() => read(path, "w", [2])).toThrow('tensor "w": type I8 is not supported; F32, BF16 and F16 are');
  });

  it("names the tensor that reaches beyond the file", () => {
    const path = join(folder, "long.safetensors");
    writeRaw(path, "F32", [2], new Uint8Array(8));
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(() => indexFile(path)).toThrow('cut off: tensor "w" ends at byte');
  });
});
