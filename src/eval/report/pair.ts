// Two evaluations of the same tasks, task by task. Refuses what is not alike: a difference between two prompts, two ways
// of decoding or two sets of tasks says nothing of the policies. Not here: the statistics (compare.ts).

import { UsageError } from "../../core/errors.js";
import type { SampleRecord } from "../records.js";
import type { Evaluation } from "./read.js";
import { countTasks, type TaskCount } from "./task-scores.js";

export const changes = ["fixed", "broken", "both-wrong", "both-right"] as const;
/** Of a task, by strict grading; one is solved where at least one completion is right. */
export type Change = (typeof changes)[number];

/** What one policy made of a task. */
export interface Side {
  readonly count: TaskCount;
  /** The first right completion of a solved task, else its first one. */
  readonly sample: SampleRecord;
}

export interface PairedTask {
  readonly task: string;
  readonly change: Change;
  readonly base: Side;
  readonly other: Side;
}

/** What two folders have in common, in the order of the first; by benchmark and prompts. */
export interface Common {
  readonly pairs: ReadonlyArray<{ readonly base: Evaluation; readonly other: Evaluation }>;
  /** Benchmarks that only one of the two has. */
  readonly alone: readonly string[];
}

/** @throws UsageError where nothing is common, or what is common is not alike */
export function commonEvaluations(base: readonly Evaluation[], other: readonly Evaluation[]): Common {
  const pairs = base.flatMap((each) => {
    const like = other.find((candidate) => keyOf(candidate) === keyOf(each));
    return like ? [{ base: each, other: like }] : [];
  });
  for (const pair of pairs) refuseUnlike(pair.base, pair.other);
  const keys = new Set(pairs.map((pair) => keyOf(pair.base)));
  const alone = [...base, ...other].map(keyOf).filter((key) => !keys.has(key));
  if (pairs.length === 0) {
    const sides = [base, other].map((side) => side.map(keyOf).join(", ")).join("; the other ");
    throw new UsageError(`nothing to compare: no benchmark in common with the same prompts; the one has ${sides}`);
  }
  return { pairs, alone };
}

function keyOf({ info }: Evaluation): string {
  return info.prompts === "official" ? info.benchmark : `${info.benchmark} with ${info.prompts} prompts`;
}

function refuseUnlike(base: Evaluation, other: Evaluation): void {
  const unlike = (what: string, first: string, second: string): UsageError =>
    new UsageError(
      `${base.path} and ${other.path} cannot be compared: ${what}. The first has ${first}, the second ${second}; evaluate both alike`,
    );
  const decodings = [base, other].map(({ info }) => decodingText(info.decoding));
  if (decodings[0] !== decodings[1]) throw unlike("they were decoded in different ways", decodings[0], decodings[1]);
  if (base.info.dataSha256 !== other.info.dataSha256) {
    throw unlike("their task files differ", `SHA-256 ${base.info.dataSha256}`, other.info.dataSha256);
  }
  const tasks = [base, other].map(({ samples }) => new Set(samples.map(({ task }) => task)));
  const missing =
    [...tasks[0]].find((task) => !tasks[1].has(task)) ?? [...tasks[1]].find((task) => !tasks[0].has(task));
  if (missing !== undefined) {
    const [first, second] = tasks.map(({ size }) => `${size} tasks`);
    throw unlike(`only one of them has the task ${missing}`, first, second);
  }
}

function decodingText(decoding: Evaluation["info"]["decoding"]): string {
  return JSON.stringify(decoding, Object.keys(decoding).sort());
}

/** Task by task, in the first one's order; tasks that the grader failed on with either are left out. */
export function pairTasks(base: Evaluation, other: Evaluation): PairedTask[] {
  const others = new Map(sidesOf(other).map((side) => [side.count.task, side]));
  return sidesOf(base).flatMap((side) => {
    const { task } = side.count;
    const match = others.get(task);
    if (!match || side.count.n === 0 || match.count.n === 0) return [];
    return [{ task, change: changeOf(side.count, match.count), base: side, other: match }];
  });
}

function sidesOf({ samples }: Evaluation): Side[] {
  const shown = new Map<string, SampleRecord>();
  for (const sample of samples) {
    const before = shown.get(sample.task);
    if (before === undefined || (!isRight(before) && isRight(sample))) shown.set(sample.task, sample);
  }
  return countTasks(samples, "strict").map((count) => ({ count, sample: shown.get(count.task) as SampleRecord }));
}

function isRight({ grade }: SampleRecord): boolean {
  return grade.strict.kind === "right";
}

function changeOf(base: TaskCount, other: TaskCount): Change {
  if (base.c > 0) return other.c > 0 ? "both-right" : "broken";
  return other.c > 0 ? "fixed" : "both-wrong";
}
