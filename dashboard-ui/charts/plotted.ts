// Lines as the plot takes them: one column of steps, and columns of equal length for everything drawn over it. In it null is
// a gap, and undefined a step that only other lines have, over which a line goes on.

import { type Line, unionOf, type Value } from "./curves.js";

type Cell = Value | undefined;

/** What a column is of its line. */
type Role = "raw" | "value" | "low" | "high";

export interface Column {
  readonly line: number;
  readonly role: Role;
  readonly cells: readonly Cell[];
}

export interface Plotted {
  readonly steps: readonly number[];
  readonly columns: readonly Column[];
}

export interface PlotShape {
  /** What is not positive has no place on a logarithmic axis. */
  readonly isLog: boolean;
  /** Lines one on another, as parts of a whole. */
  readonly isStacked: boolean;
}

export function plottedOf(lines: readonly Line[], { isLog, isStacked }: PlotShape): Plotted {
  const steps = unionOf(lines.map((line) => line.steps));
  const place = new Map(steps.map((step, i) => [step, i]));
  const columns = lines.flatMap((line, i) =>
    partsOf(line, isStacked).map(([role, values]) => {
      const cells = Array.from({ length: steps.length }, (): Cell => undefined);
      line.steps.forEach((step, j) => {
        const value = values[j] ?? null;
        cells[place.get(step) ?? 0] = isLog && value !== null && value <= 0 ? null : value;
      });
      return { line: i, role, cells };
    }),
  );
  return { steps, columns: isStacked ? stacked(columns) : columns };
}

/** The line itself last, so that it lies over its band and what was measured. */
function partsOf(line: Line, isStacked: boolean): ReadonlyArray<readonly [Role, readonly Value[]]> {
  const value: readonly [Role, readonly Value[]] = ["value", line.values];
  if (isStacked) return [value];
  const band = line.band
    ? ([
        ["high", line.band.high],
        ["low", line.band.low],
      ] as const)
    : [];
  return [...band, ...(line.raw ? [["raw", line.raw] as const] : []), value];
}

/** Each column with those before it; a gap where no part is defined. */
function stacked(columns: readonly Column[]): Column[] {
  let below: readonly number[] = columns[0]?.cells.map(() => 0) ?? [];
  const isGap = columns[0]?.cells.map((_, i) =>
    columns.every(({ cells }) => cells[i] === null || cells[i] === undefined),
  );
  return columns.map((column) => {
    const sums = below.map((sum, i) => sum + (column.cells[i] ?? 0));
    below = sums;
    return { ...column, cells: sums.map((sum, i) => (isGap?.[i] ? null : sum)) };
  });
}

/** Defined values without a defined neighbour: no stroke shows them, so they need a point. */
export function lonePoints(cells: ArrayLike<Cell>): number[] {
  const alone: number[] = [];
  let candidate: number | null = null;
  let before: Value = null;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell === undefined) continue;
    if (cell === null && candidate !== null) alone.push(candidate);
    candidate = cell !== null && before === null ? i : null;
    before = cell;
  }
  return candidate === null ? alone : [...alone, candidate];
}

/** The value of a line at a step; undefined where it has no such step. */
export function valueAt(line: Line, step: number, column: readonly Value[] = line.values): Cell {
  const place = placeOf(line.steps, step);
  return line.steps[place] === step ? (column[place] ?? null) : undefined;
}

/** Of the last step that is not after the one asked for; steps ascend. */
function placeOf(steps: readonly number[], step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? 0) <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The step that is there and nearest; null where there is none. */
export function nearestStep(steps: readonly number[], step: number): number | null {
  const place = placeOf(steps, step);
  const [before, after] = [steps[place], steps[place + 1]];
  if (before === undefined) return after ?? null;
  return after !== undefined && after - step < step - before ? after : before;
}
