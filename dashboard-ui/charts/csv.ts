// A chart's data as a table that any program reads: what was measured, exactly, whatever is smoothed or hidden.

import { type Curve, unionOf } from "./curves.js";

/** One row a step, one column a curve (RFC 4180); empty where undefined. */
export function csvOf(curves: readonly Curve[]): string {
  const steps = unionOf(curves.map((curve) => curve.steps));
  const columns = curves.map((curve) => new Map(curve.steps.map((step, i) => [step, curve.values[i] ?? null])));
  const isOneRun = new Set(curves.map(({ run }) => run)).size <= 1;
  const head = ["step", ...curves.map(({ run, metric }) => (isOneRun ? metric : `${run} ${metric}`))];
  const rows = steps.map((step) => [String(step), ...columns.map((column) => String(column.get(step) ?? ""))]);
  return [head, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
