// Differentiable operations: each emits its nodes and says how a gradient flows back through them. Only what the
// decoder and its losses need. Broadcasting is kept out on purpose: a tracked operand has the shape of the result
// (biases and norm weights, which do not, have operations of their own).

import type { Dimension, Graph, Shape, Value } from "./graph.js";

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

export function add(graph: Graph, a: Value, b: Value): Value {
  return graph.record(graph.emit("Add", [a, b], a.shape), [a, b], (gradient) => [gradient, gradient]);
}

export function subtract(graph: Graph, a: Value, b: Value): Value {
  return graph.record(graph.emit("Sub", [a, b], a.shape), [a, b], (gradient) => [gradient, negate(graph, gradient)]);
}

export function multiply(graph: Graph, a: Value, b: Value): Value {
  const times = (gradient: Value, other: Value): Value => graph.emit("Mul", [gradient, other], a.shape);
  return graph.record(graph.emit("Mul", [a, b], a.shape), [a, b], (gradient) => [
    a.tracked ? times(gradient, b) : undefined,
    b.tracked ? times(gradient, a) : undefined,
  ]);
}

export function negate(graph: Graph, x: Value): Value {
  return graph.record(graph.emit("Neg", [x], x.shape), [x], (gradient) => [negate(graph, gradient)]);
}

export function exponential(graph: Graph, x: Value): Value {
  const result = graph.emit("Exp", [x], x.shape);
  return graph.record(result, [x], (gradient) => [graph.emit("Mul", [gradient, result], x.shape)]);
}

/** The gradient passes where low <= x <= high, as in PyTorch's clamp. */
export function clip(graph: Graph, x: Value, low: number, high: number): Value {
  const [least, most] = [graph.scalar(low), graph.scalar(high)];
  return graph.record(graph.emit("Clip", [x, least, most], x.shape), [x], (gradient) => {
    const above = graph.emit("GreaterOrEqual", [x, least], x.shape, { type: "bool" });
    const below = graph.emit("LessOrEqual", [x, most], x.shape, { type: "bool" });
    const inside = graph.emit("And", [above, below], x.shape, { type: "bool" });
    return [graph.emit("Where", [inside, gradient, graph.scalar(0)], x.shape)];
  });
}

/** The larger of two; a tie's gradient goes to `a`. */
export function maximum(graph: Graph, a: Value, b: Value): Value {
  const chosen = graph.emit("GreaterOrEqual", [a, b], a.shape, { type: "bool" });
  return choose(graph, chosen, a, b);
}

/** `a` where `chosen` (a bool of the same shape), `b` elsewhere. */
export function choose(graph: Graph, chosen: Value, a: Value, b: Value): Value {
  const zero = graph.scalar(0);
  return graph.record(graph.emit("Where", [chosen, a, b], a.shape), [a, b], (gradient) => [
    graph.emit("Where", [chosen, gradient, zero], a.shape),
    graph.emit("Where", [chosen, zero, gradient], a.shape),
  ]);
}

/** The sum of all elements, a scalar. */
export function total(graph: Graph, x: Value): Value {
  const result = graph.emit("ReduceSum", [x], [], { attributes: { keepdims: 0 } });
  return graph.record(result, [x], (gradient) => {
    const shape = graph.emit("Shape", [x], [x.shape.length], { type: "int64" });
    return [graph.emit("Expand", [gradient, shape], x.shape)];
  });
}

export interface Transposed {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly scale?: number;
}

/** scale * op(a) op(b) over equal leading axes, or over any leading axes of `a` where `b` is a matrix without a. */
export function matmul(graph: Graph, a: Value, b: Value, options: Transposed = {}): Value {
  const { transposeA = false, transposeB = false, scale = 1 } = options;
  const rows = a.shape.at(transposeA ? -1 : -2) as Dimension;
  const columns = b.shape.at(transposeB ? -2 : -1) as Dimension;
  const result = graph.emit("FusedMatMul", [a, b], [...a.shape.slice(0, -2), rows, columns], {
    domain: "com.microsoft",
    attributes: { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: scale } },
  });
  return graph.record(result, [a, b], (gradient) => [
    a.tracked
      ? transposeA
        ? matmul(graph, b, gradient, { transposeA: transposeB, transposeB: true, scale })
        : matmul(graph, gradient, b, { transposeB: !transposeB, scale })
      : undefined,
    b.tracked
      ? transposeB
        ? matmul(graph, gradient, a, { transposeA: true, transposeB: transposeA, scale })
        : matmul(graph, a, gradient, { transposeA: !transposeA, scale })
      : undefined,
  ]);
}

/**
 * x W^T (+ bias), the weight stored as Hugging Face does.
 *
 * @param x       [..., in]
 * @param weight  [out, in]
 * @param bias    [out]
 */
export function linear(graph: Graph, x: Value, weight: Value, bias?: Value): Value {
  const [outputs, inputs] = weight.shape as [number, number];
  const shape = [...x.shape.slice(0, -1), outputs];
  const product = graph.emit("FusedMatMul", [x, weight], shape, {
    domain: "com.microsoft",
    attributes: { transA: 0, transB: 1, alpha: { float: 1 } },
  });
  const result = graph.record(product, [x, weight], (gradient) => [
    x.tracked ? matmul(graph, gradient, weight) : undefined,
    matmul(graph, flatten(graph, gradient, outputs), flatten(graph, x, inputs), { transposeA: true }),
  ]);
  if (!bias) return result;
  return graph.record(graph.emit("Add", [result, bias], shape), [result, bias], (gradient) => [
    gradient,
    sumLeading(graph, gradient, bias.shape),
  ]);
}

/** [..., width] as a matrix. */
function flatten(graph: Graph, x: Value, width: number): Value {
  return x.shape.length === 2 ? x : graph.emit("Reshape", [x, graph.integers([-1, width])], ["rows", width]);
}

function sumLeading(graph: Graph, x: Value, shape: Shape): Value {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  return graph.emit("ReduceSum", [x, graph.integers(axes)], shape, { attributes: { keepdims: 0 } });
}

function sumLast(graph: Graph, x: Value): Value {
  return graph.emit("ReduceSum", [x, graph.integers([-1])], lastOne(x.shape), { attributes: { keepdims: 1 } });
}

function lastOne(shape: Shape): Shape {
  return [...shape.slice(0, -1), 1];
}

/** Over the last axis. */
export function softmax(graph: Graph, x: Value): Value {
  const result = graph.emit("Softmax", [x], x.shape, { attributes: { axis: -1 } });
  return graph.record(result, [x], (gradient) => {
    const product = graph.emit("Mul", [gradient, result], x.shape);
    const centred = graph.emit("Mul", [result, sumLast(graph, product)], x.shape);
    return [graph.emit("Sub", [product, centred], x.shape)];
  });
}

/** x / sqrt(mean(x^2) + epsilon) * weight      (Zhang & Sennrich 2019, eq. 4) */
export function rmsNorm(graph: Graph, x: Value, weight: Value, epsilon: number): Value {
  const [result, inverse] = graph.emitMany("SimplifiedLayerNormalization", [x, weight], [x.shape, lastOne(x.shape)], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  }) as unknown as [Value, Value];
  const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], x.shape);
  return graph.record(result, [x, weight], (gradient) => {
    const normal = each("Mul", x, inverse);
    const scaled = each("Mul", gradient, weight);
    const mean = graph.emit("ReduceMean", [each("Mul", scaled, normal), graph.integers([-1])], lastOne(x.shape), {
      attributes: { keepdims: 1 },
    });
    return [
      each("Mul", each("Sub", scaled, each("Mul", normal, mean)), inverse),
      sumLeading(graph, each("Mul", gradient, normal), weight.shape),
    ];
  });
}

export interface RotaryTables {
  /** [positions, headSize / 2] */
  readonly cosine: Value;
  readonly sine: Value;
  readonly negativeSine: Value;
}

/**
 * Rotates the two halves of each head by position (RoFormer, "half" layout as in Hugging Face).
 *
 * @param x         [M, 1, heads * headSize]
 * @param position  [M, 1] int64
 */
export function rotary(graph: Graph, x: Value, position: Value, tables: RotaryTables): Value {
  const result = graph.emit("RotaryEmbedding", [x, position, tables.cosine, tables.sine], x.shape, {
    domain: "com.microsoft",
    attributes: { interleaved: 0 },
  });
  const back = { ...tables, sine: tables.negativeSine, negativeSine: tables.sine };
  return graph.record(result, [x], (gradient) => [rotary(graph, gradient, position, back)]);
}

/** silu(gate) * up, silu(x) = x sigmoid(x)      (Shazeer 2020, "SwiGLU") */
export function swiglu(graph: Graph, gate: Value, up: Value): Value {
  const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], gate.shape);
  const sigmoid = graph.emit("Sigmoid", [gate], gate.shape);
  const silu = each("Mul", gate, sigmoid);
  return graph.record(each("Mul", silu, up), [gate, up], (gradient) => {
    // silu' = s + silu (1 - s)
    const slope = each("Sub", each("Add", sigmoid, silu), each("Mul", silu, sigmoid));
    return [each("Mul", each("Mul", gradient, up), slope), each("Mul", gradient, silu)];
  });
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

/**
 * Log-probabilities of one token a row.
 *
 * @param logits   [K, V]
 * @param targets  [K, 1] int32
 * @returns        `chosen` [K]; `all` [K, V], which no gradient flows through
 */
export function tokenLogprobs(graph: Graph, logits: Value, targets: Value): { chosen: Value; all: Value } {
  const rows = logits.shape[0];
  const all = graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } });
  const picked = graph.emit("GatherElements", [all, targets], [rows, 1], { attributes: { axis: 1 } });
  const flat = graph.emit("Reshape", [picked, graph.integers([-1])], [rows]);
  const chosen = graph.record(flat, [logits], (gradient) => {
    const column = graph.emit("Reshape", [gradient, graph.integers([-1, 1])], [rows, 1]);
    const negative = graph.emit("Neg", [column], [rows, 1]);
    const spread = graph.emit("Mul", [graph.emit("Exp", [all], logits.shape), negative], logits.shape);
    return [
      graph.emit("ScatterElements", [spread, targets, column], logits.shape, {
        attributes: { axis: 1, reduction: "add" },
      }),
    ];
  });
  return { chosen, all };
}
