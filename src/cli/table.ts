// Plain text tables for the terminal.

import { measures } from "../eval/family/family.js";
import { signed } from "../runs/comparison-tables.js";
import type { Measure } from "../runs/records.js";
import type { RunDirectory } from "../runs/run-directory.js";

/** Columns padded to their widest cell; numbers to the right. */
export function textTable(rows: ReadonlyArray<readonly string[]>): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const numeric = widths.map((_, i) => rows.slice(1).every((row) => /^[-+(]?\d|^$/.test(row[i] ?? "")));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * The table in as many pieces, one below the other, as its columns need to fit; each begins with the first column.
 * @param width  in characters; a pipe has none, and gets one piece
 */
export function fittingTable(rows: ReadonlyArray<readonly string[]>, width = process.stdout.columns): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const [first = 0] = widths;
  const pieces: number[][] = [];
  let used = first;
  widths.slice(1).forEach((columnWidth, i) => {
    used += 2 + columnWidth;
    if (pieces.length === 0 || used > (width ?? Number.POSITIVE_INFINITY)) {
      pieces.push([]);
      used = first + 2 + columnWidth;
    }
    pieces.at(-1)?.push(i + 1);
  });
  return pieces.map((columns) => textTable(rows.map((row) => [0, ...columns].map((i) => row[i] ?? "")))).join("\n\n");
}

/** Before and after, with standard errors. */
export function evaluationTable(run: RunDirectory): string {
  const steps = run.evaluationSteps("family");
  const [first, last] = [run.readEvaluation("family", steps[0] ?? 0), run.readEvaluation("family", steps.at(-1) ?? 0)];
  if (!first || !last) return "no evaluation was made";
  const rows = Object.entries(last.metrics).map(([name, after]) => {
    const before = first.metrics[name];
    return [
      name,
      percent(before),
      percent(after),
      before ? signed(after.value - before.value) : "",
      (measures as Record<string, string>)[name] ?? "",
    ];
  });
  return `\nheld-out problems: ${last.problems}; % ± standard error\n${textTable([["measure", `step ${first.step}`, `step ${last.step}`, "change", "meaning"], ...rows])}\n`;
}

function percent(measure: Measure | undefined): string {
  return measure ? `${(measure.value * 100).toFixed(1)} ± ${(measure.standardError * 100).toFixed(1)}` : "";
}
