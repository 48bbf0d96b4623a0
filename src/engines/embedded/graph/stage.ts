// Parts of a graph that bound what is in memory at a time. The gradients of a stage are all made before those of the
// stage before it; and what lies inside one may be computed a second time for them instead of being kept (activation
// checkpointing, Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). It knows no layers; whoever
// builds a graph says where. Numbers do not change.

import { backpropagate } from "./autodiff.js";
import type { Graph, Value } from "./graph.js";

/**
 * The results of `build(x)`.
 *
 * @param x       what all that is large inside depends on; anything else may be captured, weights too
 * @param build   called again for the backward pass where `again` is set: it must emit the same nodes
 * @param again   whether values inside live in the forward pass only
 */
export function stage<Results extends readonly Value[]>(
  graph: Graph,
  x: Value,
  build: (x: Value) => Results,
  again: boolean,
): Results {
  const mark = graph.tape.length;
  const outputs = build(x);
  const inside = graph.tape.splice(mark);
  const made = new Set(inside.flatMap((entry) => entry.outputs.map(({ name }) => name)));
  const read = new Map(inside.flatMap(({ inputs }) => inputs.map((input) => [input.name, input])));
  const free = [...read.values()].filter(({ name, tracked }) => tracked && !made.has(name) && name !== x.name);
  const recorded = graph.recordMany(outputs, [x, ...free], (gradients) => {
    const entering = again ? after(graph, x, gradients) : x;
    if (!again) graph.tape.push(...inside);
    const results = again ? build(entering) : outputs;
    const seeds = new Map(results.map(({ name }, index) => [name, gradients[index]]));
    const found = backpropagate(graph, seeds, [entering, ...free]);
    // Whichever of them is wanted first, what all of them need is then free.
    const all = zeroOf(
      graph,
      found.filter((gradient) => gradient !== undefined),
    );
    return found.map((gradient) => gradient && reshapedBy(graph, gradient, all));
  });
  return recorded as Results;
}

/**
 * `x` itself, not before `others` are computed. ONNX Runtime orders nodes as it likes and merges equal ones: left
 * alone it makes weights' gradients last of all, and once what is meant to be made again. Copies nothing: a reshape to
 * the same shape plus a zero that no optimiser sees through (no number is greater than itself, not even NaN).
 */
export function after(graph: Graph, x: Value, others: readonly Value[]): Value {
  return reshapedBy(graph, x, zeroOf(graph, others));
}

/** [1] int64, known when all of the values are. */
function zeroOf(graph: Graph, values: readonly Value[]): Value {
  const add = (a: Value, b: Value): Value => graph.emit("Add", [a, b], [1], { type: "int64" });
  return values.reduce(
    (sum, value) => {
      const list = graph.emit("Reshape", [value, graph.integers([-1])], ["any"], { type: value.type });
      const first = graph.emit("Gather", [list, graph.integers([0])], [1], { type: value.type });
      const never = graph.emit("Greater", [first, first], [1], { type: "bool" });
      return add(sum, graph.emit("Cast", [never], [1], { type: "int64", attributes: { to: INT64 } }));
    },
    graph.integers([0]),
  );
}

function reshapedBy(graph: Graph, x: Value, zero: Value): Value {
  const shape = graph.emit("Shape", [x], [x.shape.length], { type: "int64" });
  const target = graph.emit("Add", [shape, zero], [x.shape.length], { type: "int64" });
  return { ...graph.emit("Reshape", [x, target], x.shape, { type: x.type }), tracked: x.tracked };
}

/** {@link after} as an operator: its gradient is what arrives, in turn with that of `before`. */
export function inTurn(graph: Graph, x: Value, before: Value): Value {
  return graph.record(after(graph, { ...x, tracked: false }, [before]), [x], (gradient) => [gradient]);
}

/** ONNX's number for the type. */
const INT64 = 7;
