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

it("tells how long a rollout waits for its reward, of those that have it", async () => {
  const clock = new Clock();
  clock.begin();
  expect(clock.metrics(0)["time/judge_latency_p50_seconds"]).toBeNull();
  const ends: Array<() => void> = [];
  const judging = [0, 1].map(() => clock.time("judge", () => new Promise<void>((resolve) => ends.push(resolve))));
  await clock.time("sample", () => new Promise((resolve) => setTimeout(resolve, 20)));
  ends[0]?.();
  await judging[0];
  const [sampled, p50, p99] = (
    ["sample_seconds", "judge_latency_p50_seconds", "judge_latency_p99_seconds"] as const
  ).map((name) => clock.metrics(0)[`time/${name}`] ?? Number.NaN);
  expect(p50).toBeGreaterThanOrEqual(sampled);
  expect(p99).toBe(p50);
  ends[1]?.();
  await judging[1];
});
