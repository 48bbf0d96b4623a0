// `coderlplus compare RUN...`: one table, seeds grouped, differences with paired intervals. Of evaluations:
// compare-evaluations.ts.

import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { measures } from "../eval/family/family.js";
import { holdsEvaluations } from "../eval/report/read.js";
import { type Comparison, compareRuns, readCompared } from "../runs/compare.js";
import { differenceText, valueText } from "../runs/comparison-tables.js";
import { RunDirectory } from "../runs/run-directory.js";
import { compareFolders, type Flags } from "./compare-evaluations.js";
import { fittingTable } from "./table.js";

export function registerCompare(program: Command): void {
  program
    .command("compare")
    .description("compare finished runs, or evaluations of benchmarks: differences with paired intervals")
    .argument("<path...>", "run folders: runs of one recipe are grouped as seeds; or folders of evaluations")
    .option("--json", "print the comparison as one JSON object")
    .option("--html <file>", "of two evaluations: a page with every task, what was fixed and what broken")
    .addHelpText(
      "after",
      "\nThe first group, or the first evaluation, is what the others are compared with.\n" +
        "\nExamples:\n  coderlplus compare runs/grpo-* runs/coderlplus-*\n" +
        "  coderlplus compare runs/evaluations/base runs/evaluations/trained --html differences.html",
    )
    .action(compare);
}

function compare(paths: readonly string[], flags: Flags): void {
  const runs = paths.filter((path) => !holdsEvaluations(path));
  if (runs.length === 0) return compareFolders(paths, flags);
  if (runs.length < paths.length) {
    throw new UsageError(
      `${runs[0]}: holds no evaluation of a benchmark, as the others do; expected one kind of folder`,
    );
  }
  if (flags.html !== undefined) throw new UsageError("--html is for two evaluations of benchmarks, not for runs");
  const comparison = compareRuns(paths.map((path) => readCompared(RunDirectory.open(path))));
  process.stdout.write(flags.json ? `${JSON.stringify(comparison)}\n` : `${render(comparison)}\n`);
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
