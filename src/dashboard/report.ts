// report.html: a run as one file that needs no server and no network. It is the dashboard's own page with the answers of
// this run inside; what it leaves out it says. The same run gives the same bytes.

import { measures } from "../eval/family/family.js";
import type { Measure } from "../runs/records.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { NOTES_KEY } from "./api/question.js";
import type { EvaluationTable } from "./api/runs.js";
import { readReportFiles } from "./page-files.js";
import { type ReportAnswers, reportAnswers } from "./report/answers.js";
import { reportPage } from "./report/page.js";

/** @throws UsageError where the page was not built, or the folder holds no run */
export async function renderReport(run: RunDirectory): Promise<string> {
  const { name } = run.readInfo();
  const held = await reportAnswers(run.path, name);
  return reportPage({
    title: name,
    files: readReportFiles(),
    answers: { ...held.answers, [NOTES_KEY]: held.notes },
    plain: { lines: linesOf(held), table: tableOf(held.evaluations) },
  });
}

function linesOf({ detail, evaluations }: ReportAnswers): string[] {
  const { recipe, seed, status, steps, stepsDone, startedAt } = detail.summary;
  return [
    `${recipe}, seed ${seed}, ${stepsDone} of ${steps} steps, ${status}; started ${startedAt}`,
    "Curves, rollouts and problems are drawn by this file's own script: open it in a browser that runs scripts. It loads nothing from anywhere.",
    evaluations.length === 0 ? "No evaluation yet." : "Held-out problems, before and after:",
  ];
}

/** A row a measure; nothing where nothing was evaluated. */
function tableOf(evaluations: readonly EvaluationTable[]): string[][] {
  const rows = evaluations.flatMap(({ benchmark, records }) => {
    const [first, last] = [records[0], records.at(-1)];
    if (!first || !last) return [];
    return Object.keys(last.metrics).map((name) => [
      evaluations.length > 1 ? `${benchmark} ${name}` : name,
      (measures as Readonly<Record<string, string>>)[name] ?? "",
      percent(first.metrics[name]),
      percent(last.metrics[name]),
    ]);
  });
  const steps = evaluations[0]?.records.map(({ step }) => step) ?? [];
  return rows.length === 0 ? [] : [["measure", "meaning", `step ${steps[0]}`, `step ${steps.at(-1)}`], ...rows];
}

function percent(measure: Measure | undefined): string {
  return measure ? `${(measure.value * 100).toFixed(1)} % ± ${(measure.standardError * 100).toFixed(1)}` : "";
}
