// `coderlplus compare` of evaluations: paired differences to the first of them, and a page with every task.

import { resolve } from "node:path";
import { UsageError } from "../core/errors.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { compareEvaluations, type EvaluationComparison, type Named } from "../eval/report/compare.js";
import { comparisonRows } from "../eval/report/comparison-rows.js";
import { differencePage } from "../eval/report/difference-page.js";
import { readEvaluations } from "../eval/report/read.js";
import { policyName, report } from "../eval/report/table.js";
import { policyTable } from "./evaluation-text.js";
import { fittingTable } from "./table.js";

export interface Flags {
  readonly json?: boolean;
  readonly html?: string;
}

/** @param paths  folders or records of evaluations, at least one; the first is the baseline */
export function compareFolders(paths: readonly string[], { json, html }: Flags): void {
  if (paths.length < 2)
    throw new UsageError("expected two evaluations or more: the first is what the others are compared with");
  if (html !== undefined && paths.length !== 2) {
    throw new UsageError(`--html shows two evaluations side by side; found ${paths.length}`);
  }
  const twice = paths.find((path, i) => paths.slice(0, i).some((before) => resolve(before) === resolve(path)));
  if (twice !== undefined) throw new UsageError(`${twice}: named twice; expected different evaluations`);
  if (html !== undefined) ensureWritable(html);
  const [base, ...others] = named(paths);
  const comparisons = others.map((other) => compareEvaluations(base, other));
  const text = (): string => [table([base, ...others]), ...comparisons.map(comparisonText)].join("\n\n");
  process.stdout.write(`${json ? JSON.stringify({ comparisons }) : text()}\n`);
  if (html === undefined) return;
  writeAtomic(html, differencePage(base, others[0], comparisons[0]));
  process.stderr.write(`${html}: every task side by side\n`);
}

/** Under the policies' names, or their paths where two policies have the same. */
function named(paths: readonly string[]): Named[] {
  const sides = paths.map((path) => ({ path, evaluations: readEvaluations(path) }));
  const names = sides.map(({ evaluations }) =>
    [...new Set(evaluations.map(({ info }) => policyName(info)))].join(", "),
  );
  const distinct = new Set(names).size === names.length;
  return sides.map(({ path, evaluations }, i) => ({ name: distinct ? names[i] : path, evaluations }));
}

function table(policies: readonly Named[]): string {
  return policyTable(policies.flatMap(({ name, evaluations }) => evaluations.map((each) => report(each, name))));
}

function comparisonText(comparison: EvaluationComparison): string {
  const { alone } = comparison;
  return [
    fittingTable(comparisonRows(comparison)),
    "%; [95 % interval, paired by task]; fixed and broken are counts of tasks, by strict grading",
    ...(alone.length === 0 ? [] : [`only one of the two has ${alone.join(", ")}`]),
  ].join("\n");
}
