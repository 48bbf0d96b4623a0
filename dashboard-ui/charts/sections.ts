// Which charts a view shows: those of the plan that its runs have numbers for, and what the reader has added.

import type { ChartSpec } from "./chart-card.js";
import { chartSections } from "./metric-groups.js";
import type { Unit } from "./ticks.js";

export interface ShownSection {
  readonly title: string;
  readonly charts: readonly ChartSpec[];
  readonly isAdded: boolean;
}

/**
 * @param metrics  that have a number
 * @param added    metrics that the reader wants a chart of their own for
 */
export function metricSections(metrics: readonly string[], added: readonly string[]): ShownSection[] {
  const known = new Set(metrics);
  const planned = chartSections.map(({ title, charts }) => ({
    title,
    isAdded: false,
    charts: charts
      .map((plan) => ({ ...plan, metrics: plan.metrics.filter((metric) => known.has(metric)) }))
      .filter((plan) => plan.metrics.length > 0),
  }));
  const chosen = {
    title: "Added",
    isAdded: true,
    charts: added.map((metric) => ({ id: metric, title: metric, metrics: [metric], unit: unitOf(metric) })),
  };
  return [chosen, ...planned].filter(({ charts }) => charts.length > 0);
}

/** By the metric's name, which ends with its unit. */
function unitOf(metric: string): Unit {
  if (/_(rate|fraction|share)$|\/right_|_right$|\/share$/.test(metric)) return "share";
  if (metric.endsWith("_seconds")) return "seconds";
  return metric.endsWith("_bytes") ? "bytes" : "number";
}
