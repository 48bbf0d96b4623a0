// Where a layer's matrix meets what it reads: one product, and where the matrix has adapters, theirs added to it.

import { sum } from "../../../core/maths.js";
import type { Weights } from "../decoder/decoder.js";
import type { Graph, Value } from "../graph/graph.js";
import { addProduct, linear } from "../operators/matmul.js";
import { concatenate, split } from "../operators/shape.js";
import type { AdaptedMatrix } from "./layout.js";

/**
 * x W^T (+ bias) (+ alpha / rank * (x A^T) B^T).      (Hu et al. 2021, eq. 3)
 *
 * @param x     [M, in]
 * @param name  of the matrix, [out, in]
 * @param bias  its name, [out]
 * @returns     [M, out]
 */
export function project(graph: Graph, weights: Weights, x: Value, name: string, bias?: string): Value {
  const product = linear(graph, x, weights.tensor(name), bias === undefined ? undefined : weights.tensor(bias));
  const matrix = weights.adapters?.matrices.get(name);
  if (!weights.adapters || !matrix) return product;
  const { rank, alpha } = weights.adapters.options;
  const inner = linear(graph, x, weights.tensor(matrix.a));
  return addProduct(graph, product, inner, stackedB(graph, weights, matrix, rank), alpha / rank);
}

/**
 * The same in parts of these sizes. Where many tokens are read, a stack of matrices is cut, which is smaller than what
 * comes out; otherwise what comes out is.
 */
export function projectParts(
  graph: Graph,
  weights: Weights,
  x: Value,
  names: { readonly matrix: string; readonly bias: string | undefined },
  sizes: readonly number[],
): readonly Value[] {
  const { matrix, bias } = names;
  if (!weights.manyTokens || weights.adapters) return split(graph, project(graph, weights, x, matrix, bias), sizes);
  const biases = bias === undefined ? undefined : split(graph, weights.tensor(bias), sizes);
  const parts = split(graph, weights.tensor(matrix), sizes, 0);
  return parts.map((part, index) => linear(graph, x, part, biases?.[index]));
}

/** The B of all parts on the diagonal of a matrix of zeros, [out, R]: a stack's adapters are one adapter. */
function stackedB(graph: Graph, weights: Weights, { parts }: AdaptedMatrix, rank: number): Value {
  const width = rank * parts.filter(({ b }) => b !== undefined).length;
  const zeros = (rows: number, columns: number): Value[] =>
    columns === 0 ? [] : [graph.emit("ConstantOfShape", [graph.integers([rows, columns])], [rows, columns])];
  const joined = (values: readonly Value[], axis: number, size: number): Value =>
    values.length === 1 ? values[0] : concatenate(graph, values, axis, size);
  let before = 0;
  const blocks = parts.flatMap(({ rows, b }) => {
    if (b === undefined) return zeros(rows, width);
    const row = [...zeros(rows, before), weights.tensor(b), ...zeros(rows, width - before - rank)];
    before += rank;
    return joined(row, 1, width);
  });
  return joined(blocks, 0, sum(parts.map(({ rows }) => rows)));
}
