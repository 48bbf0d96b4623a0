// Operators that move numbers without changing them.

import type { Dimension, Graph, Shape, Value } from "../graph/graph.js";

export function reshape(graph: Graph, x: Value, shape: Shape): Value {
  const result = graph.emit("Reshape", [x, reshapeTarget(graph, x.shape, shape)], shape, { type: x.type });
  return graph.record(result, [x], (gradient) => [reshape(graph, gradient, x.shape)]);
}

/** A constant where ONNX's 0 (same as the input's) and one -1 (the rest) can say it, otherwise fed at run time. */
function reshapeTarget(graph: Graph, from: Shape, to: Shape): Value {
  const target = to.map((dimension, axis) => {
    if (typeof dimension === "number") return dimension;
    return from[axis] === dimension ? 0 : -1;
  });
  return target.filter((dimension) => dimension === -1).length > 1 ? graph.dimensions(to) : graph.integers(target);
}

export function transpose(graph: Graph, x: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => x.shape[axis]);
  const result = graph.emit("Transpose", [x], shape, { attributes: { perm: permutation } });
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return graph.record(result, [x], (gradient) => [transpose(graph, gradient, inverse)]);
}

/** Parts along an axis, the last by default. */
export function split(
  graph: Graph,
  x: Value,
  sizes: readonly Dimension[],
  axis = x.shape.length - 1,
): readonly Value[] {
  const shapes = sizes.map((size) => x.shape.with(axis, size));
  const parts = graph.emitMany("Split", [x, graph.dimensions(sizes)], shapes, { attributes: { axis } });
  return graph.recordMany(parts, [x], (gradients) => [concatenate(graph, gradients, axis, x.shape[axis])]);
}

/** Joins along an axis, whose length is then `size`. */
export function concatenate(graph: Graph, parts: readonly Value[], axis: number, size: Dimension): Value {
  const joined = graph.emit("Concat", parts, parts[0].shape.with(axis, size), { attributes: { axis } });
  const sizes = parts.map((part) => part.shape[axis]);
  return graph.record(joined, parts, (gradient) => split(graph, gradient, sizes, axis));
}

/**
 * Picks rows of a matrix, each at most once.
 *
 * @param x        [M, D]
 * @param indices  [K, 1] int64
 * @returns        [K, D]
 */
export function pick(graph: Graph, x: Value, indices: Value): Value {
  const shape = [indices.shape[0], x.shape[1]];
  return graph.record(graph.emit("GatherND", [x, indices], shape), [x], (gradient) => {
    const size = graph.emit("Shape", [x], [2], { type: "int64" });
    const zeros = graph.emit("ConstantOfShape", [size], x.shape);
    return [graph.emit("ScatterND", [zeros, indices, gradient], x.shape)];
  });
}

/** The first `length` along an axis, which has `rest` more. */
export function prefix(graph: Graph, x: Value, axis: number, length: Dimension, rest: Dimension): Value {
  const bounds = [graph.integers([0]), graph.dimensions([length]), graph.integers([axis])];
  const result = graph.emit("Slice", [x, ...bounds], x.shape.with(axis, length));
  return graph.record(result, [x], (gradient) => {
    const none = x.shape.map(() => 0);
    const behind = x.shape.map((_, at) => (at === axis ? rest : 0));
    return [graph.emit("Pad", [gradient, graph.dimensions([...none, ...behind])], x.shape)];
  });
}
