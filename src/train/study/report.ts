// A study's results as files: Markdown, CSV, JSON, and a page with its plots.

import { join } from "node:path";
import { writeAtomic } from "../../core/files.js";
import { measures } from "../../eval/family/family.js";
import { chartFile, lineChart } from "../../runs/chart.js";
import {
  comparisonCsv,
  differenceRows,
  differenceText,
  markdownTable,
  valueRows,
} from "../../runs/comparison-tables.js";
import { type Dot, dotChart } from "../../runs/dots.js";
import { escapeHtml, page } from "../../runs/page.js";
import type { StudyResults } from "./results.js";
import type { SwapCell } from "./swap.js";

/** Writes `results.md`, `.csv`, `.json`, `.html` and each plot as an SVG file; the same runs give the same bytes. */
export function writeResults(folder: string, results: StudyResults): void {
  const plots = plotsOf(results);
  writeAtomic(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeAtomic(join(folder, "results.csv"), comparisonCsv(results.comparison));
  writeAtomic(join(folder, "results.md"), markdown(results));
  writeAtomic(join(folder, "results.html"), html(results, plots));
  for (const { file, svg } of plots) writeAtomic(join(folder, "plots", file), chartFile(svg));
}

export const LEGEND =
  "Per cent; before > after where the variants begin with different models; ± is the standard deviation over seeds; " +
  "[95 % interval, paired by seed and problem]; * the variant's own reward contains this measure.";

/** How many seeds each variant has, and what is not there yet. */
export function seedsText({ comparison, missing }: StudyResults): string {
  const seeds = comparison.groups.map(({ name, seeds: all }) => `${name} ${all.join(", ")}`).join("; ");
  return `Seeds: ${seeds}.${missing.length === 0 ? "" : ` Not finished: ${missing.join(", ")}.`}`;
}

/** A row a writer and a checker; empty where nothing was swapped. */
export function swapRows({ swap }: StudyResults): string[][] {
  if (swap.length === 0) return [];
  const change = (interval: SwapCell["byChecker"]): string => (interval === null ? "" : differenceText(interval));
  return [
    ["programs of", "checked by", "self_check_at_8", "by checker", "by programs"],
    ...swap.map(({ programs, checker, value, spread, byChecker, byPrograms }) => [
      programs,
      checker,
      `${(value * 100).toFixed(1)} ± ${(spread * 100).toFixed(1)}`,
      change(byChecker),
      change(byPrograms),
    ]),
  ];
}

const SWAP_LEGEND =
  "Programs of one variant, chosen by what another's model predicts of them. By checker: against the same programs " +
  "chosen by their own writer; by programs: against the same checker on its own programs.";

function markdown(results: StudyResults): string {
  const { study, question, comparison } = results;
  const meanings = Object.keys(comparison.measures).map((name) => `- \`${name}\`: ${meaningOf(name)}`);
  const parts = [
    `# ${study}`,
    question,
    markdownTable(valueRows(comparison)),
    markdownTable(differenceRows(comparison)),
    LEGEND,
    ...(results.swap.length === 0 ? [] : [markdownTable(swapRows(results)), SWAP_LEGEND]),
    seedsText(results),
    meanings.join("\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}

function meaningOf(measure: string): string {
  return (measures as Record<string, string>)[measure] ?? "";
}

interface Plot {
  readonly title: string;
  readonly file: string;
  readonly svg: string;
}

function plotsOf({ comparison, curves }: StudyResults): Plot[] {
  const { groups } = comparison;
  const dots = Object.entries(comparison.measures).flatMap(([name, row]): Plot[] => {
    const nameOf = (place: number): string => groups[place]?.name ?? "";
    const values = row.map(({ value, spread }, place): Dot => {
      return { name: nameOf(place), place, value, low: value - spread, high: value + spread };
    });
    const differences = row.flatMap(({ against }, place): Dot[] =>
      against ? [{ name: nameOf(place), place, value: against.difference, low: against.low, high: against.high }] : [],
    );
    const plot = {
      title: `${name}, mean and spread over seeds`,
      file: `${name}.svg`,
      svg: dotChart(values, null, name),
    };
    if (differences.length === 0) return [plot];
    const title = `${name}, difference and 95 % interval`;
    return [plot, { title, file: `${name}-difference.svg`, svg: dotChart(differences, 0, title) }];
  });
  const lines = curves.map(({ title, series }) => {
    const file = `${title
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, "-")
      .replace(/-$/, "")}.svg`;
    return { title, file, svg: lineChart(series) };
  });
  return [...lines, ...dots];
}

function html(results: StudyResults, plots: readonly Plot[]): string {
  const figures = plots.map(({ title, svg }) => `<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}</figure>`);
  const { study, question, comparison, swap } = results;
  const swapped = swap.length === 0 ? "" : `${htmlTable(swapRows(results))}<p>${escapeHtml(SWAP_LEGEND)}</p>`;
  return page(
    study,
    [
      `<h1>${escapeHtml(study)}</h1><p>${escapeHtml(question)}</p>`,
      htmlTable(valueRows(comparison)),
      htmlTable(differenceRows(comparison)),
      `<p>${escapeHtml(LEGEND)}</p>`,
      swapped,
      `<section class="charts">${figures.join("")}</section>`,
    ].join("\n"),
  );
}

function htmlTable([header = [], ...rows]: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line(header, "th")}</thead><tbody>${rows.map((row) => line(row, "td")).join("")}</tbody></table>`;
}
