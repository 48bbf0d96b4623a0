// What the address says of the matrix, read against the columns and problems there are.

import { type Column, columnId, type Order, type Outcome, ordered, orders, outcomes, outcomesOf } from "./outcomes.js";

export interface Shown {
  readonly order: Order;
  /** Between which two columns problems were fixed or broken; null where there is one column alone. */
  readonly pair: readonly [Column, Column] | null;
  /** [problem] between the pair. */
  readonly became: ReadonlyArray<Outcome | null>;
  readonly outcome: Outcome | null;
  readonly find: string;
  /** Indices of problems, in the order shown. */
  readonly rows: readonly number[];
}

export function shownOf(parameters: URLSearchParams, problems: readonly string[], columns: readonly Column[]): Shown {
  const pair = pairOf(parameters, columns);
  const became = pair ? outcomesOf(...pair) : problems.map(() => null);
  const order = orders.find((known) => known === parameters.get("order")) ?? "worst";
  const outcome = pair ? (outcomes.find((known) => known === parameters.get("show")) ?? null) : null;
  const find = parameters.get("find") ?? "";
  const wanted = find.toLowerCase();
  const rows = ordered(problems, columns, order, pair).filter(
    (i) => (outcome === null || became[i] === outcome) && problems[i].toLowerCase().includes(wanted),
  );
  return { order, pair, became, outcome, find, rows };
}

/** The two named, else of one run its first and last step, else the first run and the last. */
function pairOf(parameters: URLSearchParams, columns: readonly Column[]): [Column, Column] | null {
  const by = (name: string): Column | undefined => columns.find(({ id }) => id === parameters.get(name));
  const first = by("a") ?? columns[0];
  const last = by("b") ?? columns.findLast((column) => column !== first);
  return first && last && first !== last ? [first, last] : null;
}

/** What tells the columns apart: the step of one run, else the run's name, or place, with the step where it has several. */
export function labelled(
  columns: ReadonlyArray<Omit<Column, "label">>,
  nameOf: (run: string) => string,
): readonly Column[] {
  const runs = [...new Set(columns.map(({ run }) => run))];
  const isOneRun = runs.length === 1;
  const isNamed = new Set(runs.map(nameOf)).size === runs.length;
  const titleOf = isNamed ? nameOf : (run: string): string => run;
  return columns.map((column) => {
    const several = columns.filter(({ run }) => run === column.run).length > 1;
    const step = `step ${column.step}`;
    const label = isOneRun ? step : several ? `${titleOf(column.run)}, ${step}` : titleOf(column.run);
    return { ...column, id: columnId(column.run, column.step), label };
  });
}
