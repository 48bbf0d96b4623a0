// A linear probe: multinomial logistic regression with an L2 penalty. What it is given, and what its answers are
// compared with, is measure.ts's business.

import { flattened } from "./curvature.js";
import { minimise, type Smooth } from "./minimise.js";

/** Rows of numbers that all have one length. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows * columns] */
  readonly values: Float32Array;
}

export interface Probe {
  readonly classes: number;
  /** [classes * (columns + 1)]: each class's weights, its bias behind them. */
  readonly parameters: Float64Array;
}

/** Which rows, and the class of each, 0 .. classes - 1: labels[i] is that of rows[i]. */
export interface Labelled {
  readonly features: Matrix;
  readonly rows: readonly number[];
  readonly labels: ArrayLike<number>;
}

const ITERATIONS = 20;
/** Of a gradient entry, in nats per unit of a standardised weight: below it no label's probability moves visibly. */
const TOLERANCE = 1e-3;

/**
 * The probe that minimises
 *
 * (1 / n) sum_i -log softmax(W x_i + b)[y_i] + (l2 / 2) |W|^2      (biases are free)
 *
 * @param gram   X^T X / n of the features; an approximate one makes it slower, not wrong
 * @param start  a probe of the same shape to begin from; zeros by default
 */
export function fitProbe(data: Labelled, classes: number, l2: number, gram: Float64Array, start?: Probe): Probe {
  const { columns } = data.features;
  const zeros = new Float64Array(classes * (columns + 1));
  const options = { iterations: ITERATIONS, tolerance: TOLERANCE, flatten: flattened(gram, columns, l2) };
  return { classes, parameters: minimise(objective(data, classes, l2), start?.parameters ?? zeros, options) };
}

/** The function that {@link fitProbe} minimises, with its gradient. */
export function objective({ features, rows, labels }: Labelled, classes: number, l2: number): Smooth {
  const { columns, values } = features;
  const width = columns + 1;
  const logits = new Float64Array(classes);
  return (parameters, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let i = 0; i < rows.length; i++) {
      const at = rows[i] * columns;
      loss -= logSoftmax(parameters, values, at, columns, logits)[labels[i]] / rows.length;
      for (let k = 0; k < classes; k++) {
        const error = (Math.exp(logits[k]) - (k === labels[i] ? 1 : 0)) / rows.length;
        const from = k * width;
        for (let j = 0; j < columns; j++) gradient[from + j] += error * values[at + j];
        gradient[from + columns] += error;
      }
    }
    for (let k = 0; k < classes; k++) {
      for (let j = k * width; j < k * width + columns; j++) {
        loss += (l2 / 2) * parameters[j] ** 2;
        gradient[j] += l2 * parameters[j];
      }
    }
    return loss;
  };
}

/** The likeliest class of each row, and the mean of -log p of the true one, in nats. */
export function applyProbe(
  { classes, parameters }: Probe,
  { features, rows, labels }: Labelled,
): { readonly predicted: number[]; readonly crossEntropy: number } {
  const logits = new Float64Array(classes);
  let total = 0;
  const predicted = rows.map((row, i) => {
    logSoftmax(parameters, features.values, row * features.columns, features.columns, logits);
    total -= logits[labels[i]];
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[k] > logits[best]) best = k;
    return best;
  });
  return { predicted, crossEntropy: total / rows.length };
}

/** Writes log p of each class at the row that begins at `at`. */
function logSoftmax(
  parameters: Float64Array,
  values: Float32Array,
  at: number,
  columns: number,
  logits: Float64Array,
): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) {
    const from = k * (columns + 1);
    // Four sums at once: one would wait for itself at every addition.
    let [a, b, c, d] = [parameters[from + columns], 0, 0, 0];
    let j = 0;
    for (; j + 3 < columns; j += 4) {
      a += parameters[from + j] * values[at + j];
      b += parameters[from + j + 1] * values[at + j + 1];
      c += parameters[from + j + 2] * values[at + j + 2];
      d += parameters[from + j + 3] * values[at + j + 3];
    }
    for (; j < columns; j++) a += parameters[from + j] * values[at + j];
    const logit = a + b + c + d;
    logits[k] = logit;
    if (logit > most) most = logit;
  }
  let total = 0;
  for (let k = 0; k < logits.length; k++) total += Math.exp(logits[k] - most);
  const norm = most + Math.log(total);
  for (let k = 0; k < logits.length; k++) logits[k] -= norm;
  return logits;
}
