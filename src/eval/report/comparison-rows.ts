// A comparison of two evaluations as rows of text, for a terminal and for a page.

import { signed } from "../../runs/comparison-tables.js";
import type { EvaluationComparison } from "./compare.js";
import { type Change, changes } from "./pair.js";
import { columnName, percent } from "./table.js";

export const changeNames: Readonly<Record<Change, string>> = {
  fixed: "fixed",
  broken: "broken",
  "both-wrong": "both wrong",
  "both-right": "both right",
};

/** A row a benchmark and measure, in %; at the end how many tasks were fixed and broken, by strict grading. */
export function comparisonRows({ base, other, benchmarks }: EvaluationComparison): string[][] {
  const header = ["benchmark", "measure", "tasks", base, other, "difference, 95 %", ...Object.values(changeNames)];
  const rows = benchmarks.flatMap((compared) =>
    Object.entries(compared.metrics).map(([name, { base: before, other: after, against }]) => [
      columnName(compared),
      name,
      String(compared.tasks),
      percent(before),
      percent(after),
      `${signed(against.difference)} [${signed(against.low)}, ${signed(against.high)}]`,
      ...changes.map((change) => String(compared.changes[change])),
    ]),
  );
  return [header, ...rows];
}
