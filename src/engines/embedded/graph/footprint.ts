// How much memory one run of a graph takes, without running it: walks the nodes in order and counts what is alive. It
// follows ONNX Runtime's rules for reuse as far as they matter; what its allocator adds is for the caller to know.

import type { Graph } from "./graph.js";
import type { ElementType, NodeSpec, ValueSpec } from "./onnx.js";

const BYTES: Readonly<Record<ElementType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1 };

/** The result is the same memory under another shape. */
const ALIASES = new Set(["Reshape", "Squeeze", "Unsqueeze", "Identity"]);
/** The result may take the place of an operand that nothing else reads. */
const IN_PLACE = new Set(
  "Add Sub Mul Div Neg Exp Log Sigmoid Clip Softmax LogSoftmax ScatterElements ScatterND".split(" "),
);

export type Lengths = Readonly<Record<string, number>>;

/**
 * The most bytes of values alive at once, results among them; neither inputs nor constants.
 *
 * @throws RangeError for a dimension that `lengths` does not name
 */
export function peakBytes(graph: Graph, lengths: Lengths): number {
  const nodes = executionOrder(graph.nodes());
  const owner = new Map<string, string>();
  const rooted = (name: string): string => owner.get(name) ?? name;
  const lastRead = new Map<string, number>();
  for (const [index, { operator, inputs, outputs }] of nodes.entries()) {
    if (ALIASES.has(operator)) owner.set(outputs[0], rooted(inputs[0]));
    for (const name of inputs) lastRead.set(rooted(name), index);
  }
  for (const name of graph.outputNames) lastRead.set(rooted(name), nodes.length);
  const alive = new Map<string, number>();
  let now = 0;
  let peak = 0;
  for (const [index, { operator, inputs, outputs }] of nodes.entries()) {
    const dying = [...new Set(inputs.map(rooted))].filter((name) => lastRead.get(name) === index && alive.has(name));
    let spare = IN_PLACE.has(operator) ? Math.max(0, ...dying.map((name) => alive.get(name) ?? 0)) : 0;
    for (const name of outputs) {
      const value = graph.emitted.get(name);
      if (!value || owner.has(name)) continue;
      const bytes = valueBytes(value, lengths);
      alive.set(name, bytes);
      now += bytes;
      peak = Math.max(peak, now - (spare === bytes ? spare : 0));
      spare = 0;
    }
    for (const name of dying) {
      now -= alive.get(name) ?? 0;
      alive.delete(name);
    }
    for (const name of outputs) {
      if (lastRead.has(name) || !alive.has(name)) continue;
      now -= alive.get(name) ?? 0;
      alive.delete(name);
    }
  }
  return peak;
}

/**
 * The order in which ONNX Runtime runs the nodes: depth first from the last result, of several operands the one that
 * was added last first.
 */
function executionOrder(nodes: readonly NodeSpec[]): NodeSpec[] {
  const maker = new Map(nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const leaves = [...nodes.keys()].filter((index) => !nodes[index].outputs.some((name) => read.has(name)));
  const stack = leaves.map((index) => ({ index, entered: false }));
  const visited = new Set<number>();
  const order: NodeSpec[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { index, entered } = top;
    if (entered) order.push(nodes[index]);
    if (entered || visited.has(index)) continue;
    visited.add(index);
    stack.push({ index, entered: true });
    const makers = nodes[index].inputs.map((name) => maker.get(name)).filter((at) => at !== undefined);
    for (const at of makers.sort((a, b) => a - b)) if (!visited.has(at)) stack.push({ index: at, entered: false });
  }
  return order;
}

/** Of inputs whose size is known only when the graph runs. */
export function inputBytes(graph: Graph, lengths: Lengths): number {
  const varying = graph.inputs.filter(({ shape }) => shape.some((dimension) => typeof dimension === "string"));
  return varying.reduce((sum, value) => sum + valueBytes(value, lengths), 0);
}

function valueBytes({ name, type, shape }: ValueSpec, lengths: Lengths): number {
  return shape.reduce<number>((product, dimension) => {
    const length = typeof dimension === "number" ? dimension : lengths[dimension];
    if (length === undefined) throw new RangeError(`no length is known for dimension "${dimension}" of ${name}`);
    return product * length;
  }, BYTES[type]);
}
