// An evaluation in the few numbers that the contract names. Not here: what else a report shows of it (breakdown.ts).

import { mean, standardError } from "../../core/maths.js";
import type { EvaluationRecord } from "../../runs/records.js";
import type { EvaluationInfo, SampleRecord } from "../records.js";
import { countTasks, metrics, scoresAt } from "./task-scores.js";

/**
 * pass@k of both gradings, as the mean over tasks with its standard error.
 *
 * A task with fewer graded completions than k has no part in that mean; a metric that no task has is left out, and with
 * it every k beyond the completions a task.
 */
export function summarise(info: EvaluationInfo, samples: readonly SampleRecord[]): EvaluationRecord {
  const counts = { strict: countTasks(samples, "strict"), official: countTasks(samples, "official") };
  const known = metrics.flatMap(({ name, grading, k }) => {
    const scores = [...scoresAt(k, counts[grading]).values()];
    return scores.length === 0 ? [] : [[name, { value: mean(scores), standardError: standardError(scores) }] as const];
  });
  return { benchmark: info.benchmark, step: info.step, problems: info.tasks, metrics: Object.fromEntries(known) };
}
