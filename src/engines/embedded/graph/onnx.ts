// Writes ONNX model files: the protobuf wire format and the handful of ONNX messages that graph.ts needs. It is not a
// protobuf library, reads nothing, and checks no types or shapes: ONNX Runtime does that when it loads the bytes.
// Field numbers are those of onnx.proto (ONNX IR version 10).

export type ElementType = "float32" | "int32" | "int64" | "bool";
export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface NodeSpec {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  /** How many axes each input has; not written, for whoever rewrites nodes. */
  readonly ranks: readonly number[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A string in `shape` is a dimension known only when the graph runs. */
export interface ValueSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: ReadonlyArray<number | string>;
}

export interface ConstantSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

export interface GraphSpec {
  readonly nodes: readonly NodeSpec[];
  readonly constants: readonly ConstantSpec[];
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

const IR_VERSION = 10;
const OPSET = 21;
const DATA_TYPE: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;

/** Bytes in parts, joined once at the end: what a constant holds may be many megabytes. */
type Pieces = readonly Uint8Array[];

/** The bytes of a ModelProto over the standard operators and ONNX Runtime's `com.microsoft` ones. */
export function modelBytes(graph: GraphSpec): Uint8Array {
  const body = message([
    ...graph.nodes.map((node) => bytesField(1, nodeBytes(node))),
    textField(2, "graph"),
    ...graph.constants.map((constant) => bytesField(5, constantBytes(constant))),
    ...graph.inputs.map((input) => bytesField(11, valueBytes(input))),
    ...graph.outputs.map((output) => bytesField(12, valueBytes(output))),
  ]);
  const model = message([
    integerField(1, IR_VERSION),
    bytesField(7, body),
    bytesField(8, message([textField(1, ""), integerField(2, OPSET)])),
    bytesField(8, message([textField(1, "com.microsoft"), integerField(2, 1)])),
  ]);
  return joined(model);
}

function nodeBytes(node: NodeSpec): Pieces {
  return message([
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(4, node.operator),
    ...Object.entries(node.attributes).map(([name, value]) => bytesField(5, attributeBytes(name, value))),
    textField(7, node.domain),
  ]);
}

function attributeBytes(name: string, value: Attribute): Pieces {
  if (typeof value === "number") {
    return message([textField(1, name), integerField(3, value), integerField(20, ATTRIBUTE_INT)]);
  }
  if (typeof value === "string") {
    return message([textField(1, name), textField(4, value), integerField(20, ATTRIBUTE_STRING)]);
  }
  if ("float" in value) {
    return message([textField(1, name), floatField(2, value.float), integerField(20, ATTRIBUTE_FLOAT)]);
  }
  return message([textField(1, name), ...value.map((item) => integerField(8, item)), integerField(20, ATTRIBUTE_INTS)]);
}

function constantBytes({ name, type, shape, data }: ConstantSpec): Pieces {
  return message([
    ...shape.map((dimension) => integerField(1, dimension)),
    integerField(2, DATA_TYPE[type]),
    textField(8, name),
    bytesField(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  ]);
}

function valueBytes({ name, type, shape }: ValueSpec): Pieces {
  const dimensions = shape.map((dimension) =>
    bytesField(1, typeof dimension === "string" ? textField(2, dimension) : integerField(1, dimension)),
  );
  const tensorType = message([integerField(1, DATA_TYPE[type]), bytesField(2, message(dimensions))]);
  return message([textField(1, name), bytesField(2, bytesField(1, tensorType))]);
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const encoder = new TextEncoder();

function integerField(field: number, value: number): Pieces {
  return [Uint8Array.from([...varint((field << 3) | VARINT), ...varint(value)])];
}

function textField(field: number, text: string): Pieces {
  return bytesField(field, [encoder.encode(text)]);
}

function bytesField(field: number, pieces: Pieces): Pieces {
  return [Uint8Array.from([...varint((field << 3) | LENGTH_DELIMITED), ...varint(lengthOf(pieces))]), ...pieces];
}

function floatField(field: number, value: number): Pieces {
  const bytes = new Uint8Array(5);
  bytes[0] = (field << 3) | FIXED_32;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return [bytes];
}

/** Seven bits a byte, lowest first; a negative number is its 64-bit two's complement. */
function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

function message(parts: readonly Pieces[]): Pieces {
  return parts.flat();
}

function lengthOf(pieces: Pieces): number {
  return pieces.reduce((length, piece) => length + piece.length, 0);
}

function joined(pieces: Pieces): Uint8Array {
  const result = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}
