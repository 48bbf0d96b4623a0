// `coderlplus compare RUN...`: one table, seeds grouped, differences with paired intervals.

import type { Command } from "commander";
import { measures } from "../eval/family/family.js";
import { type Comparison, compareRuns, readCompared } from "../runs/compare.js";
import { differenceText, valueText } from "../runs/comparison-tables.js";
import { RunDirectory } from "../runs/run-directory.js";
import { fittingTable } from "./table.js";

export function registerCompare(program: Command): void {
  program
    .command("compare")
    .description("compare finished runs; runs of one recipe are grouped as seeds, the first group is the baseline")
    .argument("<run...>", "run folders")
    .option("--json", "print the comparison as one JSON object")
    .addHelpText("after", "\nExample:\n  coderlplus compare runs/grpo-* runs/coderlplus-*")
    .action((paths: string[], flags: { readonly json?: boolean }) => {
      const comparison = compareRuns(paths.map((path) => readCompared(RunDirectory.open(path))));
      process.stdout.write(flags.json ? `${JSON.stringify(comparison)}\n` : `${render(comparison)}\n`);
    });
}

function render({ groups, base, measures: rows }: Comparison): string {
  const baseline = groups[0]?.name ?? "";
  const header = [
    "measure",
    "base",
    ...groups.flatMap(({ name }, i) => (i === 0 ? [name] : [name, `against ${baseline}`])),
  ];
  const lines = Object.entries(rows).map(([name, columns]) => [
    name,
    ((base[name] ?? Number.NaN) * 100).toFixed(1),
    ...columns.flatMap((column, i) =>
      i === 0
        ? [valueText(column, groups[i]?.seeds.length ?? 1)]
        : [valueText(column, groups[i]?.seeds.length ?? 1), differenceText(column.against)],
    ),
  ]);
  const seeds = groups.map(({ name, seeds: all }) => `${name}: seed${all.length === 1 ? "" : "s"} ${all.join(", ")}`);
  const meanings = Object.keys(rows).map((name) => `  ${name}: ${(measures as Record<string, string>)[name] ?? ""}`);
  return [
    seeds.join("; "),
    fittingTable([header, ...lines]),
    "%; ± is the standard deviation over seeds; [95 % interval, paired by seed and problem];",
    "* the run's own reward contains this measure. test_output_right is in no run's reward: it measures transfer.",
    ...meanings,
  ].join("\n");
}
