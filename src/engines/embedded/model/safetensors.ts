// Reads and writes safetensors, the file format of Hugging Face's weights: 8 bytes of header length, a JSON header, the
// numbers. Reads and writes F32, BF16 and F16 as f32, tensor by tensor and by offset, so that no file has to fit in
// memory. It knows no layout of a model, and of a model in several files (shards.ts) only the parts.

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { EngineError, messageOf } from "../../../core/errors.js";
import { storing } from "../../../core/files.js";
import { BYTES_PER_NUMBER, decodeNumbers, encodeNumbers, isStoredType, type StoredType } from "./number-formats.js";

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** Asked for once, when the tensor is written. */
  readonly data: Float32Array;
}

interface StoredTensor {
  readonly path: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** In the file. */
  readonly start: number;
  readonly bytes: number;
}

/** The tensors of one or more files, by name. */
export type TensorIndex = ReadonlyMap<string, StoredTensor>;

const HEADER_LIMIT_BYTES = 100_000_000;

/** @throws EngineError in one line where the file is missing, cut off or no safetensors file */
export function indexFile(path: string): TensorIndex {
  const file = open(path);
  try {
    const size = fstatSync(file).size;
    const headerBytes = size < 8 ? Number.POSITIVE_INFINITY : Number(readExactly(file, 0, 8).readBigUInt64LE());
    if (headerBytes > Math.min(size - 8, HEADER_LIMIT_BYTES)) throw new EngineError("cut off or no safetensors file");
    const header = JSON.parse(readExactly(file, 8, headerBytes).toString("utf8")) as Record<string, HeaderEntry>;
    const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
    return new Map(entries.map(([name, entry]) => [name, located(path, name, entry, 8 + headerBytes, size)]));
  } catch (error) {
    throw new EngineError(`${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    closeSync(file);
  }
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function located(path: string, name: string, entry: HeaderEntry, base: number, size: number): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = entry;
  const [from = Number.NaN, to = Number.NaN] = Array.isArray(offsets) ? offsets : [];
  if (typeof dtype !== "string" || !Array.isArray(shape) || !(from <= to)) {
    throw new EngineError(`tensor "${name}": its header entry is malformed`);
  }
  if (base + to > size) throw new EngineError(`cut off: tensor "${name}" ends at byte ${base + to} of ${size}`);
  return { path, dtype, shape, start: base + from, bytes: to - from };
}

/**
 * Reads a tensor into `target`.
 *
 * @throws EngineError naming the file and the tensor where it is missing or has another shape or type
 */
export function readTensor(index: TensorIndex, name: string, shape: readonly number[], target: Float32Array): void {
  const stored = index.get(name);
  if (!stored) throw new EngineError(`${filesOf(index)}: tensor "${name}" is missing`);
  const { path, dtype } = stored;
  const fail = (what: string): never => {
    throw new EngineError(`${path}: tensor "${name}": ${what}`);
  };
  if (stored.shape.join() !== shape.join())
    fail(`expected shape [${shape.join(", ")}], found [${stored.shape.join(", ")}]`);
  if (!isStoredType(dtype)) return fail(`type ${dtype} is not supported; F32, BF16 and F16 are`);
  const expected = target.length * BYTES_PER_NUMBER[dtype];
  if (stored.bytes !== expected) fail(`expected ${expected} bytes, found ${stored.bytes}`);
  const file = open(path);
  try {
    decodeNumbers(dtype, readExactly(file, stored.start, stored.bytes), target);
  } finally {
    closeSync(file);
  }
}

/** The one file, or the folder of several. */
function filesOf(index: TensorIndex): string {
  const files = [...new Set([...index.values()].map(({ path }) => path))];
  if (files.length === 0) return "a file without tensors";
  return files.length === 1 ? files[0] : dirname(files[0]);
}

/** What a tensor takes in a file. */
export function bytesOf({ shape }: TensorToWrite, type: StoredType): number {
  return shape.reduce((product, dimension) => product * dimension, BYTES_PER_NUMBER[type]);
}

/** Writes the tensors in order and flushes the file. @throws EngineError naming the tensor that the type cannot hold */
export function writeSafetensors(path: string, tensors: readonly TensorToWrite[], type: StoredType = "F32"): void {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const tensor of tensors) {
    const start = offset;
    offset += bytesOf(tensor, type);
    header[tensor.name] = { dtype: type, shape: tensor.shape, data_offsets: [start, offset] };
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  storing(path, () => {
    const file = openSync(path, "w");
    try {
      writeAll(file, length);
      writeAll(file, json);
      for (const { name, data } of tensors) writeAll(file, encoded(path, name, type, data));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  });
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new EngineError(`${path}: ${missing ? "no such file" : messageOf(error)}`, { cause: error });
  }
}

/** Reads pass 1 GB in pieces: Node refuses more than 2 GB at once. */
function readExactly(file: number, start: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    const read = readSync(file, buffer, at, Math.min(bytes - at, 1 << 30), start + at);
    if (read === 0) throw new EngineError("the file ends too early");
    at += read;
  }
  return buffer;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, 1 << 30));
}

function encoded(path: string, name: string, type: StoredType, data: Float32Array): Uint8Array {
  try {
    return encodeNumbers(type, data);
  } catch (error) {
    throw new EngineError(`${path}: tensor "${name}": ${messageOf(error)}`, { cause: error });
  }
}
