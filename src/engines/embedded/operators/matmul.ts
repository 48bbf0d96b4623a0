// Matrix products.

import type { Dimension, Graph, Value } from "../graph/graph.js";
import { sumLeading } from "./reduction.js";
import { transpose } from "./shape.js";

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
    weight.tracked ? weightGradient(graph, flatten(graph, gradient, outputs), flatten(graph, x, inputs)) : undefined,
  ]);
  if (!bias) return result;
  return graph.record(graph.emit("Add", [result, bias], shape), [result, bias], (gradient) => [
    gradient,
    bias.tracked ? sumLeading(graph, gradient, bias.shape) : undefined,
  ]);
}

/**
 * sum + scale * a b^T, without a pass over the sum of its own.
 *
 * @param sum  [M, N]
 * @param a    [M, K]
 * @param b    [N, K]
 */
export function addProduct(graph: Graph, sum: Value, a: Value, b: Value, scale: number): Value {
  const result = graph.emit("Gemm", [a, b, sum], sum.shape, { attributes: { transB: 1, alpha: { float: scale } } });
  return graph.record(result, [sum, a, b], (gradient) => [
    gradient,
    a.tracked ? matmul(graph, gradient, b, { scale }) : undefined,
    b.tracked ? matmul(graph, gradient, a, { transposeA: true, scale }) : undefined,
  ]);
}

/** Numbers of a row, in a vocabulary's size. */
const LONG_ROW = 4096;

/**
 * gradient^T x, [out, in]. A product whose first operand is transposed reads that across its rows, once for every few
 * columns of the result; where rows are long that is slow, and to transpose the other operand and the result is not.
 *
 * @param gradient  [rows, out]
 * @param x         [rows, in]
 */
export function weightGradient(graph: Graph, gradient: Value, x: Value): Value {
  if (Number(gradient.shape[1]) < LONG_ROW) return matmul(graph, gradient, x, { transposeA: true });
  return transpose(graph, matmul(graph, transpose(graph, x, [1, 0]), gradient), [1, 0]);
}

/** [..., width] as a matrix. */
function flatten(graph: Graph, x: Value, width: number): Value {
  return x.shape.length === 2 ? x : graph.emit("Reshape", [x, graph.integers([-1, width])], ["rows", width]);
}
