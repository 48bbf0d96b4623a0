// What a probe sees of each row: hidden states without what the length of the text alone tells, or counts of tokens.
// Which states are read is states.ts's business.

import type { Matrix } from "./softmax.js";

/**
 * Features with the part that is linear in `lengths` taken out of each column, then with mean 0 and variance 1. Both are
 * found on the training rows alone and applied to all.
 *
 * @param lengths  [rows] of the texts, in tokens
 */
export function prepared(
  { rows, columns, values }: Matrix,
  lengths: ArrayLike<number>,
  training: readonly number[],
): Matrix {
  const centres = columnMeans(values, columns, training);
  let lengthMean = 0;
  for (const row of training) lengthMean += lengths[row] / training.length;
  let lengthVariance = 0;
  for (const row of training) lengthVariance += (lengths[row] - lengthMean) ** 2 / training.length;
  const slopes = new Float64Array(columns);
  if (lengthVariance > 0) {
    for (const row of training) {
      const share = (lengths[row] - lengthMean) / (lengthVariance * training.length);
      for (let j = 0; j < columns; j++) slopes[j] += share * (values[row * columns + j] - centres[j]);
    }
  }
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const length = lengths[row] - lengthMean;
    for (let j = 0; j < columns; j++)
      result[row * columns + j] = values[row * columns + j] - centres[j] - slopes[j] * length;
  }
  scale(result, columns, training);
  return { rows, columns, values: result };
}

/** Below it a column says nothing, and its scale would be that of rounding. */
const LEAST_DEVIATION = 1e-6;

function scale(values: Float32Array, columns: number, training: readonly number[]): void {
  const squares = new Float64Array(columns);
  for (const row of training) for (let j = 0; j < columns; j++) squares[j] += values[row * columns + j] ** 2;
  const factors = squares.map((square) => {
    const deviation = Math.sqrt(square / training.length);
    return deviation > LEAST_DEVIATION ? 1 / deviation : 0;
  });
  for (let at = 0; at < values.length; at++) values[at] *= factors[at % columns];
}

function columnMeans(values: Float32Array, columns: number, rows: readonly number[]): Float64Array {
  const means = new Float64Array(columns);
  for (const row of rows) for (let j = 0; j < columns; j++) means[j] += values[row * columns + j] / rows.length;
  return means;
}

/** Of a long vocabulary, the commonest tokens alone. */
const BAG_COLUMNS = 512;

/** How often each token stands in each text, whatever its place: what a probe knows without any model. */
export function bagOfTokens(texts: ReadonlyArray<readonly number[]>): Matrix {
  const totals = new Map<number, number>();
  for (const token of texts.flat()) totals.set(token, (totals.get(token) ?? 0) + 1);
  const common = [...totals].sort(([a, m], [b, n]) => n - m || a - b).slice(0, BAG_COLUMNS);
  const columnOf = new Map(common.map(([token], column) => [token, column]));
  const values = new Float32Array(texts.length * common.length);
  for (const [row, tokens] of texts.entries()) {
    for (const token of tokens) {
      const column = columnOf.get(token);
      if (column !== undefined) values[row * common.length + column]++;
    }
  }
  return { rows: texts.length, columns: common.length, values };
}
