// Arrays of numbers as the little-endian bytes they are on the wire, and back. Machines that Node runs on are
// little-endian, so a float array is its own encoding.

import { ProtocolError } from "./protocol-error.js";

/** How numbers are written; the wire's own codes are {@link dtypes}. */
export type Dtype = "float32" | "int64" | "int32" | "bfloat16";

/** The wire's code of a type is its place. */
export const dtypes = ["unspecified", "float32", "int64", "int32", "bfloat16"] as const;

const BYTES: Readonly<Record<Dtype, number>> = { float32: 4, int64: 8, int32: 4, bfloat16: 2 };

/** A view, no copy. */
export function bytesOfFloats(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function bytesOfInt32(values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

export function bytesOfInt64(values: readonly number[]): Uint8Array {
  const halves = new Int32Array(values.length * 2);
  for (let at = 0; at < values.length; at++) {
    halves[2 * at] = values[at];
    halves[2 * at + 1] = Math.floor(values[at] / 2 ** 32);
  }
  return new Uint8Array(halves.buffer);
}

/** @throws ProtocolError where bytes are left over */
export function floatsOf(bytes: Uint8Array, dtype: Dtype, where: string): Float32Array {
  switch (dtype) {
    case "float32":
      return new Float32Array(aligned(bytes, dtype, where));
    case "bfloat16": {
      const upper = new Uint16Array(aligned(bytes, dtype, where));
      return new Float32Array(Uint32Array.from(upper, (half) => half * 65_536).buffer);
    }
    case "int32":
      return Float32Array.from(new Int32Array(aligned(bytes, dtype, where)));
    case "int64":
      return Float32Array.from(integersOf(bytes, dtype, where));
    default:
      return dtype satisfies never;
  }
}

/** @throws ProtocolError where bytes are left over, or a number is beyond 2^53 */
export function integersOf(bytes: Uint8Array, dtype: "int32" | "int64", where: string): number[] {
  const halves = new Int32Array(aligned(bytes, dtype, where));
  if (dtype === "int32") return Array.from(halves);
  const values = new Array<number>(halves.length / 2);
  for (let at = 0; at < values.length; at++) {
    values[at] = halves[2 * at + 1] * 2 ** 32 + (halves[2 * at] >>> 0);
    if (!Number.isSafeInteger(values[at])) throw new ProtocolError(where, `[${at}] is beyond 2^53`);
  }
  return values;
}

/** A copy: what came in may begin at any byte. */
function aligned(bytes: Uint8Array, dtype: Dtype, where: string): ArrayBuffer {
  if (bytes.length % BYTES[dtype] !== 0) throw new ProtocolError(where, `${bytes.length} bytes are no ${dtype} array`);
  return new Uint8Array(bytes).buffer;
}

/** The type a code stands for. @throws ProtocolError */
export function dtypeOf(code: number, where: string): Dtype {
  const dtype = dtypes[code];
  if (dtype === undefined || dtype === "unspecified") throw new ProtocolError(where, `dtype ${code}; known: 1 to 4`);
  return dtype;
}

export function bytesPer(dtype: Dtype): number {
  return BYTES[dtype];
}
