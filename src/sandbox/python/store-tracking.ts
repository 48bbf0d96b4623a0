// Rewrites a WebAssembly module so that every store into its memory leaves a mark for the page that it touched: what a
// program has dirtied can then be put back without copying the whole memory. Not a general tool: it reads what LLVM
// writes today, and refuses what it does not know. The idea is the card marking of garbage collectors.
//
// A mark is one byte a page in a table inside the same memory. It is written after the store and not before, which is
// what makes the table safe from the program: the marks of the table's own pages all lie in one of these pages, so a
// program cannot wipe them without leaving the last of them behind (see `Marks` in marks.ts).

import { InfrastructureError } from "../../core/errors.js";
import { signed, skipInstruction, unsigned, WasmReader } from "./wasm-reader.js";

export const PAGE_BITS = 12;
export const PAGE_BYTES = 1 << PAGE_BITS;
/** A store at an offset of up to this is marked by its address alone: it may reach into the page behind that. */
const NEAR_OFFSET = 256;
/** How far: the offset, and a vector of 16 bytes. */
export const REACH_BYTES = NEAR_OFFSET + 16;

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;
const V128 = 0x7b;
const TYPES = [I32, I64, F32, F64, V128] as const;
/** By opcode, 0x36 to 0x3e: the type of what is stored. */
const STORED: readonly number[] = [I32, I64, F32, F64, I32, I32, I64, I64, I64];
const FIRST_STORE = 0x36;
const LAST_STORE = 0x3e;
const BULK = 0xfc;
const MEMORY_COPY = 10;
const MEMORY_FILL = 11;
const VECTOR = 0xfd;
const V128_STORE = 11;
const FIRST_STORE_LANE = 88;
const LAST_STORE_LANE = 91;

const GET = 0x20;
const SET = 0x21;
const TEE = 0x22;
const CONST = 0x41;
const ADD = 0x6a;
const SHIFT = 0x76;
const STORE8 = 0x3a;
const SUBTRACT = 0x6b;
const LESS = 0x49;
const IF = 0x04;
const LOOP = 0x03;
const BRANCH_IF = 0x0d;
const NO_RESULT = 0x40;
const END = 0x0b;

const SECTION = { type: 1, imports: 2, functions: 3, globals: 6, exports: 7, code: 10 } as const;
const FUNCTION_KIND = 0;
const GLOBAL_KIND = 3;

/** One mark a page of 4 KB for the 4 GB that can be addressed. */
export const TABLE_BYTES = 1 << (32 - PAGE_BITS);

/**
 * Address of the table of marks. It and the page behind it must be reserved before anything else is allocated: with a
 * page free on either side, no store that begins outside ends inside without its mark.
 *
 * @param heapBase  where the module's heap begins, its export `__heap_base`
 */
export function tableAddress(heapBase: number): number {
  return (Math.ceil(heapBase / PAGE_BYTES) + 1) * PAGE_BYTES;
}

/** The same module with marks. @throws InfrastructureError for a module that holds what is not known here */
export function trackStores(source: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = readModule(source);
  const table = tableAddress(module.heapBase);
  const parts: Uint8Array[] = [source.subarray(0, 8)];
  for (const { id, from, bodyFrom, to } of module.sections) {
    if (id !== SECTION.code) parts.push(source.subarray(from, to));
    else parts.push(rewriteCode(source, bodyFrom, to, module.parameters, table));
  }
  return concatenate(parts);
}

interface Section {
  readonly id: number;
  readonly from: number;
  readonly bodyFrom: number;
  readonly to: number;
}

interface ModuleFacts {
  readonly sections: readonly Section[];
  /** Parameters of each function with a body, in order. */
  readonly parameters: readonly number[];
  /** Where the heap begins: nothing of the program's is behind it before the first allocation. */
  readonly heapBase: number;
}

function readModule(source: Uint8Array): ModuleFacts {
  const reader = new WasmReader(source, 8);
  const sections: Section[] = [];
  while (reader.at < source.length) {
    const from = reader.at;
    const id = reader.byte();
    const length = reader.unsigned();
    sections.push({ id, from, bodyFrom: reader.at, to: reader.at + length });
    reader.at += length;
  }
  const open = (id: number): WasmReader => {
    const section = sections.find((one) => one.id === id);
    if (!section) throw new InfrastructureError(`the interpreter's module has no section ${id}`);
    return new WasmReader(source, section.bodyFrom);
  };
  const arities = open(SECTION.type).list(readArity);
  const parameters = open(SECTION.functions).list((at) => arities[at.unsigned()]);
  const imported = open(SECTION.imports).list(readImport);
  const firstGlobal = imported.filter((kind) => kind === GLOBAL_KIND).length;
  const exported = open(SECTION.exports)
    .list((at) => ({ name: at.text(), kind: at.byte(), index: at.unsigned() }))
    .find(({ name }) => name === "__heap_base");
  if (exported?.kind !== GLOBAL_KIND) throw new InfrastructureError("the interpreter's module has no __heap_base");
  const globals = open(SECTION.globals).list(readConstantGlobal);
  return { sections, parameters, heapBase: globals[exported.index - firstGlobal] };
}

function readArity(reader: WasmReader): number {
  if (reader.byte() !== 0x60) throw new InfrastructureError("a type of the interpreter's module is no function type");
  const parameters = reader.list((at) => at.byte());
  reader.list((at) => at.byte());
  return parameters.length;
}

/** @returns the kind of what is imported */
function readImport(reader: WasmReader): number {
  reader.text();
  reader.text();
  const kind = reader.byte();
  if (kind === FUNCTION_KIND) reader.unsigned();
  else if (kind === GLOBAL_KIND) reader.at += 2;
  else if (kind === 4) reader.at += 2;
  else throw new InfrastructureError(`the interpreter's module imports something of kind ${kind}`);
  return kind;
}

/** The value of a global that begins as an i32 constant; NaN for another. */
function readConstantGlobal(reader: WasmReader): number {
  reader.at += 2;
  let value = Number.NaN;
  if (reader.peek() === CONST) {
    reader.at += 1;
    value = reader.signed();
    reader.at += 1;
  } else {
    while (reader.peek() !== END) skipInstruction(reader);
    reader.at += 1;
  }
  return value;
}

/** @returns the section, with its head */
function rewriteCode(
  source: Uint8Array,
  from: number,
  to: number,
  parameters: readonly number[],
  table: number,
): Uint8Array<ArrayBuffer> {
  const reader = new WasmReader(source, from);
  const count = reader.unsigned();
  const parts: Uint8Array[] = [Uint8Array.from(unsigned(count))];
  for (let index = 0; index < count; index++) {
    const size = reader.unsigned();
    const body = rewriteFunction(source, reader.at, reader.at + size, parameters[index], table);
    reader.at += size;
    parts.push(Uint8Array.from(unsigned(lengthOf(body))));
    for (const part of body) parts.push(part);
  }
  if (reader.at !== to)
    throw new InfrastructureError("the code of the interpreter's module does not end where it should");
  return concatenate([Uint8Array.from([SECTION.code, ...unsigned(lengthOf(parts))]), concatenate(parts)]);
}

/** One function's body, in pieces: untouched ranges of the source and what is put between them. */
function rewriteFunction(
  source: Uint8Array,
  from: number,
  to: number,
  parameters: number,
  table: number,
): readonly Uint8Array[] {
  const reader = new WasmReader(source, from);
  let declared = 0;
  const groups = reader.unsigned();
  const groupsFrom = reader.at;
  for (let group = 0; group < groups; group++) {
    declared += reader.unsigned();
    reader.at += 1;
  }
  const codeFrom = reader.at;
  const scratch = new Scratch(parameters + declared, table);
  const parts: Uint8Array[] = [];
  let copied = codeFrom;
  while (reader.at < to) {
    const at = reader.at;
    const marked = scratch.marked(reader);
    if (!marked) continue;
    parts.push(source.subarray(copied, at), Uint8Array.from(marked));
    copied = reader.at;
  }
  if (parts.length === 0) return [source.subarray(from, to)];
  // Locals of our own come last, so that the others keep their numbers: three addresses or lengths, one of each type.
  const locals = [3, I32, ...TYPES.flatMap((type) => [1, type])];
  return [
    Uint8Array.from(unsigned(groups + 1 + TYPES.length)),
    source.subarray(groupsFrom, codeFrom),
    Uint8Array.from(locals),
    ...parts,
    source.subarray(copied, to),
  ];
}

/** Writes the marking code of one function, around locals of its own. */
class Scratch {
  readonly #first: number;
  readonly #table: readonly number[];

  constructor(firstLocal: number, table: number) {
    this.#first = firstLocal;
    this.#table = unsigned(table);
  }

  /** Reads one instruction. @returns what replaces it where it stores something */
  marked(reader: WasmReader): number[] | null {
    const opcode = reader.peek();
    const from = reader.at;
    if (opcode >= FIRST_STORE && opcode <= LAST_STORE) {
      reader.at += 1;
      return this.#store(reader, from, STORED[opcode - FIRST_STORE], false);
    }
    if (opcode !== BULK && opcode !== VECTOR) {
      skipInstruction(reader);
      return null;
    }
    reader.at += 1;
    const operation = reader.unsigned();
    const isLane = operation >= FIRST_STORE_LANE && operation <= LAST_STORE_LANE;
    if (opcode === VECTOR && (operation === V128_STORE || isLane)) return this.#store(reader, from, V128, isLane);
    reader.at = from;
    skipInstruction(reader);
    if (opcode !== BULK || (operation !== MEMORY_COPY && operation !== MEMORY_FILL)) return null;
    return this.#bulk([...reader.source.subarray(from, reader.at)]);
  }

  /** address, value -> the same store, and then the mark of its page */
  #store(reader: WasmReader, from: number, type: number, isLane: boolean): number[] {
    reader.unsigned();
    const offset = reader.unsigned();
    if (isLane) reader.at += 1;
    const [address, value] = [this.#local(0), this.#local(3 + TYPES.indexOf(type as typeof I32))];
    const far = offset > NEAR_OFFSET ? [CONST, ...signed(offset), ADD] : [];
    return [
      code(SET, value, TEE, address, GET, value),
      [...reader.source.subarray(from, reader.at)],
      code(GET, address, far, CONST, PAGE_BITS, SHIFT, CONST, 1, STORE8, 0, this.#table),
    ].flat();
  }

  /** address, x, length -> the same operation, and then the marks of all pages from the first to the last byte */
  #bulk(instruction: readonly number[]): number[] {
    const [address, other, length] = [this.#local(0), this.#local(1), this.#local(2)];
    return [
      code(SET, length, SET, other, TEE, address, GET, other, GET, length, instruction),
      // if length > 0: other = its last page, address = its first
      code(GET, length, IF, NO_RESULT),
      code(GET, address, GET, length, ADD, CONST, 1, SUBTRACT, CONST, PAGE_BITS, SHIFT, SET, other),
      code(GET, address, CONST, PAGE_BITS, SHIFT, SET, address),
      // loop: mark address; again while address++ < other
      code(LOOP, NO_RESULT, GET, address, CONST, 1, STORE8, 0, this.#table),
      code(GET, address, GET, other, LESS, GET, address, CONST, 1, ADD, SET, address, BRANCH_IF, 0, END),
      [END],
    ].flat();
  }

  #local(index: number): number[] {
    return unsigned(this.#first + index);
  }
}

function code(...parts: ReadonlyArray<number | readonly number[]>): number[] {
  return parts.flat();
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
