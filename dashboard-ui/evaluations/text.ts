// The tables as text for other programs: Markdown for a paper's draft, CSV with numbers in full.

import type { ComparisonTable } from "../../src/dashboard/api/runs.js";
import type { Cell, Row } from "./rows.js";

/** A share as per cent with one digit. */
export function percent(value: number): string {
  return (value * 100).toFixed(1);
}

export function signed(value: number): string {
  return `${value >= 0 ? "+" : "−"}${percent(Math.abs(value))}`;
}

function cellText({ value, error, before, isBest }: Cell): string {
  const now = `${percent(value)} ± ${percent(error)}`;
  return `${before === null ? "" : `${percent(before)} → `}${isBest ? `**${now}**` : now}`;
}

export function markdownOf(rows: readonly Row[], measures: readonly string[]): string {
  return markdownTable([
    ["", ...measures],
    ...rows.map(({ name, cells }) => [
      name,
      ...measures.map((measure) => {
        const cell = cells[measure];
        return cell ? cellText(cell) : "";
      }),
    ]),
  ]);
}

export function csvOf(rows: readonly Row[], measures: readonly string[]): string {
  const lines = rows.flatMap(({ name, members, steps, cells }) =>
    measures.flatMap((measure) => {
      const cell = cells[measure];
      return cell ? [[name, members.length, ...steps, measure, cell.before ?? "", cell.value, cell.error]] : [];
    }),
  );
  return csvTable([["row", "runs", "first_step", "last_step", "measure", "before", "value", "error"], ...lines]);
}

export function differencesMarkdown({ groups, measures }: ComparisonTable): string {
  const compared = groups.flatMap(({ name, against }, i) => (against === null ? [] : [{ name, against, i }]));
  return markdownTable([
    ["", ...compared.map(({ name, against }) => `${name} against ${against}`)],
    ...measures.map(({ measure, groups: row }) => [
      measure,
      ...compared.map(({ i }) => {
        const found = row[i]?.against;
        return found ? `${signed(found.difference)} [${signed(found.low)}, ${signed(found.high)}]` : "";
      }),
    ]),
  ]);
}

export function differencesCsv({ groups, measures }: ComparisonTable): string {
  const lines = measures.flatMap(({ measure, groups: row }) =>
    row.flatMap(({ against }, i) =>
      against
        ? [[measure, groups[i]?.name ?? "", groups[i]?.against ?? "", against.difference, against.low, against.high]]
        : [],
    ),
  );
  return csvTable([["measure", "group", "against", "difference", "low", "high"], ...lines]);
}

function markdownTable([header = [], ...rows]: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
  return `${[line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line)].join("\n")}\n`;
}

/** What a spreadsheet would take for a formula is kept a text. */
function csvTable(rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  const field = (value: string | number): string => {
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${rows.map((row) => row.map(field).join(",")).join("\n")}\n`;
}
