// How steeply a probe's loss can bend: an upper bound that does not depend on the probe (Boehning, Multinomial logistic
// regression algorithm, 1992). States have columns that say nearly the same, and a minimiser that does not know goes back
// and forth between them.

import type { Matrix } from "./softmax.js";

/** X^T X / n over these rows, [columns * columns]. */
export function gramOf({ columns, values }: Matrix, rows: readonly number[]): Float64Array {
  const gram = new Float64Array(columns * columns);
  for (const row of rows) {
    const at = row * columns;
    for (let i = 0; i < columns; i++) {
      const value = values[at + i] / rows.length;
      for (let j = 0; j <= i; j++) gram[i * columns + j] += value * values[at + j];
    }
  }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) gram[j * columns + i] = gram[i * columns + j];
  return gram;
}

/**
 * Multiplies, in place, each class's weights by (G / 2 + l2 I)^-1 and its bias by 2: the inverse of the bound on the
 * Hessian of softmax.ts's objective, without its coupling of the classes.
 *
 * @param gram  [columns * columns], of centred features
 */
export function flattened(gram: Float64Array, columns: number, l2: number): (parameters: Float64Array) => void {
  const factor = cholesky(gram, columns, l2);
  return (parameters) => {
    for (let from = 0; from < parameters.length; from += columns + 1) {
      solve(factor, columns, parameters.subarray(from, from + columns));
      parameters[from + columns] *= 2;
    }
  };
}

/** The lower triangle L with L L^T = G / 2 + l2 I. */
function cholesky(gram: Float64Array, size: number, l2: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = gram[i * size + j] / 2 + (i === j ? l2 : 0);
      for (let k = 0; k < j; k++) rest -= factor[i * size + k] * factor[j * size + k];
      factor[i * size + j] = i === j ? Math.sqrt(rest) : rest / factor[j * size + j];
    }
  }
  return factor;
}

/** x becomes (L L^T)^-1 x. */
function solve(factor: Float64Array, size: number, x: Float64Array): void {
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] -= factor[i * size + k] * x[k];
    x[i] /= factor[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    x[i] /= factor[i * size + i];
    for (let k = 0; k < i; k++) x[k] -= factor[i * size + k] * x[i];
  }
}
