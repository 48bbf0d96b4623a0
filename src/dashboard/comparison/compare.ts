// Runs side by side, or folders of evaluations, as `coderlplus compare` has them. What cannot be compared is left out and
// named. It reads every score of every run, so it works in a thread of its own (worker.ts).

import { join } from "node:path";
import { messageOf, UsageError } from "../../core/errors.js";
import { compareEvaluations, type EvaluationComparison, type Named } from "../../eval/report/compare.js";
import { holdsEvaluations, readEvaluations } from "../../eval/report/read.js";
import { columnName, policyName } from "../../eval/report/table.js";
import { type ComparedRun, compareRuns, type Interval, readCompared } from "../../runs/compare.js";
import { RunDirectory } from "../../runs/run-directory.js";
import type { ComparisonTable } from "../api/runs.js";
import { isFile } from "../folder.js";
import { familySample } from "../scores.js";

/** What is compared, under the place the page knows it by. */
export interface Compared {
  readonly place: string;
  readonly path: string;
}

/** The first is what the others are compared with. */
export function comparisonOf(compared: readonly Compared[]): ComparisonTable {
  const runs = compared.filter(({ path }) => isFile(join(path, "run.json")));
  const skipped: string[] = [];
  try {
    if (runs.length === compared.length) return ofRuns(runs, skipped);
    if (runs.length === 0) return ofEvaluations(compared, skipped);
    throw new UsageError("runs and evaluations of benchmarks cannot be compared with one another: choose one kind");
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { groups: [], measures: [], refusal: error.message, skipped };
  }
}

function ofRuns(runs: readonly Compared[], skipped: string[]): ComparisonTable {
  const read = runs.flatMap(({ place, path }) => {
    try {
      return [{ place, run: checkedSamples(readCompared(RunDirectory.open(path))) }];
    } catch (error) {
      skipped.push(messageOf(error));
      return [];
    }
  });
  if (read.length === 0) throw new UsageError("none of these runs has an evaluation before and after its training");
  const { groups, base, measures } = compareRuns(read.map(({ run }) => run));
  const settings = [...new Set(read.map(({ run }) => JSON.stringify(run.setting)))];
  const rows = Object.entries(measures).map(([measure, columns]) => ({
    measure,
    base: finite(base[measure]),
    groups: columns.map((column) => ({ ...column, before: finite(column.before) })),
  }));
  return {
    groups: groups.map((group, i) => ({
      ...group,
      seeds: [...group.seeds],
      runs: read.filter(({ run }) => JSON.stringify(run.setting) === settings[i]).map(({ place }) => place),
    })),
    measures: common(rows, skipped),
    refusal: null,
    skipped,
  };
}

/** @throws DataError for what no evaluation writes */
function checkedSamples(run: ComparedRun): ComparedRun {
  for (const sample of [...run.before, ...run.after]) {
    if (!familySample.safeParse(sample).success) throw new UsageError(`${run.path}: an evaluation of it is damaged`);
  }
  return run;
}

function ofEvaluations(folders: readonly Compared[], skipped: string[]): ComparisonTable {
  const [base, ...others] = folders.map(({ place, path }) => ({ place, ...named(place, path) }));
  if (!base || others.length === 0) throw new UsageError("expected two evaluations or more");
  const compared = others.flatMap((other) => {
    try {
      return [{ place: other.place, comparison: compareEvaluations(base, other) }];
    } catch (error) {
      skipped.push(messageOf(error));
      return [];
    }
  });
  const columns = compared.map(({ comparison }) => differencesIn(comparison));
  const measures = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const column = (value: number, against: Interval | null) => ({
    before: null,
    value,
    spread: 0,
    rewarded: false,
    against,
  });
  const rows = measures.map((measure) => ({
    measure,
    base: null,
    groups: [
      column(columns.find((each) => each.has(measure))?.get(measure)?.base ?? Number.NaN, null),
      ...columns.map((each) => column(each.get(measure)?.other ?? Number.NaN, each.get(measure)?.against ?? null)),
    ],
  }));
  return {
    groups: [
      { name: base.name, runs: [base.place], seeds: [], against: null },
      ...compared.map(({ place, comparison }) => ({
        name: comparison.other,
        runs: [place],
        seeds: [],
        against: base.name,
      })),
    ],
    measures: common(rows, skipped),
    refusal: null,
    skipped,
  };
}

function named(place: string, path: string): Named {
  if (!holdsEvaluations(path)) throw new UsageError(`${place}: holds no evaluation`);
  const evaluations = readEvaluations(path);
  const policies = [...new Set(evaluations.map(({ info }) => policyName(info)))];
  return { name: `${policies.join(", ")} (${place})`, evaluations };
}

type Difference = EvaluationComparison["benchmarks"][number]["metrics"][string];

/** By benchmark and metric. */
function differencesIn({ benchmarks }: EvaluationComparison): Map<string, Difference> {
  return new Map(
    benchmarks.flatMap((each) =>
      Object.entries(each.metrics).map(
        ([metric, difference]) => [`${columnName(each)} ${metric}`, difference] as const,
      ),
    ),
  );
}

/** What some were never measured by says nothing of a difference. */
function common(rows: ComparisonTable["measures"], skipped: string[]): ComparisonTable["measures"] {
  const isWhole = ({ groups }: ComparisonTable["measures"][number]): boolean =>
    groups.every(({ value }) => Number.isFinite(value));
  for (const row of rows) if (!isWhole(row)) skipped.push(`${row.measure}: not measured of every one`);
  return rows.filter(isWhole);
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
