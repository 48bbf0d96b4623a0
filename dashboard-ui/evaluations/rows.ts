// The table of an evaluation as data: a row is a run, or the seeds of one setting; a cell has the measure before training
// and now. Not how it looks.

import type { EvaluationTable, RunSummary } from "../../src/dashboard/api/runs.js";

/** One run, or one folder of evaluations, with what was measured of it. */
export interface Evaluated {
  readonly run: string;
  readonly name: string;
  /** Equal for seeds of one setting; null for what is no run. */
  readonly setting: string | null;
  readonly recipe: string;
  readonly seed: number | null;
  readonly finished: boolean;
  readonly records: EvaluationTable["records"];
}

export interface Cell {
  /** At step 0; null where that was not evaluated, or is all there is. */
  readonly before: number | null;
  readonly value: number;
  /** Standard error over problems of one run; standard deviation over seeds of several. */
  readonly error: number;
  readonly isBest: boolean;
}

export interface Row {
  readonly key: string;
  readonly name: string;
  readonly members: readonly Evaluated[];
  /** First and last step that was evaluated, over all members. */
  readonly steps: readonly [number, number];
  readonly problems: number;
  readonly cells: Readonly<Record<string, Cell>>;
}

export function evaluatedRun(summary: RunSummary, records: EvaluationTable["records"]): Evaluated {
  const { run, name, setting, recipe, seed, status } = summary;
  return { run, name, setting, recipe, seed, finished: status === "finished", records };
}

/** @param grouped  whether seeds of one setting are one row */
export function rowsOf(evaluated: readonly Evaluated[], grouped: boolean): Row[] {
  const known = evaluated.filter(({ records }) => records.length > 0);
  const groups = new Map<string, Evaluated[]>();
  for (const one of known) {
    const key = grouped && one.setting !== null ? `setting ${one.setting}` : `run ${one.run}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const rows = [...groups].map(([key, members]) => rowOf(key, members));
  return withBest(rows);
}

/** In the catalogue's order; others as the records have them. */
export function measuresOf(rows: readonly Row[], meanings: Readonly<Record<string, string>>): string[] {
  const found = new Set(rows.flatMap(({ cells }) => Object.keys(cells)));
  const known = Object.keys(meanings).filter((name) => found.has(name));
  return [...new Set([...known, ...found])];
}

function rowOf(key: string, members: readonly Evaluated[]): Row {
  const lasts = members.flatMap(({ records }) => records.at(-1) ?? []);
  const names = [...new Set(lasts.flatMap(({ metrics }) => Object.keys(metrics)))];
  const steps = members.flatMap(({ records }) => records.map(({ step }) => step));
  return {
    key,
    name: members.length === 1 ? (members[0]?.name ?? "") : groupName(members),
    members,
    steps: [Math.min(...steps), Math.max(...steps)],
    problems: Math.max(...lasts.map(({ problems }) => problems)),
    cells: Object.fromEntries(names.map((name) => [name, cellOf(name, members)])),
  };
}

function cellOf(name: string, members: readonly Evaluated[]): Cell {
  const firsts = members.flatMap(({ records }) =>
    records.length > 1 && records[0]?.step === 0 ? (records[0].metrics[name] ?? []) : [],
  );
  const lasts = members.flatMap(({ records }) => records.at(-1)?.metrics[name] ?? []);
  const values = lasts.map(({ value }) => value);
  return {
    before: firsts.length === 0 ? null : mean(firsts.map(({ value }) => value)),
    value: mean(values),
    error: values.length === 1 ? (lasts[0]?.standardError ?? 0) : spread(values),
    isBest: false,
  };
}

/** What the names of seeds have in common, else the recipe. */
function groupName(members: readonly Evaluated[]): string {
  const folders = new Set(members.map(({ run }) => run.split("/").slice(0, -1).at(-1) ?? ""));
  const [folder = ""] = folders;
  return folders.size === 1 && /seed/.test(members[0]?.name ?? "") && folder !== ""
    ? folder
    : (members[0]?.recipe ?? "");
}

function withBest(rows: readonly Row[]): Row[] {
  return rows.map((row) => {
    // Of other problems, or of fewer, a number is no better or worse.
    const alike = rows.filter(({ problems }) => problems === row.problems);
    const isBest = (name: string, { value }: Cell): boolean => {
      const others = alike.flatMap(({ cells }) => cells[name]?.value ?? []);
      return others.every((other) => other <= value) && others.some((other) => other < value);
    };
    const cells = Object.entries(row.cells).map(
      ([name, cell]) => [name, { ...cell, isBest: isBest(name, cell) }] as const,
    );
    return { ...row, cells: Object.fromEntries(cells) };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation. */
function spread(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1));
}
