// Writes WebAssembly modules from TypeScript: a handful of instructions as functions from code to code, and the binary
// format around them. What an instruction needs stands before it, so nesting calls nests code. It checks no types:
// WebAssembly.Module does that when it reads the bytes. Numbers are those of the WebAssembly specification, "Binary
// Format", with its fixed-width SIMD.

/** Instructions; as an argument, those that leave one value. */
export type Code = readonly number[];

const TYPE = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type Type = keyof typeof TYPE;

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** Adds a local variable to the function being written. */
export type Declare = (type: Type) => Local;

export interface FunctionSpec {
  readonly name: string;
  readonly parameters: readonly Type[];
  /** The function's instructions; it returns nothing. */
  readonly body: (parameters: readonly Local[], declare: Declare) => Code;
}

const plain =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), opcode];
const simd =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(opcode)];
/** Alignment is only a hint: 4 bytes. */
const memory = (prefix: Code, address: Code, offset: number, operands: Code = []): Code => [
  ...address,
  ...operands,
  ...prefix,
  2,
  ...unsigned(offset),
];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: plain(0x6a),
  subtract: plain(0x6b),
  multiply: plain(0x6c),
  lessThan: plain(0x48),
  and: plain(0x71),
  shiftRight: plain(0x75),
  load: (address: Code, offset = 0): Code => memory([0x28], address, offset),
};

export const f32 = {
  constant: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  add: plain(0x92),
  maximum: plain(0x97),
  load: (address: Code, offset = 0): Code => memory([0x2a], address, offset),
  store: (address: Code, value: Code, offset = 0): Code => memory([0x38], address, offset, value),
};

export const i32x4 = {
  splat: simd(0x11),
  shiftLeft: simd(0xab),
  add: simd(0xae),
  /** Of f32x4, towards zero. */
  truncate: simd(0xf8),
};

export const f32x4 = {
  load: (address: Code, offset = 0): Code => memory([0xfd, 0], address, offset),
  /** The first two lanes; the others are 0. */
  loadHalf: (address: Code, offset = 0): Code => memory([0xfd, 0x5d], address, offset),
  /** The first two lanes. */
  storeHalf: (address: Code, value: Code, offset = 0): Code => [...memory([0xfd, 0x5b], address, offset, value), 0],
  loadSplat: (address: Code, offset = 0): Code => memory([0xfd, 9], address, offset),
  store: (address: Code, value: Code, offset = 0): Code => memory([0xfd, 11], address, offset, value),
  splat: simd(0x13),
  lane: (value: Code, lane: number): Code => [...value, 0xfd, 0x1f, lane],
  nearest: simd(0x6a),
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  divide: simd(0xe7),
  minimum: simd(0xe8),
  maximum: simd(0xe9),
};

/** The function at this place of the module's list. */
export function call(index: number, ...operands: readonly Code[]): Code {
  return [...operands.flat(), 0x10, ...unsigned(index)];
}

/** The smaller of two i32. */
export function least(a: Code, b: Code): Code {
  return [...a, ...b, ...i32.lessThan(a, b), 0x1b];
}

/** Runs the body for counter = from, from + step... below `to`. */
export function count(
  counter: Local,
  { from = 0, to, step = 1 }: { readonly from?: number | Code; readonly to: Code; readonly step?: number },
  body: Code,
): Code {
  const next = counter.set(i32.add(counter.get, i32.constant(step)));
  const [block, loop, stop, leave, again] = [[0x02, 0x40], [0x03, 0x40], [0x0b], [0x45, 0x0d, 1], [0x0c, 0]];
  const test = [...i32.lessThan(counter.get, to), ...leave];
  const start = counter.set(typeof from === "number" ? i32.constant(from) : from);
  return [...start, ...block, ...loop, ...test, ...body, ...next, ...again, ...stop, ...stop];
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The bytes of a module that imports `env.memory` and exports the functions by name. */
export function moduleBytes(functions: readonly FunctionSpec[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...list(parameters.map((type) => [TYPE[type]])), 0]);
  const imported = [...text("env"), ...text("memory"), 2, 0, 0];
  const exports = functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]);
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, list(types)),
    ...section(2, list([imported])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(exports)),
    ...section(10, list(functions.map((spec) => sized(functionBody(spec))))),
  ]);
}

function functionBody({ parameters, body }: FunctionSpec): Code {
  const declared: Type[] = [];
  const local = (index: number): Local => ({
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
  });
  const declare: Declare = (type) => local(parameters.length + declared.push(type) - 1);
  const code = body(
    parameters.map((_, index) => local(index)),
    declare,
  );
  return [...list(declared.map((type) => [1, TYPE[type]])), ...code, 0x0b];
}

function section(id: number, content: Code): Code {
  return [id, ...sized(content)];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(content: Code): Code {
  return [...unsigned(content.length), ...content];
}

function text(value: string): Code {
  return sized([...new TextEncoder().encode(value)]);
}

/** LEB128: seven bits a byte, lowest first. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
