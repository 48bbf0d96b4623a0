import { expect, it } from "vitest";
import { combineOutputs } from "./combine.js";

const row = (value: number) => ({ logprobs: Float32Array.of(value) });

it("outputs of several requests follow each other; metrics are put together as their names say", () => {
  const first = {
    outputs: [row(1), row(2), row(3)],
    metrics: {
      "loss:sum": 1,
      "clock:mean": 2,
      "a:min": 5,
      "a:max": 5,
      "wait:slack": 1,
      "hash:hash2": 2 ** 53,
      "id:unique": 7,
    },
  };
  const second = {
    outputs: [row(4)],
    metrics: {
      "loss:sum": 2,
      "clock:mean": 6,
      "a:min": 3,
      "a:max": 9,
      "wait:slack": 5,
      "hash:hash2": 2 ** 53,
      "id:unique": 8,
    },
  };
  const chunks = [
    { output: first, datums: 3 },
    { output: second, datums: 1 },
  ];
  expect(combineOutputs(chunks)).toEqual({
    outputs: [row(1), row(2), row(3), row(4)],
    metrics: {
      "loss:sum": 3,
      "clock:mean": 3,
      "a:min": 3,
      "a:max": 9,
      "wait:slack": 3,
      "hash:hash2": 2 ** 54,
      "id:unique": 7,
      "id:unique_1": 8,
    },
  });
});

it("metrics without a known reduction, and those that a request lacks, are left out", () => {
  const of = (metrics: Record<string, number>) => ({ output: { outputs: [], metrics }, datums: 0 });
  expect(
    combineOutputs([
      of({ plain: 1, "lr:last": 2, "x:constructor": 1, "only:sum": 1 }),
      of({ plain: 1, "lr:last": 2, "x:constructor": 1 }),
    ]),
  ).toEqual({
    outputs: [],
    metrics: {},
  });
});

it("a single request's output is as it was, whatever its metrics are called", () => {
  const output = { outputs: [row(1)], metrics: { plain: 1, "loss:sum": 2 } };
  expect(combineOutputs([{ output, datums: 1 }])).toBe(output);
});

it("no requests have no output", () => {
  expect(combineOutputs([])).toEqual({ outputs: [], metrics: {} });
});
