// The number formats of stored weights, to and from f32: F32, BF16 and F16 (IEEE 754 binary16). It knows no files.

import { EngineError } from "../../../core/errors.js";

export type StoredType = "F32" | "BF16" | "F16";

export const BYTES_PER_NUMBER: Readonly<Record<StoredType, number>> = { F32: 4, BF16: 2, F16: 2 };

export function isStoredType(type: string): type is StoredType {
  return Object.hasOwn(BYTES_PER_NUMBER, type);
}

/** @param bytes  aligned to the type's width; as many numbers as `target` */
export function decodeNumbers(type: StoredType, bytes: Uint8Array, target: Float32Array): void {
  if (type === "F32") {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
    return;
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  if (type === "BF16") {
    const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
    for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  } else {
    halfValues ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => fromHalf(bits));
    for (let i = 0; i < halves.length; i++) target[i] = halfValues[halves[i]];
  }
}

/**
 * Rounded to the nearest number of the type, ties to even.
 *
 * @throws EngineError where a finite number is beyond the type's largest; nothing is lost without a word
 */
export function encodeNumbers(type: StoredType, data: Float32Array): Uint8Array {
  if (type === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const halves = new Uint16Array(data.length);
  if (type === "BF16") for (let i = 0; i < halves.length; i++) halves[i] = toBrainHalf(words[i]);
  else for (let i = 0; i < halves.length; i++) halves[i] = toHalf(words[i]);
  checkFinite(type, words, halves);
  return new Uint8Array(halves.buffer);
}

const INFINITY = { F32: 0x7f800000, BF16: 0x7f80, F16: 0x7c00 } as const;

function checkFinite(type: "BF16" | "F16", words: Uint32Array, halves: Uint16Array): void {
  const infinity = INFINITY[type];
  for (let i = 0; i < halves.length; i++) {
    if ((halves[i] & 0x7fff) !== infinity || (words[i] & INFINITY.F32) === INFINITY.F32) continue;
    const [value] = new Float32Array(words.slice(i, i + 1).buffer);
    throw new EngineError(`${value} is beyond the largest number of ${type}; store it as F32`);
  }
}

function toBrainHalf(word: number): number {
  // Rounding could carry a NaN's fraction into its sign.
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

function toHalf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  // From 65520 on, halfway between the largest half and the next power of two.
  if (size >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are subnormal: the fraction, with its leading one, moves right. Below 2^-25 nothing is left.
  if (size < 0x33000000) return sign;
  if (size < 0x38800000) return sign | shiftRounded((size & 0x7fffff) | 0x800000, 126 - (size >>> 23));
  return sign | shiftRounded(size - 0x38000000, 13);
}

/** x / 2^bits to the nearest whole number, ties to even. */
function shiftRounded(x: number, bits: number): number {
  return (x + (1 << (bits - 1)) - 1 + ((x >>> bits) & 1)) >>> bits;
}

/** By their bits; computing a power for every number of a model would take a minute. */
let halfValues: Float32Array | undefined;

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
