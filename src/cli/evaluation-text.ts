// Evaluations for a terminal: as a table like the paper's where there are several policies, in detail where there is one.

import type { Evaluation } from "../eval/report/read.js";
import { summarise } from "../eval/report/summary.js";
import { noteLines, policyRows, type Reported, report, scoreRows } from "../eval/report/table.js";
import { fittingTable } from "./table.js";

/** What `eval` prints at its end. */
export function evaluationText(evaluations: ReadonlyArray<Omit<Evaluation, "path">>): string {
  const reported = evaluations.map((evaluation) => report(evaluation));
  const policies = new Set(reported.map(({ policy }) => policy));
  if (policies.size > 1) return policyTable(reported);
  return [fittingTable(scoreRows(reported)), "pass@k in %", ...noteLines(reported)].join("\n");
}

/** A row a policy, a column a benchmark. */
export function policyTable(reported: readonly Reported[]): string {
  return `${fittingTable(policyRows(reported))}\npass@1 in %: strict / official [95 % interval of strict]`;
}

/** What `eval --json` prints: the summary that is kept, and everything else that is reported. */
export function evaluationJson(evaluations: ReadonlyArray<Omit<Evaluation, "path">>): object[] {
  return evaluations.map(({ info, samples }) => ({
    info,
    summary: summarise(info, samples),
    breakdown: report({ info, samples }).breakdown,
  }));
}
