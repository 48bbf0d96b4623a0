// From curves, one metric of one run each, to the lines a chart draws: smoothed, and seeds of one setting as their mean with
// a band. Not their colours' values, and nothing of the canvas.

import { smooth } from "./smooth.js";

export type Value = number | null;

/** One metric of one run, or one measure of its evaluations. */
export interface Curve {
  readonly run: string;
  /** Seeds of one setting have the same; curves of one group and metric become one line. */
  readonly group: string;
  readonly metric: string;
  readonly steps: readonly number[];
  /** Null where undefined. */
  readonly values: readonly Value[];
}

export interface Line {
  /** Group and metric: what sets it apart in its chart. */
  readonly key: string;
  readonly label: string;
  /** What is hidden with it in every chart of the view: the group, or the metric where there is one group. */
  readonly toggle: string;
  /** Places in the order of colours and of dashes; with several groups a colour is a group, with one a metric. */
  readonly colour: number;
  readonly dash: number;
  readonly steps: readonly number[];
  /** Before smoothing; null where there is none. */
  readonly raw: readonly Value[] | null;
  readonly values: readonly Value[];
  readonly band: Band | null;
  /** Curves it is the mean of. */
  readonly seeds: number;
}

export interface Band {
  readonly low: readonly Value[];
  readonly high: readonly Value[];
}

export type Spread = "range" | "deviation";

export interface LineOptions {
  /** 0 draws what was measured; towards 1 is smoother. */
  readonly smoothing: number;
  readonly spread: Spread;
}

/** @param metrics  every metric of the chart in its order: colours stay where a run lacks one */
export function linesOf(
  curves: readonly Curve[],
  groups: readonly string[],
  metrics: readonly string[],
  { smoothing, spread }: LineOptions,
): Line[] {
  const isOverlaid = groups.length > 1;
  return groups.flatMap((group, groupPlace) =>
    metrics.flatMap((metric, metricPlace) => {
      const members = curves.filter((curve) => curve.group === group && curve.metric === metric);
      if (!members.some(({ values }) => values.some((value) => value !== null))) return [];
      const steps = unionOf(members.map((curve) => curve.steps));
      const aligned = members.map((curve) => alignTo(steps, curve.steps, curve.values));
      const smoothed = smoothing === 0 ? aligned : aligned.map((values) => smooth(values, smoothing));
      const line: Line = {
        key: `${group}\n${metric}`,
        label: labelOf(group, metric, isOverlaid, metrics.length > 1),
        toggle: isOverlaid ? group : metric,
        colour: isOverlaid ? groupPlace : metricPlace,
        dash: isOverlaid && metrics.length > 1 ? metricPlace : isOverlaid ? groupPlace : metricPlace,
        steps,
        raw: smoothing === 0 ? null : meanOf(aligned),
        values: meanOf(smoothed),
        band: members.length > 1 ? bandOf(smoothed, spread) : null,
        seeds: members.length,
      };
      return [line];
    }),
  );
}

function labelOf(group: string, metric: string, isOverlaid: boolean, isMixed: boolean): string {
  if (!isOverlaid) return metric;
  return isMixed ? `${group}: ${metric}` : group;
}

/** Every step that some curve has, in order. */
export function unionOf(columns: ReadonlyArray<readonly number[]>): readonly number[] {
  const [first = []] = columns;
  if (columns.every((steps) => isSame(steps, first))) return first;
  return [...new Set(columns.flat())].sort((a, b) => a - b);
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((step, i) => step === b[i]));
}

/** Values by `steps`; null where the curve has no such step. */
function alignTo(steps: readonly number[], own: readonly number[], values: readonly Value[]): readonly Value[] {
  if (steps === own || isSame(steps, own)) return values;
  const found = new Map(own.map((step, i) => [step, values[i] ?? null]));
  return steps.map((step) => found.get(step) ?? null);
}

/** Of those that are defined. */
export function meanOf(rows: ReadonlyArray<readonly Value[]>): readonly Value[] {
  const [only] = rows;
  if (only && rows.length === 1) return only;
  return (only ?? []).map((_, i) => momentsAt(rows, i).mean);
}

/** The lowest and highest, or the mean less and plus the standard deviation (of the sample; 0 for one seed). */
export function bandOf(rows: ReadonlyArray<readonly Value[]>, spread: Spread): Band {
  const moments = (rows[0] ?? []).map((_, i) => momentsAt(rows, i));
  if (spread === "range") return { low: moments.map(({ low }) => low), high: moments.map(({ high }) => high) };
  const edge = (sign: number) => moments.map(({ mean, deviation }) => (mean === null ? null : mean + sign * deviation));
  return { low: edge(-1), high: edge(1) };
}

interface Moments {
  readonly mean: Value;
  readonly low: Value;
  readonly high: Value;
  readonly deviation: number;
}

/** Of the values that are defined at a place; without making a list of them, for there are many places. */
function momentsAt(rows: ReadonlyArray<readonly Value[]>, place: number): Moments {
  let [count, sum, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    const value = row[place] ?? null;
    if (value === null) continue;
    count++;
    sum += value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (count === 0) return { mean: null, low: null, high: null, deviation: 0 };
  const mean = sum / count;
  let squares = 0;
  for (const row of rows) {
    const value = row[place] ?? null;
    if (value !== null) squares += (value - mean) ** 2;
  }
  return { mean, low, high, deviation: count < 2 ? 0 : Math.sqrt(squares / (count - 1)) };
}
