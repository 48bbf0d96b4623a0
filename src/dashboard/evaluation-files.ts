// Where evaluations lie: in a run's eval/, or in a folder that `coderlplus eval` wrote, by the same names. What each task
// scored is in scores.ts.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.js";
import { readInfo } from "../eval/evaluation-files.js";
import type { EvaluationFolder, EvaluationTable } from "./api/runs.js";
import { readChecked } from "./files.js";
import { isFile } from "./folder.js";
import { RefusedRequest } from "./refusal.js";
import { namesIn, recordSchema } from "./summary.js";

/** One finished evaluation: it is finished when its record is there. */
export interface EvaluatedStep {
  /** As its files are named: `humaneval`, `humaneval-upstream`. */
  readonly benchmark: string;
  readonly step: number;
  readonly record: string;
  readonly samples: string;
  /** Null for a run's own, which keep another kind of samples. */
  readonly info: string | null;
}

const RECORD = /^(.+)-step-(\d{6,15})\.json$/;

/** By benchmark, then step. */
export function evaluatedSteps(path: string): EvaluatedStep[] {
  const folder = isFile(join(path, "run.json")) ? join(path, "eval") : path;
  const found = namesIn(folder).flatMap((name): EvaluatedStep[] => {
    const [, benchmark, digits] = RECORD.exec(name) ?? [];
    if (benchmark === undefined || digits === undefined) return [];
    const key = `${benchmark}-step-${digits}`;
    const info = join(folder, `${key}.info.json`);
    return [
      {
        benchmark,
        step: Number(digits),
        record: join(folder, name),
        samples: join(folder, "samples", `${key}.jsonl`),
        info: existsSync(info) ? info : null,
      },
    ];
  });
  return found.sort((a, b) => (a.benchmark < b.benchmark ? -1 : a.benchmark > b.benchmark ? 1 : a.step - b.step));
}

/** @throws RefusedRequest where the benchmark was not evaluated there, or not at the step */
export function evaluatedAt(path: string, place: string, benchmark: string, step?: number): EvaluatedStep {
  const all = evaluatedSteps(path).filter((found) => found.benchmark === benchmark);
  const chosen = step === undefined ? all.at(-1) : all.find((found) => found.step === step);
  if (chosen) return chosen;
  const has = all.length === 0 ? "none of it" : `steps ${all.map((found) => found.step).join(", ")}`;
  throw new RefusedRequest(
    404,
    `${place}: no evaluation of ${JSON.stringify(benchmark.slice(0, 200))}${step === undefined ? "" : ` at step ${step}`}; it has ${has}`,
  );
}

/** @throws RefusedRequest where the benchmark was not evaluated there */
export function evaluationTableOf(path: string, place: string, benchmark: string): EvaluationTable {
  evaluatedAt(path, place, benchmark);
  const skipped: string[] = [];
  const records = evaluatedSteps(path).flatMap((found) => {
    if (found.benchmark !== benchmark) return [];
    try {
      const { problems, metrics } = readChecked(found.record, recordSchema);
      return [{ step: found.step, problems, metrics }];
    } catch (error) {
      skipped.push(messageOf(error));
      return [];
    }
  });
  return { run: place, benchmark, records, skipped };
}

/** @throws DataError, UsageError where an info is damaged */
export function evaluationFolderOf(path: string, place: string): EvaluationFolder {
  const found = evaluatedSteps(path).flatMap(({ benchmark, step, info }) =>
    info === null ? [] : [{ benchmark, step, info: readInfo(info) }],
  );
  return {
    place,
    policy: found[0]?.info.policy ?? "",
    benchmarks: found.map(({ benchmark, step, info }) => ({ benchmark, step, tasks: info.tasks })),
  };
}
