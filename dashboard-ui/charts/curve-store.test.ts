// What is asked of the server for curves: once for what is wanted at the same time, then new steps alone, all of it again
// where the run is another.

import { beforeEach, describe, expect, test } from "vitest";
import type { Answer, EndpointName, Question } from "../../src/dashboard/api/endpoints.js";
import type { Source } from "../source.js";
import { CurveStore } from "./curve-store.js";

let steps: number[];
let columns: Record<string, number[]>;
let asked: Array<Question<"metrics">>;
let store: CurveStore;

beforeEach(() => {
  steps = [1, 2, 3];
  columns = { x: [1, 2], y: [10, 20] };
  asked = [];
  const source: Source = {
    live: true,
    notes: [],
    ask<N extends EndpointName>(_: N, question: Question<N>): Promise<Answer<N>> {
      const metrics = question as Question<"metrics">;
      asked.push(metrics);
      if (metrics.run === "gone") return Promise.reject(new Error("no such run"));
      const after = Number(metrics.after ?? 0);
      const answer = {
        run: metrics.run,
        steps: steps.slice(0, columns["x"]?.length).filter((step) => step > after),
        columns: Object.fromEntries(
          metrics.names.map((name) => [name, (columns[name] ?? []).filter((_, i) => (steps[i] ?? 0) > after)]),
        ),
      };
      return Promise.resolve(answer as unknown as Answer<N>);
    },
  };
  store = new CurveStore(source);
});

test("charts shown together ask once", async () => {
  await Promise.all([store.load("r", ["x"], 0), store.load("r", ["y"], 0)]);
  expect(asked).toEqual([{ run: "r", names: ["x", "y"] }]);
  expect(store.has("r", ["x", "y"], 0)).toBe(true);
  await store.load("r", ["y"], 0);
  expect(asked).toHaveLength(1);
});

describe("a run that has gone on", () => {
  test("is asked for its new steps", async () => {
    await store.load("r", ["x", "y"], 0);
    columns = { x: [1, 2, 3], y: [10, 20, 30] };
    expect(store.has("r", ["x"], 1)).toBe(false);
    await store.load("r", ["x"], 1);
    expect(asked[1]).toEqual({ run: "r", names: ["x", "y"], after: 1 });
    expect(store.column("r", "y")).toEqual({ steps: [1, 2, 3], values: [10, 20, 30] });
  });

  test("is asked for all of it where its last step is another", async () => {
    await store.load("r", ["x"], 0);
    columns = { x: [1, 7, 8] };
    await store.load("r", ["x"], 1);
    expect(store.column("r", "x")).toEqual({ steps: [1, 2, 3], values: [1, 7, 8] });
  });

  test("is asked for all of it where its last step is gone, though its values are the same", async () => {
    columns = { x: [5, 5] };
    await store.load("r", ["x"], 0);
    steps = [1, 3];
    await store.load("r", ["x"], 1);
    expect(store.column("r", "x")).toEqual({ steps: [1, 3], values: [5, 5] });
  });

  test("is asked for all of it where it has fewer steps, as after a resume", async () => {
    await store.load("r", ["x"], 0);
    columns = { x: [1] };
    await store.load("r", ["x"], 1);
    expect(store.column("r", "x")).toEqual({ steps: [1], values: [1] });
  });
});

test("an error is the asker's, and the next question is asked anew", async () => {
  await expect(store.load("gone", ["x"], 0)).rejects.toThrow("no such run");
  await expect(store.load("gone", ["x"], 0)).rejects.toThrow("no such run");
  expect(asked).toHaveLength(2);
});
