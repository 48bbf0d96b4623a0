// The JSON form of what also has a binary one: bodies parsed, arrays of numbers checked by hand, since they are long.

import type { z } from "zod";
import { messageOf } from "../../../core/errors.js";
import { explain } from "../../../core/schema.js";
import { ProtocolError, shown } from "./protocol-error.js";

/** @throws ProtocolError */
export function parseBody(body: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (error) {
    throw new ProtocolError(where, `not JSON (${messageOf(error).slice(0, 120)})`);
  }
}

/** @throws ProtocolError with the first thing that is wrong */
export function fit<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ProtocolError(where, explain(result.error, value, schema));
}

/** Floats as JSON numbers; null where not finite, which JSON cannot say. */
export function numbersOf(values: Float32Array): Array<number | null> {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

/** The reverse of {@link numbersOf}: NaN for null. @throws ProtocolError */
export function floatsFrom(values: readonly unknown[], where: string): Float32Array {
  const floats = new Float32Array(values.length);
  for (let at = 0; at < floats.length; at++) {
    const value = values[at];
    if (typeof value !== "number" && value !== null) throw notNumber(value, at, where);
    floats[at] = value ?? Number.NaN;
  }
  return floats;
}

/** @throws ProtocolError unless all are whole numbers that JavaScript holds */
export function integersFrom(values: readonly unknown[], where: string): readonly number[] {
  for (let at = 0; at < values.length; at++) {
    if (!Number.isSafeInteger(values[at])) throw notNumber(values[at], at, where, "a whole number");
  }
  return values as readonly number[];
}

function notNumber(found: unknown, at: number, where: string, expected = "a number"): ProtocolError {
  return new ProtocolError(where, `[${at}] is ${shown(found)}: ${expected} is expected`);
}
