// Runs to compare: seeds of one setting as a group, each group with a name short enough for a legend, and the keys of their
// configs that differ.

import type { RunDetail, RunSummary } from "../../src/dashboard/api/runs.js";
import type { CurveRun } from "../charts/use-curves.js";
import { groupName } from "./run-rows.js";

export interface ComparedGroup {
  readonly name: string;
  readonly runs: readonly RunSummary[];
}

/** @param isBySetting  false makes every run a group of its own */
export function comparedGroups(runs: readonly RunSummary[], isBySetting: boolean): ComparedGroup[] {
  const keyOf = (run: RunSummary): string => (isBySetting ? run.setting : run.run);
  const groups = [...new Set(runs.map(keyOf))].map((key) => runs.filter((run) => keyOf(run) === key));
  const names = shortened(groups.map(groupName));
  return groups.map((members, i) => ({ name: numbered(names, i), runs: members }));
}

export function curveRuns(groups: readonly ComparedGroup[]): CurveRun[] {
  return groups.flatMap(({ name, runs }) => runs.map(({ run }) => ({ run, group: name })));
}

/** Without the folders that all are in. */
function shortened(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split("/"));
  let shared = 0;
  while (parts.every((own) => own.length > shared + 1 && own[shared] === parts[0]?.[shared])) shared++;
  return parts.map((own) => own.slice(shared).join("/"));
}

function numbered(names: readonly string[], place: number): string {
  const name = names[place] ?? "";
  const before = names.slice(0, place).filter((other) => other === name).length;
  return before === 0 ? name : `${name} (${before + 1})`;
}

export interface SettingRow {
  readonly key: string;
  /** One for each group; what its runs differ in is listed. Null where the group has no such key. */
  readonly values: ReadonlyArray<string | null>;
}

/** Keys that have not the same value in all of the groups, in the order of the config. */
export function settingDifference(groups: ReadonlyArray<readonly RunDetail[]>): SettingRow[] {
  const keys = [...new Set(groups.flat().flatMap(({ settings }) => Object.keys(settings)))];
  return keys
    .map((key) => ({ key, values: groups.map((runs) => valuesOf(runs, key)) }))
    .filter(({ values }) => values.some((value) => value !== values[0]));
}

function valuesOf(runs: readonly RunDetail[], key: string): string | null {
  const values = [...new Set(runs.flatMap(({ settings }) => settings[key] ?? []))];
  return values.length === 0 ? null : values.join(", ");
}
