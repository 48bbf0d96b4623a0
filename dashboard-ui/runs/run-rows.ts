// The list's rows: runs that a filter keeps, seeds of one setting together, in the order a column asks for.

import type { RunSummary } from "../../src/dashboard/api/runs.js";

export interface RunGroup {
  readonly setting: string;
  /** Of the recipe, and of the folder where several settings share it. */
  readonly name: string;
  readonly runs: readonly RunSummary[];
}

export const sortColumns = ["started", "name", "status", "progress", "code", "alignment"] as const;
export type SortColumn = (typeof sortColumns)[number];

export interface RunOrder {
  readonly column: SortColumn;
  readonly isDescending: boolean;
}

export interface RunFilter {
  /** Every word must be in the run's place, recipe or status. */
  readonly text: string;
  readonly status: string;
}

export function keptRuns(runs: readonly RunSummary[], { text, status }: RunFilter): RunSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    const named = `${run.run} ${run.name} ${run.recipe} seed ${run.seed} ${run.status}`.toLowerCase();
    return (status === "" || run.status === status) && words.every((word) => named.includes(word));
  });
}

/** Groups by setting; a group stands where its first run does. */
export function groupedRuns(runs: readonly RunSummary[], order: RunOrder): RunGroup[] {
  const sorted = sortedRuns(runs, order);
  const settings = [...new Set(sorted.map(({ setting }) => setting))];
  return settings.map((setting) => {
    const members = sorted.filter((run) => run.setting === setting);
    return { setting, name: groupName(members), runs: members };
  });
}

export function sortedRuns(runs: readonly RunSummary[], { column, isDescending }: RunOrder): RunSummary[] {
  const sign = isDescending ? -1 : 1;
  return [...runs].sort((a, b) => {
    const [left, right] = [sortValue(a, column), sortValue(b, column)];
    // What has no value stands last whichever way.
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    if (left === right) return a.run < b.run ? -1 : 1;
    return left < right ? -sign : sign;
  });
}

function sortValue(run: RunSummary, column: SortColumn): string | number | null {
  switch (column) {
    case "started":
      return run.startedAt;
    case "name":
      return run.run;
    case "status":
      return run.status;
    case "progress":
      return run.steps === 0 ? 0 : run.stepsDone / run.steps;
    case "code":
      return headlineValue(run, "code_pass_at_1") ?? run.latest["code/pass_rate"] ?? null;
    case "alignment":
      return headlineValue(run, "variables_right") ?? run.latest["alignment/variables_right"] ?? null;
    default:
      return column satisfies never;
  }
}

function headlineValue(run: RunSummary, measure: string): number | null {
  const found = run.headline[measure];
  return found ? (found.after ?? found.before).value : null;
}

/** The folder that all are in, or else the recipe. */
export function groupName(runs: readonly RunSummary[]): string {
  const [first] = runs;
  if (!first) return "";
  if (runs.length === 1) return first.run;
  const parts = runs.map(({ run }) => run.split("/"));
  const shared = (parts[0] ?? []).slice(0, -1).filter((part, i) => parts.every((other) => other[i] === part));
  return shared.length > 0 ? shared.join("/") : first.recipe;
}
