// The encoding of protocol buffers, as far as the protocol's messages need it: fields written and read by number, no
// schema, no groups. A message is written as a list of pieces, joined once; reading touches each byte once and allocates
// nothing that the bytes do not pay for. The encoding is Google's: https://protobuf.dev/programming-guides/encoding.

import { ProtocolError } from "./protocol-error.js";

/** An encoded message, or a field of one: these bytes, one after the other. */
export type Pieces = readonly Uint8Array[];

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Length-delimited: a message, a text, bytes. Written even when empty. */
export function nested(field: number, pieces: Pieces): Pieces {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.from([...varint(field * 8 + DELIMITED), ...varint(length)]), ...pieces];
}

/** As all scalars of proto3, left out where it is empty. */
export function text(field: number, value: string): Pieces {
  return value === "" ? [] : nested(field, [Buffer.from(value)]);
}

/** As {@link text}. */
export function bytes(field: number, value: Uint8Array): Pieces {
  return value.length === 0 ? [] : nested(field, [value]);
}

/** An integer, an enum, or a boolean as 0 or 1; left out where it is 0. */
export function integer(field: number, value: number): Pieces {
  return value === 0 ? [] : [Uint8Array.from([...varint(field * 8 + VARINT), ...varint(value)])];
}

/** Many integers, packed; left out where there are none. */
export function integers(field: number, values: readonly number[]): Pieces {
  return bytes(field, Uint8Array.from(values.flatMap(varint)));
}

/** Written even when 0, as in the entry of a map. */
export function double(field: number, value: number): Pieces {
  const piece = Buffer.alloc(8);
  piece.writeDoubleLE(value);
  return [Uint8Array.from(varint(field * 8 + FIXED64)), piece];
}

/** An entry of a map whose keys are texts; both halves are always written. */
export function entry(field: number, key: string, value: Pieces): Pieces {
  return nested(field, [...nested(1, [Buffer.from(key)]), ...value]);
}

function varint(value: number): number[] {
  if (value < 0) return negativeVarint(value);
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return [...out, rest];
}

/** Two's complement in 64 bits, whatever the field's own width: ten bytes. */
function negativeVarint(value: number): number[] {
  const bits = BigInt.asUintN(64, BigInt(value));
  return Array.from({ length: 10 }, (_, at) => Number((bits >> BigInt(7 * at)) & 127n) | (at < 9 ? 128 : 0));
}

export interface Field {
  readonly number: number;
  readonly wire: number;
  /** Of a varint: signed, 64 bits; inexact beyond 2^53. */
  readonly value: number;
  /** Of every other: its bytes, a view. */
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array(0);

/** Calls `visit` for each field in turn. Unknown ones are the caller's to pass over. @throws ProtocolError */
export function eachField(message: Uint8Array, where: string, visit: (field: Field) => void): void {
  const at = { byte: 0 };
  while (at.byte < message.length) {
    const tag = readVarint(message, at, where);
    const wire = tag & 7;
    const number = Math.floor(tag / 8);
    if (tag <= 0 || number < 1 || number > 536_870_911)
      throw new ProtocolError(where, `byte ${at.byte}: no such field`);
    if (wire === VARINT) {
      visit({ number, wire, value: readVarint(message, at, where), bytes: NONE });
      continue;
    }
    const length = lengthOf(wire, message, at, where);
    const end = at.byte + length;
    if (length < 0 || end > message.length) {
      throw new ProtocolError(where, `field ${number} of ${length} bytes, where ${message.length - at.byte} are left`);
    }
    visit({ number, wire, value: 0, bytes: message.subarray(at.byte, end) });
    at.byte = end;
  }
}

function lengthOf(wire: number, message: Uint8Array, at: { byte: number }, where: string): number {
  if (wire === FIXED64) return 8;
  if (wire === FIXED32) return 4;
  if (wire === DELIMITED) return readVarint(message, at, where);
  throw new ProtocolError(where, `byte ${at.byte}: wire type ${wire}; known: 0, 1, 2, 5`);
}

function readVarint(message: Uint8Array, at: { byte: number }, where: string): number {
  let low = 0;
  for (let factor = 1, count = 0; count < 4; count++, factor *= 128) {
    const byte = message[at.byte++];
    if (byte === undefined) throw new ProtocolError(where, "ends within a number");
    low += (byte & 127) * factor;
    if (byte < 128) return low;
  }
  return low + readHighVarint(message, at, where) * 2 ** 28;
}

/** The upper 36 bits, signed. */
function readHighVarint(message: Uint8Array, at: { byte: number }, where: string): number {
  let high = 0;
  for (let factor = 1, count = 0; count < 6; count++, factor *= 128) {
    const byte = message[at.byte++];
    if (byte === undefined) throw new ProtocolError(where, "ends within a number");
    high += (byte & 127) * factor;
    if (byte < 128) return (high %= 2 ** 36) >= 2 ** 35 ? high - 2 ** 36 : high;
  }
  throw new ProtocolError(where, `byte ${at.byte}: a number of more than 10 bytes`);
}

/** @throws ProtocolError unless it is length-delimited */
export function asBytes(field: Field, where: string): Uint8Array {
  if (field.wire !== DELIMITED) throw mismatch(field, where, "bytes");
  return field.bytes;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws ProtocolError unless it is UTF-8 */
export function asText(field: Field, where: string): string {
  const value = asBytes(field, where);
  try {
    return utf8.decode(value);
  } catch {
    throw new ProtocolError(where, `field ${field.number} is not UTF-8`);
  }
}

/** @throws ProtocolError unless it is a whole number that JavaScript holds */
export function asInteger(field: Field, where: string): number {
  if (field.wire !== VARINT) throw mismatch(field, where, "an integer");
  if (!Number.isSafeInteger(field.value)) throw new ProtocolError(where, `field ${field.number} is beyond 2^53`);
  return field.value;
}

/** Of a repeated field: the packed integers, or the one. @throws ProtocolError */
export function asIntegers(field: Field, where: string, atMost: number): number[] {
  if (field.wire === VARINT) return [asInteger(field, where)];
  const packed = asBytes(field, where);
  const at = { byte: 0 };
  const values: number[] = [];
  while (at.byte < packed.length) {
    if (values.length === atMost)
      throw new ProtocolError(where, `field ${field.number} of more than ${atMost} numbers`);
    values.push(asInteger({ ...field, wire: VARINT, value: readVarint(packed, at, where) }, where));
  }
  return values;
}

/** @throws ProtocolError */
export function asDouble(field: Field, where: string): number {
  if (field.wire !== FIXED64) throw mismatch(field, where, "a double");
  return Buffer.from(field.bytes.buffer, field.bytes.byteOffset, 8).readDoubleLE();
}

/** The key of a map's entry, and its value, if it is written. @throws ProtocolError */
export function asEntry(field: Field, where: string): { readonly key: string; readonly value: Field | null } {
  let key = "";
  let value: Field | null = null;
  eachField(asBytes(field, where), where, (part) => {
    if (part.number === 1) key = asText(part, where);
    if (part.number === 2) value = part;
  });
  return { key, value };
}

function mismatch(field: Field, where: string, expected: string): ProtocolError {
  return new ProtocolError(where, `field ${field.number}: expected ${expected}, found wire type ${field.wire}`);
}
