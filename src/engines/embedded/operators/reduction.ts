// Sums over axes.

import type { Graph, Shape, Value } from "../graph/graph.js";

/** The sum of all elements, a scalar. */
export function total(graph: Graph, x: Value): Value {
  const result = graph.emit("ReduceSum", [x], [], { attributes: { keepdims: 0 } });
  return graph.record(result, [x], (gradient) => {
    const shape = graph.emit("Shape", [x], [x.shape.length], { type: "int64" });
    return [graph.emit("Expand", [gradient, shape], x.shape)];
  });
}

export function sumLeading(graph: Graph, x: Value, shape: Shape): Value {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  return graph.emit("ReduceSum", [x, graph.integers(axes)], shape, { attributes: { keepdims: 0 } });
}

export function sumLast(graph: Graph, x: Value): Value {
  return graph.emit("ReduceSum", [x, graph.integers([-1])], lastOne(x.shape), { attributes: { keepdims: 1 } });
}

export function lastOne(shape: Shape): Shape {
  return [...shape.slice(0, -1), 1];
}
