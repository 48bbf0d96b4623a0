// Which charts are shown: every one of known metrics, none without a number, and what a reader adds.

import { expect, test } from "vitest";
import { metricCatalogue } from "../../src/runs/metrics.js";
import { chartSections } from "./metric-groups.js";
import { metricSections } from "./sections.js";

test("every reason to drop a candidate is in the funnel, and every type of value in its chart", () => {
  const charts = chartSections.flatMap((section) => section.charts);
  const inChart = (id: string): readonly string[] => charts.find((chart) => chart.id === id)?.metrics ?? [];
  const names = Object.keys(metricCatalogue);
  const dropped = names.filter((name) => name.startsWith("alignment/dropped_"));
  expect([...inChart("funnel")].sort()).toEqual(["alignment/kept", ...dropped].sort());
  const types = names.filter((name) => name.startsWith("alignment/right_"));
  expect([...inChart("types")].sort()).toEqual(types.sort());
});

test("charts without a number are left out, and no name is used twice", () => {
  const sections = metricSections(["code/reward_mean", "policy/kl"], []);
  expect(sections.flatMap(({ charts }) => charts.map(({ id, metrics }) => [id, metrics]))).toEqual([
    ["reward", ["code/reward_mean"]],
    ["kl", ["policy/kl"]],
  ]);
  const ids = chartSections.flatMap(({ charts }) => charts.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test("an added chart stands first, with the unit of its name", () => {
  const [first] = metricSections(["code/pass_rate"], ["alignment/answered_rate", "time/hidden_seconds"]);
  expect(first).toMatchObject({ isAdded: true, charts: [{ unit: "share" }, { unit: "seconds" }] });
});
