// Builds a computation graph node by node, with shapes, and remembers how each result came about so that autodiff.ts
// can walk back. It knows no mathematics (operators/) and runs nothing (program.ts).
//
// A dimension is a number, or a name for what is known only when the graph runs: one graph serves every batch size
// and length, because making a session costs 50 to 200 ms and holds memory of its own.

import {
  type Attribute,
  type ConstantSpec,
  type ElementType,
  type GraphSpec,
  type NodeSpec,
  type ValueSpec,
} from "./onnx.js";

export type Dimension = number | string;
export type Shape = readonly Dimension[];

export interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
  /** Whether a gradient is wanted for this value or for something it was made from. */
  readonly tracked: boolean;
}

/** One differentiable operation: from the gradients of its outputs to those of its inputs, undefined where none. */
export interface TapeEntry {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly backward: (gradients: readonly Value[]) => ReadonlyArray<Value | undefined>;
}

export interface EmitOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: "" | "com.microsoft";
  readonly type?: ElementType;
}

export class Graph {
  readonly tape: TapeEntry[] = [];
  /** Inputs that hold a list of dimensions: name -> the dimensions, filled in by whoever runs the graph. */
  readonly shapeInputs = new Map<string, Shape>();
  /** What nodes make, by name. */
  readonly emitted = new Map<string, ValueSpec>();
  readonly #nodes: NodeSpec[] = [];
  readonly #constants: ConstantSpec[] = [];
  readonly #inputs: ValueSpec[] = [];
  readonly #outputs: ValueSpec[] = [];
  readonly #smallConstants = new Map<string, Value>();
  #count = 0;

  input(name: string, shape: Shape, options: { type?: ElementType; tracked?: boolean } = {}): Value {
    const value = { name, shape, type: options.type ?? "float32", tracked: options.tracked ?? false };
    this.#inputs.push(value);
    return value;
  }

  output(value: Value, name: string): void {
    this.#nodes.push({
      operator: "Identity",
      domain: "",
      inputs: [value.name],
      ranks: [value.shape.length],
      outputs: [name],
      attributes: {},
    });
    this.#outputs.push({ name, type: value.type, shape: value.shape });
  }

  /** Adds a node with one result that no gradient flows through, unless {@link record} says how. */
  emit(operator: string, inputs: readonly Value[], shape: Shape, options: EmitOptions = {}): Value {
    return this.emitMany(operator, inputs, [shape], options)[0];
  }

  emitMany(
    operator: string,
    inputs: readonly Value[],
    shapes: readonly Shape[],
    options: EmitOptions = {},
  ): [Value, ...Value[]] {
    const results = shapes.map((shape) => ({
      name: `v${this.#count++}`,
      shape,
      type: options.type ?? "float32",
      tracked: false,
    }));
    for (const { name, type, shape } of results) this.emitted.set(name, { name, type, shape });
    this.#nodes.push({
      operator,
      domain: options.domain ?? "",
      inputs: inputs.map((input) => input.name),
      ranks: inputs.map((input) => input.shape.length),
      outputs: results.map((result) => result.name),
      attributes: options.attributes ?? {},
    });
    return results as unknown as [Value, ...Value[]];
  }

  /** Makes an emitted result differentiable; a result whose inputs want no gradient is left as it is. */
  record(
    output: Value,
    inputs: readonly Value[],
    backward: (gradient: Value) => ReadonlyArray<Value | undefined>,
  ): Value {
    return this.recordMany([output], inputs, ([gradient]) => backward(gradient))[0];
  }

  recordMany(outputs: readonly Value[], inputs: readonly Value[], backward: TapeEntry["backward"]): readonly Value[] {
    if (!inputs.some((input) => input.tracked)) return outputs;
    const tracked = outputs.map((output) => ({ ...output, tracked: true }));
    this.tape.push({ inputs, outputs: tracked, backward });
    return tracked;
  }

  constant(type: ElementType, shape: readonly number[], data: ConstantSpec["data"]): Value {
    const key = data.length <= 8 ? `${type} [${shape.join()}] ${data.join()}` : undefined;
    const known = key === undefined ? undefined : this.#smallConstants.get(key);
    if (known) return known;
    const value = { name: `c${this.#count++}`, shape, type, tracked: false };
    this.#constants.push({ name: value.name, type, shape, data });
    if (key !== undefined) this.#smallConstants.set(key, value);
    return value;
  }

  scalar(value: number): Value {
    return this.constant("float32", [], Float32Array.of(value));
  }

  integers(values: readonly number[]): Value {
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A list of dimensions as a tensor: a constant where all are known, otherwise an input fed at every run. */
  dimensions(shape: Shape): Value {
    if (shape.every((dimension) => typeof dimension === "number")) return this.integers(shape);
    const name = `dimensions ${shape.join()}`;
    if (!this.shapeInputs.has(name)) {
      this.shapeInputs.set(name, shape);
      return this.input(name, [shape.length], { type: "int64" });
    }
    return { name, shape: [shape.length], type: "int64", tracked: false };
  }

  get inputs(): readonly ValueSpec[] {
    return this.#inputs;
  }

  get outputNames(): readonly string[] {
    return this.#outputs.map((output) => output.name);
  }

  get spec(): GraphSpec {
    return { nodes: this.nodes(), constants: this.#constants, inputs: this.#inputs, outputs: this.#outputs };
  }

  nodes(): readonly NodeSpec[] {
    return neededNodes(this.#nodes, this.outputNames);
  }
}

/** Nodes that an output depends on: ONNX Runtime would compute the others too, and keep what they read. */
export function neededNodes(nodes: readonly NodeSpec[], outputNames: readonly string[]): readonly NodeSpec[] {
  const read = new Set(outputNames);
  const needed = nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => read.has(name))) return false;
    for (const name of inputs) read.add(name);
    return true;
  });
  return needed.toReversed();
}
