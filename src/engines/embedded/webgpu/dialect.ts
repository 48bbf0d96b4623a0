// Graphs as the WebGPU provider of ONNX Runtime 1.30 wants them: nodes that it computes wrong or leaves to the
// processor are replaced by others that mean the same. It is the one place that knows of these; operators, decoder and
// autodiff are written for the processor. Whether it is enough is not believed but tested (self-test.ts).

import { neededNodes } from "../graph/graph.js";
import type { Attribute, ConstantSpec, GraphSpec, NodeSpec } from "../graph/onnx.js";

type Attributes = NodeSpec["attributes"];

/** What stands around a node. */
interface Surroundings {
  readonly isRead: (name: string) => boolean;
  /** The node that has this result. */
  readonly makerOf: (name: string) => NodeSpec | undefined;
}

/** @returns false where the node is good as it is */
type Rewrite = (node: NodeSpec, nodes: NodeWriter, around: Surroundings) => boolean;

/** ONNX's number for the type. */
const FLOAT = 1;

const REWRITES: Readonly<Record<string, Rewrite>> = {
  /** Has no kernel there. Gemm is for matrices alone; the others' transposes are copies. */
  FusedMatMul: (node, nodes) => {
    const [a, b] = node.inputs;
    const [rankA, rankB] = node.ranks;
    const { transA, transB, alpha } = node.attributes;
    if (rankA === 2 && rankB === 2) {
      nodes.emit("Gemm", [a, b], { transA, transB, alpha }, node.outputs[0]);
      return true;
    }
    const left = transA ? nodes.transposed(a, rankA) : a;
    const right = transB ? nodes.transposed(b, rankB) : b;
    const scale = floatOf(alpha);
    if (scale === 1) nodes.emit("MatMul", [left, right], {}, node.outputs[0]);
    else nodes.emit("Mul", [nodes.emit("MatMul", [left, right]), nodes.scalar(scale)], {}, node.outputs[0]);
    return true;
  },

  /** Has no kernel there: x - max - log sum exp(x - max). */
  LogSoftmax: ({ inputs: [x], outputs }, nodes) => {
    const axes = nodes.integers([-1]);
    const centred = nodes.emit("Sub", [x, nodes.emit("ReduceMax", [x, axes], { keepdims: 1 })]);
    const sum = nodes.emit("ReduceSum", [nodes.emit("Exp", [centred]), axes], { keepdims: 1 });
    nodes.emit("Sub", [centred, nodes.emit("Log", [sum])], {}, outputs[0]);
    return true;
  },

  /** Its second output, 1 / sqrt(mean(x^2) + epsilon), is wrong there; the first is right. */
  SimplifiedLayerNormalization: (
    { inputs: [x, weight], outputs: [result, inverse], attributes },
    nodes,
    { isRead },
  ) => {
    if (!isRead(inverse)) return false;
    const mean = nodes.emit("ReduceMean", [nodes.emit("Mul", [x, x]), nodes.integers([-1])], { keepdims: 1 });
    const squared = nodes.emit("Add", [mean, nodes.scalar(floatOf(attributes.epsilon))]);
    nodes.emit("Div", [nodes.scalar(1), nodes.emit("Sqrt", [squared])], {}, inverse);
    nodes.emit("Mul", [nodes.emit("Mul", [x, inverse]), weight], {}, result);
    return true;
  },

  /** Has no kernel there; only zeros are asked for. */
  ConstantOfShape: ({ inputs: [shape], outputs }, nodes) => {
    nodes.emit("Expand", [nodes.scalar(0), shape], {}, outputs[0]);
    return true;
  },

  /**
   * Sums of dimensions have no kernel there: graph/stage.ts lets a value wait for others through the shape it is given.
   * The zeros that stand for these are added to the value itself.
   */
  Reshape: ({ inputs: [x, target], outputs }, nodes, { makerOf }) => {
    const castsOf = (name: string): readonly string[] => {
      const maker = makerOf(name);
      if (maker?.operator === "Add") return maker.inputs.flatMap(castsOf);
      return maker?.operator === "Cast" ? maker.inputs : [];
    };
    const zeros = castsOf(target);
    const last = zeros.length - 1;
    zeros.reduce<string>((sum, zero, index) => {
      return nodes.emit(
        "Add",
        [sum, nodes.emit("Cast", [zero], { to: FLOAT })],
        {},
        index === last ? outputs[0] : undefined,
      );
    }, x);
    return zeros.length > 0;
  },
};

/** The same graph without the nodes above. */
export function forWebgpu(graph: GraphSpec): GraphSpec {
  const outputNames = graph.outputs.map(({ name }) => name);
  const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...outputNames]);
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const around: Surroundings = { isRead: (name) => read.has(name), makerOf: (name) => makers.get(name) };
  const nodes = new NodeWriter();
  for (const node of graph.nodes) {
    if (!REWRITES[node.operator]?.(node, nodes, around)) nodes.keep(node);
  }
  const constants = [...graph.constants, ...nodes.constants];
  return { ...graph, nodes: neededNodes(nodes.written, outputNames), constants };
}

/** Collects nodes and the constants they need, under names that no graph has. */
class NodeWriter {
  readonly written: NodeSpec[] = [];
  readonly constants: ConstantSpec[] = [];
  readonly #known = new Set<string>();
  #count = 0;

  keep(node: NodeSpec): void {
    this.written.push(node);
  }

  emit(operator: string, inputs: readonly string[], attributes: Attributes = {}, output = this.#name()): string {
    this.keep({ operator, domain: "", inputs, ranks: [], outputs: [output], attributes });
    return output;
  }

  transposed(x: string, rank: number): string {
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return this.emit("Transpose", [x], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] });
  }

  scalar(value: number): string {
    return this.#constant({ name: `webgpu scalar ${value}`, type: "float32", shape: [], data: Float32Array.of(value) });
  }

  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant({ name: `webgpu integers ${values.join()}`, type: "int64", shape: [values.length], data });
  }

  #constant(constant: ConstantSpec): string {
    if (!this.#known.has(constant.name)) this.constants.push(constant);
    this.#known.add(constant.name);
    return constant.name;
  }

  #name(): string {
    return `webgpu ${this.#count++}`;
  }
}

function floatOf(attribute: Attribute | undefined): number {
  if (typeof attribute === "object" && "float" in attribute) return attribute.float;
  throw new RangeError(`expected a float attribute, found ${JSON.stringify(attribute)}`);
}
