// Probes on states made up for the purpose, where it is known what they hold.

import { describe, expect, test } from "vitest";
import { mean } from "../core/maths.js";
import { Rng } from "../core/rng.js";
import { gramOf } from "./curvature.js";
import { bagOfTokens, prepared } from "./features.js";
import { majority, measure, randomLabels, type Task } from "./measure.js";
import { minimise } from "./minimise.js";
import { bootstrapped, macroF1 } from "./scores.js";
import { applyProbe, fitProbe, type Matrix, objective } from "./softmax.js";
import { splitByProgram } from "./split.js";

const ROWS = 600;
const COLUMNS = 12;
const SEEDS = [0, 1];

function noise(rows: number, columns: number, ...keys: string[]): Matrix {
  const rng = Rng.of("measure test", ...keys);
  return { rows, columns, values: Float32Array.from({ length: rows * columns }, () => rng.normal()) };
}

/** The largest of the first three columns. */
function planted({ rows, columns, values }: Matrix): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = values.subarray(row * columns);
    return a > b && a > c ? 0 : b > c ? 1 : 2;
  });
}

function taskWith(labels: readonly number[], changes: Partial<Task> = {}): Task {
  return {
    programs: labels.map((_, row) => `program ${Math.floor(row / 3)}`),
    labels,
    classes: 3,
    otherLabels: labels.map(() => null),
    statements: labels.map((_, row) => `a = ${row % 50}`),
    lengths: labels.map((_, row) => row % 7),
    ...changes,
  };
}

describe("a probe", () => {
  const states = noise(ROWS, COLUMNS, "states");

  test("finds a linear label, in the layer that has it and in no other", () => {
    const layers = [noise(ROWS, COLUMNS, "another layer"), states, noise(ROWS, COLUMNS, "a third")];
    const found = measure(taskWith(planted(states)), layers, SEEDS);
    expect(found.accuracy).toBeGreaterThan(0.93);
    expect(found.macroF1).toBeGreaterThan(0.93);
    expect(found.chosen).toEqual([1, 1]);
  });

  test("finds it exactly where there is a margin", () => {
    const labels = planted(states);
    const values = Float32Array.from(states.values, (value, i) =>
      i % COLUMNS === labels[Math.floor(i / COLUMNS)] ? value + 2 : value,
    );
    expect(measure(taskWith(labels), [{ ...states, values }], SEEDS).accuracy).toBe(1);
  });

  test("does not find a label that is not there", () => {
    const rng = Rng.of("measure test", "labels");
    const labels = Array.from({ length: ROWS }, () => rng.integer(0, 2));
    expect(Math.abs(measure(taskWith(labels), [states], [0, 1, 2, 3]).accuracy - 1 / 3)).toBeLessThan(0.09);
  });

  test("does not find what only the length of the text tells", () => {
    const labels = Array.from({ length: ROWS }, (_, row) => Number(row % 7 > 3));
    const values = Float32Array.from(states.values, (value, i) =>
      i % COLUMNS === 0 ? Math.floor(i / COLUMNS) % 7 : value,
    );
    const told = { ...states, values };
    const ofOneLength = taskWith(labels, { classes: 2, lengths: labels.map(() => 10) });
    expect(measure(ofOneLength, [told], SEEDS).accuracy).toBeGreaterThan(0.95);
    expect(measure(taskWith(labels, { classes: 2 }), [told], SEEDS).accuracy).toBeLessThan(0.65);
  });

  test("tells the meaning that the states have from another one", () => {
    const labels = planted(states);
    const otherLabels = planted(noise(ROWS, COLUMNS, "another meaning")).map((label, row) =>
      row % 4 === 0 ? null : label,
    );
    const { sameMeaning, otherMeaning } = measure(taskWith(labels, { otherLabels }), [states], SEEDS);
    expect(sameMeaning).toBeGreaterThan(0.9);
    expect(otherMeaning).toBeLessThan(0.5);
  });

  test("gives the same bits again", () => {
    const task = taskWith(planted(states));
    expect(measure(task, [states], SEEDS)).toEqual(measure(task, [states], SEEDS));
  });
});

test("random labels are one a statement, and occur as often as the true ones", () => {
  const labels = Array.from({ length: ROWS }, (_, row) => Number(row % 5 === 0));
  const task = taskWith(labels, { statements: labels.map((_, row) => `a = ${row % 300}`) });
  const random = randomLabels(task, 0);
  expect(random.slice(300)).toEqual(random.slice(0, 300));
  expect(Math.abs(mean(random) - 0.2)).toBeLessThan(0.07);
  expect(randomLabels(task, 1)).not.toEqual(random);
});

test("always answering the commonest class is right as often as that class occurs", () => {
  const labels = Array.from({ length: ROWS }, (_, row) => Number(row % 3 === 0));
  expect(majority(taskWith(labels), SEEDS)).toBeCloseTo(2 / 3, 10);
});

test("no program is on both sides of a split, and every row is on one", () => {
  const programs = Array.from({ length: 500 }, (_, row) => `program ${(row * 7) % 90}`);
  for (const seed of [0, 1, 2]) {
    const parts = Object.values(splitByProgram(programs, seed)) as number[][];
    const named = parts.map((rows) => new Set(rows.map((row) => programs[row])));
    expect(named.map(({ size }) => size)).toEqual([72, 9, 9]);
    expect(new Set(named.flatMap((names) => [...names])).size).toBe(90);
    expect(parts.flat().sort((a, b) => a - b)).toEqual([...programs.keys()]);
  }
  expect(splitByProgram(programs, 0)).not.toEqual(splitByProgram(programs, 1));
});

test("the gradient is that of finite differences, and vanishes at the fitted probe", () => {
  const features = noise(40, 5, "gradient");
  const rows = Array.from({ length: 37 }, (_, i) => (i * 3) % 40);
  const data = { features, rows, labels: rows.map((row) => row % 4) };
  const f = objective(data, 4, 0.03);
  const rng = Rng.of("measure test", "point");
  const point = Float64Array.from({ length: 4 * 6 }, () => rng.normal());
  const gradient = new Float64Array(point.length);
  const ignored = new Float64Array(point.length);
  f(point, gradient);
  const step = 1e-5;
  for (const at of point.keys()) {
    const moved = (by: number): number =>
      f(
        point.map((value, i) => (i === at ? value + by : value)),
        ignored,
      );
    expect(gradient[at]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 7);
  }
  const fitted = fitProbe(data, 4, 0.03, gramOf(features, rows));
  f(fitted.parameters, gradient);
  expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-3);
});

test("the minimiser finds the bottom of a narrow curved valley", () => {
  // Rosenbrock's function; its least value is at (1, 1).
  const found = minimise(
    ([x, y], gradient) => {
      gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x);
      gradient[1] = 200 * (y - x * x);
      return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
    },
    Float64Array.of(-1.2, 1),
    { iterations: 100, tolerance: 1e-8 },
  );
  expect(found[0]).toBeCloseTo(1, 6);
  expect(found[1]).toBeCloseTo(1, 6);
});

test("probabilities are those of the softmax", () => {
  const features = { rows: 1, columns: 5, values: Float32Array.of(1, 2, 3, 4, 5) };
  const parameters = Float64Array.of(0.1, 0.2, 0.3, -0.1, 0.05, 1, -0.2, 0, 0.1, 0.3, 0.2, -1);
  // Logits 0.1 + 0.4 + 0.9 - 0.4 + 0.25 + 1 = 2.25 and -0.2 + 0.3 + 1.2 + 1 - 1 = 1.3: -log p of the second is
  // log(1 + e^0.95).
  const { predicted, crossEntropy } = applyProbe({ classes: 2, parameters }, { features, rows: [0], labels: [1] });
  expect(predicted).toEqual([0]);
  expect(crossEntropy).toBeCloseTo(Math.log(1 + Math.exp(0.95)), 6);
});

test("features are centred and scaled by the training rows alone, and a constant column says nothing", () => {
  const values = Float32Array.of(1, 5, 3, 5, 5, 5, 101, 5);
  const { values: result } = prepared({ rows: 4, columns: 2, values }, [4, 4, 4, 4], [0, 1, 2]);
  const deviation = Math.sqrt(8 / 3);
  const expected = [-2 / deviation, 0, 0, 0, 2 / deviation, 0, 98 / deviation, 0];
  for (const [i, value] of expected.entries()) expect(result[i]).toBeCloseTo(value, 4);
});

test("a bag of tokens counts each token of each text", () => {
  const { columns, values } = bagOfTokens([[7, 7, 9], [9, 3], []]);
  expect(columns).toBe(3);
  // The commonest first, equal ones by their number: 7 and 9, then 3.
  expect([...values]).toEqual([2, 1, 0, 0, 1, 1, 0, 0, 0]);
});

test("macro F1 weighs every class alike", () => {
  // Of class 0: 3 hits in 4 true and 4 named; of class 1: 1 hit in 2 and 2.
  expect(macroF1([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0])).toBeCloseTo((6 / 8 + 2 / 4) / 2, 12);
  expect(macroF1([0, 0], [0, 2])).toBeCloseTo(2 / 3 / 2, 12);
});

test("the interval of a difference is paired by program, and narrows where both models are alike", () => {
  const asked = Array.from({ length: 60 }, () => 4);
  const rng = Rng.of("measure test", "tallies");
  const hard = asked.map(() => rng.integer(0, 3));
  const worse = { right: hard, asked };
  const better = { right: hard.map((right) => right + 1), asked };
  const { value, low, high } = bootstrapped([better], [worse]);
  expect([value, low, high].map((share) => Math.round(share * 1e9))).toEqual([25e7, 25e7, 25e7]);
  const alone = bootstrapped([better]);
  expect(alone.high - alone.low).toBeGreaterThan(0.08);
  expect(alone.low).toBeLessThan(alone.value);
});
