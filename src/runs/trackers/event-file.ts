// TensorBoard's event files, as bytes: TFRecord frames around Event messages that hold Summary messages, written by hand.
// Only what scalars need: no histograms, no graphs, no reading.
//
// The formats are TensorFlow's: tfrecord framing (tensorflow/core/lib/io/record_writer), event.proto, summary.proto.

/** The record that every event file begins with. */
export function fileVersion(wallSeconds: number): Uint8Array {
  return record([double(1, wallSeconds), text(3, "brain.Event:2")]);
}

/**
 * One record with the scalars of one step.
 *
 * @param wallSeconds  since 1970
 * @param scalars  kept as 32-bit floats: the format has no others
 */
export function scalarEvent(
  wallSeconds: number,
  step: number,
  scalars: ReadonlyArray<readonly [tag: string, value: number]>,
): Uint8Array {
  const values = scalars.map(([tag, value]) => message(1, [text(1, tag), float(2, value)]));
  return record([double(1, wallSeconds), integer(2, step), message(5, values)]);
}

/** Length, its checksum, the message, its checksum. */
function record(fields: readonly Uint8Array[]): Uint8Array {
  const data = Buffer.concat(fields);
  const frame = Buffer.alloc(data.length + 16);
  frame.writeBigUInt64LE(BigInt(data.length), 0);
  frame.writeUInt32LE(maskedChecksum(frame.subarray(0, 8)), 8);
  frame.set(data, 12);
  frame.writeUInt32LE(maskedChecksum(data), data.length + 12);
  return frame;
}

const WIRE = { varint: 0, bytes8: 1, length: 2, bytes4: 5 } as const;

function key(field: number, wire: number): number {
  return (field << 3) | wire;
}

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(9);
  bytes[0] = key(field, WIRE.bytes8);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes[0] = key(field, WIRE.bytes4);
  bytes.writeFloatLE(value, 1);
  return bytes;
}

function integer(field: number, value: number): Uint8Array {
  // As everywhere in this format, zero is what is not said.
  return value === 0 ? Buffer.alloc(0) : Buffer.from([key(field, WIRE.varint), ...varint(value)]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, [Buffer.from(value)]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([key(field, WIRE.length), ...varint(body.length)]), body]);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** CRC-32C (Castagnoli), turned and shifted so that a record may itself hold checksums. */
function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});
