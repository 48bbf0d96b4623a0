// Curves of a long run with fewer points: every so many steps, the first and the last always among them. No value is
// changed or averaged.

import type { MetricColumns } from "../api/runs.js";

/** More than a chart is wide. */
const MOST_POINTS = 1000;

export interface Thinned {
  readonly columns: MetricColumns;
  /** Of how many steps one is held. */
  readonly every: number;
}

export function thinned(columns: MetricColumns, mostPoints = MOST_POINTS): Thinned {
  const { steps } = columns;
  const every = Math.max(1, Math.ceil((steps.length - 1) / (mostPoints - 1)));
  const isKept = (i: number): boolean => i % every === 0 || i === steps.length - 1;
  const kept = <T>(values: readonly T[]): T[] => values.filter((_, i) => isKept(i));
  if (every === 1) return { columns, every };
  const shorter = Object.entries(columns.columns).map(([name, values]) => [name, kept(values)] as const);
  return { columns: { run: columns.run, steps: kept(steps), columns: Object.fromEntries(shorter) }, every };
}
