// What each problem of an evaluation scored, of a run's own and of those that `coderlplus eval` made: one shape for both.

import { createReadStream, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { UsageError } from "../core/errors.js";
import { streamRecords } from "../core/jsonl.js";
import { sampleSchema } from "../eval/evaluation-files.js";
import type { SampleRecord } from "../eval/records.js";
import { countTasks, metrics, scoresAt } from "../eval/report/task-scores.js";
import type { EvaluatedStep } from "./evaluation-files.js";
import { checked } from "./files.js";

export interface ProblemScores {
  readonly problem: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** A line of a run's eval/samples; a later version may write more. */
export const familySample = z.object({
  problem: z.string(),
  scores: z.record(z.string(), z.number()),
  completions: z.record(z.string(), z.string()),
  candidates: z
    .array(
      z.object({
        program: z.string().nullable(),
        passes: z.number().nullable(),
        visible: z.number().nullable(),
        predicted: z.number().nullable(),
      }),
    )
    .optional(),
});

export type FamilySample = z.output<typeof familySample>;

const MAXIMUM_KEPT = 64;

export interface ScoreReader {
  /** In the evaluation's order. @throws DataError, UsageError naming file, line and field */
  scores(evaluated: EvaluatedStep): Promise<readonly ProblemScores[]>;
}

export function openScoreReader(): ScoreReader {
  const kept = new Map<string, Promise<readonly ProblemScores[]>>();
  return {
    scores: (evaluated) => {
      const stat = statSync(evaluated.samples, { throwIfNoEntry: false });
      const key = `${evaluated.samples} ${stat?.ino} ${stat?.mtimeMs} ${stat?.size}`;
      const before = kept.get(key);
      if (before) return before;
      const read = readScores(evaluated);
      kept.set(key, read);
      read.catch(() => kept.delete(key));
      for (const old of [...kept.keys()].slice(0, -MAXIMUM_KEPT)) kept.delete(old);
      return read;
    },
  };
}

async function readScores(evaluated: EvaluatedStep): Promise<ProblemScores[]> {
  const found: ProblemScores[] = [];
  if (evaluated.info === null) {
    for await (const { problem, scores } of familySamples(evaluated.samples)) found.push({ problem, scores });
    return found;
  }
  const graded: Array<Pick<SampleRecord, "task" | "grade">> = [];
  for await (const { task, grade } of benchmarkSamples(evaluated.samples)) graded.push({ task, grade });
  const counts = { strict: countTasks(graded, "strict"), official: countTasks(graded, "official") };
  const byMetric = metrics.map(({ name, grading, k }) => ({ name, scores: scoresAt(k, counts[grading]) }));
  return counts.strict.map(({ task }) => ({
    problem: task,
    scores: Object.fromEntries(
      byMetric.flatMap(({ name, scores }) => {
        const score = scores.get(task);
        return score === undefined ? [] : [[name, score]];
      }),
    ),
  }));
}

/** @throws DataError, UsageError naming file, line and field */
export async function* familySamples(path: string): AsyncGenerator<FamilySample> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new UsageError(`${path}: no such file`);
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    number++;
    if (line.trim() !== "") yield checked(line, `${path}:${number}`, familySample);
  }
}

/** @throws DataError, UsageError naming file, line and field */
export async function* benchmarkSamples(path: string): AsyncGenerator<SampleRecord> {
  for await (const { record } of streamRecords(path, sampleSchema)) yield record;
}
