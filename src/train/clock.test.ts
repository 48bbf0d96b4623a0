import { expect, it } from "vitest";
import { Clock, covered } from "./clock.js";

it("counts overlapping intervals once, in any order, and gaps not at all", () => {
  expect(covered([])).toBe(0);
  expect(
    covered([
      [5, 6],
      [0, 2],
      [1, 3],
      [1, 2],
    ]),
  ).toBe(4);
});

it("counts what goes on beside the model as hidden, and cuts what began before the step", async () => {
  const clock = new Clock();
  let end = (): void => {};
  const judging = clock.time("judge", () => new Promise<void>((resolve) => (end = resolve)));
  await clock.time("sample", () => new Promise((resolve) => setTimeout(resolve, 20)));
  clock.begin();
  await clock.time("update", () => new Promise((resolve) => setTimeout(resolve, 20)));
  const metrics = clock.metrics(0);
  end();
  await judging;
  expect(metrics["time/sample_seconds"]).toBe(0);
  const [step, model, judge, hidden] = (["step", "model", "judge", "hidden"] as const).map(
    (name) => metrics[`time/${name}_seconds`] ?? Number.NaN,
  );
  expect(judge).toBeCloseTo(step, 9);
  expect(hidden).toBeCloseTo(model, 9);
  expect(metrics["time/outside_model_share"]).toBeCloseTo(1 - model / step, 9);
});
