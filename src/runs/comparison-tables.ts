// A comparison as tables: rows of text for a terminal or a page, Markdown, CSV. Percentages with one digit; the same
// comparison gives the same bytes.

import type { Comparison, GroupMeasure } from "./compare.js";

export function signed(value: number): string {
  return `${value >= 0 ? "+" : ""}${(value * 100).toFixed(1)}`;
}

/** Mean and spread over seeds, with a star where the group's own reward contains the measure. */
export function valueText({ value, spread, rewarded }: GroupMeasure, seeds: number): string {
  return `${(value * 100).toFixed(1)}${seeds > 1 ? ` ± ${(spread * 100).toFixed(1)}` : ""}${rewarded ? " *" : "  "}`;
}

export function differenceText(interval: GroupMeasure["against"]): string {
  return interval === null
    ? "no common seed"
    : `${signed(interval.difference)} [${signed(interval.low)}, ${signed(interval.high)}]`;
}

/** A row a measure: before training (one column where all groups begin alike), then each group. */
export function valueRows({ groups, measures }: Comparison): string[][] {
  const bases = Object.values(measures).map((row) => row.map(({ before }) => before.toFixed(9)));
  const isOneBase = bases.every((row) => new Set(row).size <= 1);
  const header = ["measure", ...(isOneBase ? ["base"] : []), ...groups.map(({ name }) => name)];
  const rows = Object.entries(measures).map(([name, row]) => [
    name,
    ...(isOneBase ? [((row[0]?.before ?? Number.NaN) * 100).toFixed(1)] : []),
    ...row.map((column, i) => {
      const text = valueText(column, groups[i]?.seeds.length ?? 1);
      return isOneBase ? text : `${(column.before * 100).toFixed(1)} > ${text}`;
    }),
  ]);
  return [header, ...rows];
}

/** A row a measure: each group's difference to the one it is compared with. */
export function differenceRows({ groups, measures }: Comparison): string[][] {
  const compared = groups.flatMap(({ name, against }, i) => (against === null ? [] : [{ name, against, i }]));
  return [
    ["measure", ...compared.map(({ name, against }) => `${name} against ${against}`)],
    ...Object.entries(measures).map(([name, row]) => [
      name,
      ...compared.map(({ i }) => differenceText(row[i]?.against ?? null)),
    ]),
  ];
}

/** A line a measure and group, numbers in full. */
export function comparisonCsv({ groups, measures }: Comparison): string {
  const header = "measure,group,seeds,before,value,spread,against,difference,low,high";
  const lines = Object.entries(measures).flatMap(([measure, row]) =>
    row.map(({ before, value, spread, against }, i) => {
      const { name, seeds, against: baseline } = groups[i];
      const difference = against ? [against.difference, against.low, against.high] : ["", "", ""];
      return [measure, name, seeds.length, before, value, spread, baseline ?? "", ...difference].join(",");
    }),
  );
  return `${[header, ...lines].join("\n")}\n`;
}

export function markdownTable([header = [], ...rows]: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.trim()).join(" | ")} |`;
  return [line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line)].join("\n");
}
