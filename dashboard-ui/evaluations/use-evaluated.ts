// What a view of evaluations shows: the runs that the address names, else all that were evaluated, and their benchmarks.

import type { RunList } from "../../src/dashboard/api/runs.js";
import { type Asked, useAnswer } from "../use-answer.js";
import { useAnswers } from "../use-answers.js";
import { type Evaluated, evaluatedRun } from "./rows.js";

export interface Choice {
  readonly benchmark: string;
  readonly benchmarks: readonly string[];
  /** Places of runs and of folders of evaluations, in the order asked for. */
  readonly places: readonly string[];
  /** Whether the address named them. */
  readonly isNamed: boolean;
  /** How many the folder has beyond those shown. */
  readonly left: number;
}

/** What one table may hold: beyond it nobody reads, and every row is a request. */
const MOST_PLACES = 60;

export function chosen(list: RunList, parameters: URLSearchParams): Choice {
  const named = parameters.getAll("run").filter((place, i, all) => all.indexOf(place) === i);
  const measured = measuredRuns(list);
  const benchmarks = [
    ...new Set([
      ...(measured.length > 0 ? ["family"] : []),
      ...list.evaluations.flatMap((folder) => folder.benchmarks.map(({ benchmark }) => benchmark)),
    ]),
  ];
  const asked = parameters.get("benchmark");
  const benchmark = asked ?? benchmarksOf(list, named)[0] ?? benchmarks[0] ?? "family";
  const folders = list.evaluations.filter((folder) => folder.benchmarks.some((one) => one.benchmark === benchmark));
  const all = [...(benchmark === "family" ? measured : []), ...folders.map(({ place }) => place)];
  const places = (named.length > 0 ? named : all).slice(0, MOST_PLACES);
  return {
    benchmark,
    benchmarks: benchmarks.includes(benchmark) ? benchmarks : [...benchmarks, benchmark],
    places,
    isNamed: named.length > 0,
    left: named.length > 0 ? 0 : all.length - places.length,
  };
}

/** The oldest setting first, as later ones are compared with it; its seeds together. */
function measuredRuns({ runs }: RunList): string[] {
  const measured = runs.filter(({ headline }) => Object.keys(headline).length > 0).reverse();
  const settings = [...new Set(measured.map(({ setting }) => setting))];
  return settings.flatMap((setting) => measured.flatMap((one) => (one.setting === setting ? one.run : [])));
}

function benchmarksOf(list: RunList, places: readonly string[]): string[] {
  if (list.runs.some(({ run }) => places.includes(run))) return ["family"];
  const folders = list.evaluations.filter(({ place }) => places.includes(place));
  return folders.flatMap((folder) => folder.benchmarks.map(({ benchmark }) => benchmark));
}

export interface UseEvaluated {
  readonly evaluated: readonly Evaluated[];
  readonly loading: boolean;
  /** Of each place, or step of it, that could not be shown: why. */
  readonly errors: readonly string[];
}

export function useEvaluated(list: RunList, { places, benchmark }: Choice): UseEvaluated {
  const asked = useAnswers(
    "evaluation",
    places.map((run) => ({ run, benchmark })),
  );
  const evaluated = places.flatMap((place, i) => {
    const records = asked[i]?.answer?.records;
    return records ? [named(list, place, records)] : [];
  });
  return {
    evaluated,
    loading: asked.some(({ loading, answer }) => loading && answer === null),
    errors: asked.flatMap(({ error, answer }, i) => [
      ...(error === null ? [] : [`${places[i]}: ${error}`]),
      ...(answer?.skipped ?? []),
    ]),
  };
}

function named(list: RunList, place: string, records: Evaluated["records"]): Evaluated {
  const summary = list.runs.find(({ run }) => run === place);
  if (summary) return evaluatedRun(summary, records);
  const policy = list.evaluations.find((folder) => folder.place === place)?.policy ?? "";
  return { run: place, name: place, setting: null, recipe: policy, seed: null, finished: true, records };
}

/** What the measures mean; empty until it is known. */
export function useMeanings(): Readonly<Record<string, string>> {
  const { answer }: Asked<{ readonly measures: Readonly<Record<string, string>> }> = useAnswer("catalogue", {});
  return answer?.measures ?? {};
}
