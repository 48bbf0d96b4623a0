// Columns as the plot takes them: gaps, steps of others, stacks, points that would be invisible.

import { describe, expect, test } from "vitest";
import { type Line, linesOf, type Value } from "./curves.js";
import { lonePoints, nearestStep, plottedOf, valueAt } from "./plotted.js";

const linear = { isLog: false, isStacked: false };

function lines(curves: Readonly<Record<string, ReadonlyArray<readonly [step: number, value: Value]>>>): Line[] {
  const names = Object.keys(curves);
  const each = Object.entries(curves).map(([metric, points]) => {
    return {
      run: "r",
      group: "r",
      metric,
      steps: points.map(([step]) => step),
      values: points.map(([, value]) => value),
    };
  });
  return linesOf(each, ["r"], names, { smoothing: 0, spread: "range" });
}

test("a step that only another line has is no gap, an undefined value is one", () => {
  const { steps, columns } = plottedOf(
    lines({
      a: [
        [1, 5],
        [3, null],
      ],
      b: [[2, 6]],
    }),
    linear,
  );
  expect(steps).toEqual([1, 2, 3]);
  expect(columns.map(({ cells }) => cells)).toEqual([
    [5, undefined, null],
    [undefined, 6, undefined],
  ]);
});

test("what is not positive is left out of a logarithmic axis", () => {
  const [column] = plottedOf(
    lines({
      a: [
        [1, 0],
        [2, -1],
        [3, 2],
      ],
    }),
    { ...linear, isLog: true },
  ).columns;
  expect(column?.cells).toEqual([null, null, 2]);
});

test("a stack adds up, and is a gap only where no part is defined", () => {
  const parts = lines({
    a: [
      [1, 1],
      [2, null],
      [3, null],
    ],
    b: [
      [1, 2],
      [2, 5],
      [3, null],
    ],
  });
  const { columns } = plottedOf(parts, { isLog: false, isStacked: true });
  expect(columns.map(({ cells }) => cells)).toEqual([
    [1, 0, null],
    [3, 5, null],
  ]);
});

test("a band lies under its line: high, low, then the mean", () => {
  const seeds = ["a", "b"].map((run, i) => ({ run, group: "g", metric: "m", steps: [1], values: [i] }));
  const { columns } = plottedOf(linesOf(seeds, ["g"], ["m"], { smoothing: 0, spread: "range" }), linear);
  expect(columns.map(({ role, cells }) => [role, cells[0]])).toEqual([
    ["high", 1],
    ["low", 0],
    ["value", 0.5],
  ]);
});

describe("a value without neighbours", () => {
  test("needs a point to be seen", () => {
    expect(lonePoints([1, null, 2, null, 3, 4])).toEqual([0, 2]);
    expect(lonePoints([7])).toEqual([0]);
  });

  test("is not alone where only steps of others stand between", () => {
    expect(lonePoints([1, undefined, 2])).toEqual([]);
  });
});

test("the value at a step is that step's alone", () => {
  const [line] = lines({
    a: [
      [2, 1],
      [4, null],
    ],
  });
  if (!line) throw new Error("no line");
  expect([valueAt(line, 2), valueAt(line, 3), valueAt(line, 4), valueAt(line, 9)]).toEqual([
    1,
    undefined,
    null,
    undefined,
  ]);
});

test("the nearest step is found at both ends and between", () => {
  expect([-5, 2, 3.4, 100].map((step) => nearestStep([1, 3, 4], step))).toEqual([1, 1, 3, 4]);
  expect(nearestStep([], 3)).toBeNull();
});
