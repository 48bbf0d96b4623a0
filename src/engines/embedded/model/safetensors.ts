// Reads and writes safetensors, the file format of Hugging Face's weights: 8 bytes of header length, a JSON header, the
// numbers. Reads F32, BF16 and F16 as f32, whole models or shards; files are read tensor by tensor, so none has to fit
// in memory. It knows no layout of a model.

import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { EngineError, messageOf } from "../../../core/errors.js";
import { readModelJson } from "./config.js";

export type StoredType = "F32" | "BF16";

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
const BYTES_PER_NUMBER: Readonly<Record<string, number>> = { F32: 4, BF16: 2, F16: 2 };

/** The weights in a model folder: model.safetensors, or the shards that model.safetensors.index.json lists. */
export function indexModel(folder: string): TensorIndex {
  const indexName = "model.safetensors.index.json";
  if (existsSync(join(folder, "model.safetensors")) || !existsSync(join(folder, indexName))) {
    return indexFile(join(folder, "model.safetensors"));
  }
  const { weight_map: map } = readModelJson(folder, indexName);
  if (typeof map !== "object" || map === null) throw new EngineError(`${join(folder, indexName)}: no weight_map`);
  const files = new Set(Object.values(map as Record<string, string>));
  return new Map([...files].flatMap((file) => [...indexFile(join(folder, file))]));
}

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
 * @throws EngineError naming the tensor where it is missing or has another shape or type
 */
export function readTensor(index: TensorIndex, name: string, shape: readonly number[], target: Float32Array): void {
  const stored = index.get(name);
  const where = index.values().next().value?.path ?? "the model";
  if (!stored) throw new EngineError(`${where}: tensor "${name}" is missing`);
  const fail = (what: string): never => {
    throw new EngineError(`${stored.path}: tensor "${name}": ${what}`);
  };
  if (stored.shape.join() !== shape.join())
    fail(`expected shape [${shape.join(", ")}], found [${stored.shape.join(", ")}]`);
  const width = BYTES_PER_NUMBER[stored.dtype] ?? fail(`type ${stored.dtype} is not supported; F32, BF16 and F16 are`);
  if (stored.bytes !== target.length * width) fail(`expected ${target.length * width} bytes, found ${stored.bytes}`);
  const file = open(stored.path);
  try {
    decode(stored.dtype, readExactly(file, stored.start, stored.bytes), target);
  } finally {
    closeSync(file);
  }
}

/** Writes the tensors in order and flushes the file. */
export function writeSafetensors(path: string, tensors: readonly TensorToWrite[], type: StoredType = "F32"): void {
  const width = BYTES_PER_NUMBER[type];
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const { name, shape } of tensors) {
    const bytes = shape.reduce((product, dimension) => product * dimension, width);
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = openSync(path, "w");
  try {
    writeAll(file, length);
    writeAll(file, json);
    for (const { data } of tensors) writeAll(file, encode(type, data));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
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

function decode(type: string, bytes: Buffer, target: Float32Array): void {
  if (type === "F32") {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
    return;
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  if (type === "BF16") {
    const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
    for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  } else {
    for (let i = 0; i < halves.length; i++) target[i] = fromHalf(halves[i]);
  }
}

/** IEEE 754 binary16 */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function encode(type: StoredType, data: Float32Array): Uint8Array {
  if (type === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  // Round to nearest, ties to even.
  const halves = Uint16Array.from(words, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
  return new Uint8Array(halves.buffer);
}
