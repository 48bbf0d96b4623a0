// From curves to lines: seeds become a mean with a band, smoothing does not lean on its beginning, colours keep their place.

import { describe, expect, test } from "vitest";
import { bandOf, type Curve, linesOf, meanOf, unionOf, type Value } from "./curves.js";
import { smooth } from "./smooth.js";

const plain = { smoothing: 0, spread: "range" } as const;

function curve(run: string, group: string, values: readonly Value[], metric = "reward"): Curve {
  return { run, group, metric, steps: values.map((_, i) => i + 1), values };
}

describe("seeds of one setting", () => {
  test("are one line, their mean, with a band from the lowest to the highest", () => {
    const [line] = linesOf([curve("a", "g", [1, 2]), curve("b", "g", [3, 6])], ["g"], ["reward"], plain);
    expect(line).toMatchObject({ values: [2, 4], band: { low: [1, 2], high: [3, 6] }, seeds: 2, raw: null });
  });

  test("that are of unequal length are the mean of those that are there", () => {
    const [line] = linesOf([curve("a", "g", [1, 2, 5]), curve("b", "g", [3])], ["g"], ["reward"], plain);
    expect(line?.steps).toEqual([1, 2, 3]);
    expect(line?.values).toEqual([2, 2, 5]);
  });

  test("may have a band of one standard deviation of the sample on each side", () => {
    const { low, high } = bandOf([[1], [3]], "deviation");
    expect(low[0]).toBeCloseTo(2 - Math.SQRT2, 12);
    expect(high[0]).toBeCloseTo(2 + Math.SQRT2, 12);
  });

  test("one alone has no band, and its values are not copied", () => {
    const only = curve("a", "g", [1, null, 2]);
    const [line] = linesOf([only], ["g"], ["reward"], plain);
    expect(line?.band).toBeNull();
    expect(line?.values).toBe(only.values);
  });

  test("undefined in every seed is a gap", () => {
    expect(
      meanOf([
        [null, 1],
        [null, null],
      ]),
    ).toEqual([null, 1]);
    expect(bandOf([[null], [null]], "deviation")).toEqual({ low: [null], high: [null] });
  });
});

describe("a line", () => {
  test("has the colour of its metric in one group, and of its group among several", () => {
    const curves = ["a", "b"].flatMap((run) => ["x", "y"].map((metric) => curve(run, run, [1], metric)));
    expect(linesOf(curves.slice(0, 2), ["a"], ["x", "y"], plain).map(({ colour }) => colour)).toEqual([0, 1]);
    const compared = linesOf(curves, ["a", "b"], ["x", "y"], plain);
    expect(compared.map(({ colour, dash }) => [colour, dash])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    expect(compared.map(({ label, toggle }) => [label, toggle])[3]).toEqual(["b: y", "b"]);
  });

  test("keeps its colour where another has no number", () => {
    const lines = linesOf([curve("a", "a", [null], "x"), curve("a", "a", [1], "y")], ["a"], ["x", "y"], plain);
    expect(lines.map(({ label, colour }) => [label, colour])).toEqual([["y", 1]]);
  });

  test("that is smoothed still has what was measured", () => {
    const [line] = linesOf([curve("a", "a", [0, 1])], ["a"], ["reward"], { ...plain, smoothing: 0.5 });
    expect(line?.raw).toEqual([0, 1]);
    expect(line?.values).toEqual([0, 0.5 / 0.75]);
  });
});

describe("smoothing", () => {
  test("leaves a constant as it is, from its first value on", () => {
    for (const value of smooth([2, 2, 2], 0.9)) expect(value).toBeCloseTo(2, 12);
  });

  test("passes over what is undefined", () => {
    expect(smooth([null, 4, null, 4], 0.5)).toEqual([null, 4, null, 4]);
  });

  test("of weight 0 is what was measured", () => {
    expect(smooth([1, 5, -3], 0)).toEqual([1, 5, -3]);
  });
});

test("steps of several curves are put together in order, once each", () => {
  expect(
    unionOf([
      [1, 3],
      [2, 3, 10],
    ]),
  ).toEqual([1, 2, 3, 10]);
  expect(unionOf([])).toEqual([]);
});
