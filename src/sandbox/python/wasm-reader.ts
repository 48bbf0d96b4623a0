// Reads the binary format of WebAssembly: numbers, lists, and over one instruction to the next. It knows the immediates
// of what LLVM writes (version 1, bulk memory, references, exceptions, tail calls, vectors) and refuses the rest.

import { InfrastructureError } from "../../core/errors.js";

export class WasmReader {
  constructor(
    readonly source: Uint8Array,
    public at: number,
  ) {}

  peek(): number {
    return this.source[this.at];
  }

  byte(): number {
    return this.source[this.at++];
  }

  /** LEB128, up to 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.source[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** LEB128 with sign, up to 32 bits. */
  signed(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.source[this.at++];
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte >= 0x80) continue;
      return shift < 32 && byte & 0x40 ? value | (-1 << shift) : value;
    }
  }

  text(): string {
    const length = this.unsigned();
    this.at += length;
    return Buffer.from(this.source.subarray(this.at - length, this.at)).toString("utf8");
  }

  list<T>(read: (reader: WasmReader) => T): T[] {
    return Array.from({ length: this.unsigned() }, () => read(this));
  }

  /** Over a number of any length. */
  skipNumber(): void {
    while (this.source[this.at++] >= 0x80);
  }
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** @param value  up to 32 bits; from 2^31 on it stands for the negative number of the same bits */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const byte = rest & 0x7f;
    if (rest >> 6 === 0 || rest >> 6 === -1) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

/** Immediates by opcode, as numbers to skip; the rest has a branch of its own in {@link skipInstruction}. */
const IMMEDIATES = new Map<number, number>([
  ...each([0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, 0xd1], 0),
  // Blocks and `try`, branches, calls, locals, globals, tables, constants, references, exceptions.
  ...each([0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18], 1),
  ...each([0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2], 1),
  ...each([0x11, 0x13], 2),
  ...range(0x28, 0x3e, 2),
  ...range(0x45, 0xc4, 0),
]);
const FIXED_BYTES = new Map([
  [0x43, 4],
  [0x44, 8],
]);
const BRANCH_TABLE = 0x0e;
const TYPED_SELECT = 0x1c;
const BULK = 0xfc;
const BULK_IMMEDIATES = [0, 0, 0, 0, 0, 0, 0, 0, undefined, 1, 2, 1, 2, 1, 2, 1, 1, 1] as const;
const VECTOR = 0xfd;

/** @throws InfrastructureError for an instruction that is not known here */
export function skipInstruction(reader: WasmReader): void {
  const opcode = reader.byte();
  const fixed = FIXED_BYTES.get(opcode);
  if (fixed !== undefined) reader.at += fixed;
  else if (opcode === BRANCH_TABLE) {
    for (let left = reader.unsigned() + 1; left > 0; left--) reader.skipNumber();
  } else if (opcode === TYPED_SELECT) reader.list((at) => at.byte());
  else if (opcode === BULK) skip(reader, BULK_IMMEDIATES[reader.unsigned()], opcode);
  else if (opcode === VECTOR) skipVector(reader);
  else skip(reader, IMMEDIATES.get(opcode), opcode);
}

function skip(reader: WasmReader, numbers: number | undefined, opcode: number): void {
  if (numbers === undefined) {
    throw new InfrastructureError(`the interpreter's module holds an instruction that is not known: ${opcode}`);
  }
  for (let left = numbers; left > 0; left--) reader.skipNumber();
}

function skipVector(reader: WasmReader): void {
  const operation = reader.unsigned();
  if (operation <= 11 || operation === 92 || operation === 93) skip(reader, 2, operation);
  else if (operation === 12 || operation === 13) reader.at += 16;
  else if (operation >= 21 && operation <= 34) reader.at += 1;
  else if (operation >= 84 && operation <= 91) {
    skip(reader, 2, operation);
    reader.at += 1;
  } else if (operation > 255) skip(reader, undefined, operation);
}

function each(opcodes: readonly number[], immediates: number): Array<[number, number]> {
  return opcodes.map((opcode) => [opcode, immediates]);
}

function range(from: number, to: number, immediates: number): Array<[number, number]> {
  return each(
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
    immediates,
  );
}
