// A run's first curve, both tasks' reward by step, as an SVG file for a page or a README. All curves are the dashboard's.

import { chartFile, lineChart } from "./chart.js";
import type { MetricName } from "./metrics.js";
import type { RunDirectory } from "./run-directory.js";

const DRAWN: readonly MetricName[] = ["code/reward_mean", "alignment/reward_mean"];

export function renderCurve(run: RunDirectory): string {
  const metrics = run.readMetrics();
  const series = DRAWN.map((name) => ({
    name,
    points: metrics.flatMap((line) => {
      const value = line[name];
      return typeof value === "number" ? [{ x: line.step, y: value }] : [];
    }),
  }));
  return chartFile(lineChart(series.filter(({ points }) => points.length > 0)));
}
