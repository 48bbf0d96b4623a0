// One property of values, probed in one set of features: fitted on training programs, layer and penalty chosen on
// validation programs, tested on others, and held against what a probe could know without the model.

import { mean } from "../core/maths.js";
import { Rng } from "../core/rng.js";
import { gramOf } from "./curvature.js";
import { prepared } from "./features.js";
import { accuracyOf, macroF1, type Tally } from "./scores.js";
import { applyProbe, fitProbe, type Labelled, type Matrix, type Probe } from "./softmax.js";
import { type Split, splitByProgram } from "./split.js";

/** Rows of one property; all arrays are by row. */
export interface Task {
  readonly programs: readonly string[];
  /** Classes as numbers from 0. */
  readonly labels: readonly number[];
  readonly classes: number;
  /** The class under another meaning of the operators; null where there is none. */
  readonly otherLabels: ReadonlyArray<number | null>;
  /** The statement that assigns the variable: rows of one statement have one control label. */
  readonly statements: readonly string[];
  /** Tokens of the text. */
  readonly lengths: readonly number[];
}

/** Over all splits. */
export interface Measured {
  readonly tally: Tally;
  readonly accuracy: number;
  readonly macroF1: number;
  /** Chosen in each split, as an index into the features. */
  readonly chosen: readonly number[];
}

export interface Controls {
  /** Accuracy on random labels, one a statement (Hewitt and Liang, arXiv 1909.03368). */
  readonly randomLabels: number;
  /** On the rows that have another label to compare with: accuracy on true labels, and on those of another meaning. */
  readonly sameMeaning: number | null;
  readonly otherMeaning: number | null;
}

/** What layers are compared under. */
const USUAL_PENALTY = 0.01;
/** What else is tried in the layer that is best so. */
const OTHER_PENALTIES = [0.1, 0.001];

interface Chosen {
  readonly feature: number;
  readonly l2: number;
  readonly probe: Probe;
  readonly matrix: Matrix;
  readonly gram: Float64Array;
  readonly crossEntropy: number;
}

/**
 * @param features  the layers to choose from, each with a row for each of the task's
 * @param seeds     one split each
 */
export function measure(task: Task, features: readonly Matrix[], seeds: readonly number[]): Measured & Controls {
  const programs = [...new Set(task.programs)];
  const numbers = new Map(programs.map((program, i) => [program, i]));
  const right = programs.map(() => 0);
  const asked = programs.map(() => 0);
  const results = seeds.map((seed) => {
    const split = splitByProgram(task.programs, seed);
    const best = choose(task, features, split);
    const { predicted } = applyProbe(best.probe, labelled(best.matrix, split.test, task.labels));
    for (const [i, row] of split.test.entries()) {
      const program = numbers.get(task.programs[row]) ?? 0;
      asked[program]++;
      if (predicted[i] === task.labels[row]) right[program]++;
    }
    const truth = split.test.map((row) => task.labels[row]);
    return { best, macroF1: macroF1(truth, predicted), ...controls(task, best, split, seed) };
  });
  const tally = { right, asked };
  return {
    tally,
    accuracy: accuracyOf(tally),
    macroF1: mean(results.map((result) => result.macroF1)),
    chosen: results.map(({ best }) => best.feature),
    randomLabels: mean(results.map((result) => result.randomLabels)),
    sameMeaning: meanOrNull(results.map((result) => result.sameMeaning)),
    otherMeaning: meanOrNull(results.map((result) => result.otherMeaning)),
  };
}

/** Accuracy of the class that is commonest in training. */
export function majority(task: Task, seeds: readonly number[]): number {
  const shares = seeds.map((seed) => {
    const { training, test } = splitByProgram(task.programs, seed);
    const counts = new Array<number>(task.classes).fill(0);
    for (const row of training) counts[task.labels[row]]++;
    const common = counts.indexOf(Math.max(...counts));
    return mean(test.map((row) => Number(task.labels[row] === common)));
  });
  return mean(shares);
}

/** The layer, and then its penalty, whose probe finds the validation rows' classes least surprising. */
function choose(task: Task, features: readonly Matrix[], { training, validation }: Split): Chosen {
  const fit = (feature: number, matrix: Matrix, gram: Float64Array, l2: number, start?: Probe): Chosen => {
    const probe = fitProbe(labelled(matrix, training, task.labels), task.classes, l2, gram, start);
    const { crossEntropy } = applyProbe(probe, labelled(matrix, validation, task.labels));
    return { feature, l2, probe, matrix, gram, crossEntropy };
  };
  const better = (a: Chosen, b: Chosen): Chosen => (b.crossEntropy < a.crossEntropy ? b : a);
  const best = features
    .map((raw, feature) => {
      const matrix = prepared(raw, task.lengths, training);
      return fit(feature, matrix, gramOf(matrix, training), USUAL_PENALTY);
    })
    .reduce(better);
  const { feature, matrix, gram, probe } = best;
  return OTHER_PENALTIES.map((l2) => fit(feature, matrix, gram, l2, probe)).reduce(better, best);
}

/** Fresh probes on the same features with other labels. */
function controls(task: Task, { matrix, gram, l2 }: Chosen, split: Split, seed: number): Controls {
  const accuracy = (labels: ReadonlyArray<number | null>, rows: (row: number) => boolean): number => {
    const [training, test] = [split.training.filter(rows), split.test.filter(rows)];
    const probe = fitProbe(labelled(matrix, training, labels), task.classes, l2, gram);
    const { predicted } = applyProbe(probe, labelled(matrix, test, labels));
    return mean(test.map((row, i) => Number(predicted[i] === labels[row])));
  };
  const comparable = (row: number): boolean => task.otherLabels[row] !== null;
  const enough = split.training.some(comparable) && split.test.some(comparable);
  return {
    randomLabels: accuracy(randomLabels(task, seed), () => true),
    sameMeaning: enough ? accuracy(task.labels, comparable) : null,
    otherMeaning: enough ? accuracy(task.otherLabels, comparable) : null,
  };
}

/** One label for each statement, drawn as often as the true ones occur. */
export function randomLabels({ statements, labels }: Task, seed: number): number[] {
  const drawn = new Map<string, number>();
  for (const statement of statements) {
    if (!drawn.has(statement)) drawn.set(statement, Rng.of("probe control", seed, statement).pick(labels));
  }
  return statements.map((statement) => drawn.get(statement) ?? 0);
}

function labelled(features: Matrix, rows: readonly number[], labels: ReadonlyArray<number | null>): Labelled {
  return { features, rows, labels: rows.map((row) => labels[row] ?? 0) };
}

function meanOrNull(values: ReadonlyArray<number | null>): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : mean(known);
}
