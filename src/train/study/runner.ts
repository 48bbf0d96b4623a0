// Runs what a study still lacks, task after task, each in a process of its own: a training that fails, or takes the
// memory with it, costs no other one. What is finished stays, what is unfinished goes on.

import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UsageError } from "../../core/errors.js";
import { sum } from "../../core/maths.js";
import { writerOf } from "../../runs/lock.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { prepareRun } from "../run.js";
import type { SharedEvaluations } from "./evaluations.js";
import type { Job, MakeTask, Plan, Task, TrainTask } from "./plan.js";
import { recordMade, removeTask, stateOf } from "./state.js";
import type { Times } from "./times.js";

export interface VerbResult {
  readonly exitCode: number;
  /** The last thing it said on standard error. */
  readonly message: string;
}

export interface StudyReporter {
  began(task: Task): void;
  /** What the running verb says. */
  said(task: Task, line: string): void;
  /** @param leftSeconds  of all that is still to be done; null where it cannot be known yet */
  ended(task: Task, seconds: number, leftSeconds: number | null): void;
  failed(task: Task, message: string): void;
}

export interface StudyTools {
  /** Runs one of our verbs to its end, in another process. */
  readonly verb: (args: readonly string[], onLine: (line: string) => void) => Promise<VerbResult>;
  readonly shared: SharedEvaluations;
  readonly times: Times;
  readonly report: StudyReporter;
  /** Aborted, nothing more is begun. */
  readonly signal: AbortSignal;
}

export type JobResult =
  | { readonly kind: "finished"; readonly job: Job }
  | { readonly kind: "failed"; readonly job: Job; readonly task: string; readonly message: string }
  /** Called off, or over the budget: the same command goes on. */
  | { readonly kind: "left"; readonly job: Job };

/**
 * Everything that was made from another file or other data: with `fresh` removed, to be made again.
 *
 * @param jobs  those that are asked for
 * @returns what was made otherwise and is not asked for: it stays where it is, and out of the results
 * @throws UsageError naming the first of them and the difference
 */
export function settleChanges(plan: Plan, fresh: boolean, jobs: readonly Job[] = plan.jobs): string[] {
  const removed: string[] = [];
  const others: string[] = [];
  const asked = new Set(allTasks({ sources: jobs === plan.jobs ? plan.sources : neededSources(plan, jobs), jobs }));
  for (const task of allTasks(plan)) {
    const state = stateOf(task);
    if (!asked.has(task)) {
      if (state.kind === "changed") others.push(`${task.path}: was made otherwise: ${state.difference}`);
      continue;
    }
    const standsOnRemoved = task.kind === "train" && removed.some((path) => standsOn(task, path));
    if (state.kind !== "changed" && !standsOnRemoved) continue;
    if (!fresh) {
      const difference = state.kind === "changed" ? state.difference : "";
      throw new UsageError(
        `${task.path}: was made otherwise: ${difference}; --fresh makes what has changed again, --out takes another folder`,
      );
    }
    removeTask(task);
    removed.push(task.path);
  }
  return others;
}

export function allTasks({ sources, jobs }: Pick<Plan, "sources" | "jobs">): Task[] {
  return [...sources, ...jobs.flatMap(({ tasks }) => tasks)];
}

function standsOn({ config: { engine, supervised } }: TrainTask, path: string): boolean {
  return `${engine.model}/`.startsWith(`${path}/`) || supervised?.data === path;
}

/** What these jobs stand on, directly or by way of another source. */
export function neededSources({ sources }: Plan, jobs: readonly Job[]): Task[] {
  const needed = new Set<Task>();
  const need = (task: Task): void => {
    if (task.kind === "make") return;
    for (const source of sources) {
      if (!standsOn(task, source.path) || needed.has(source)) continue;
      needed.add(source);
      need(source);
    }
  };
  for (const { tasks } of jobs) tasks.forEach(need);
  return sources.filter((source) => needed.has(source));
}

/** @param jobs  which of the plan's to run, @param parallel  how many at once */
export async function runJobs(
  plan: Plan,
  jobs: readonly Job[],
  parallel: number,
  tools: StudyTools,
): Promise<JobResult[]> {
  for (const source of neededSources(plan, jobs)) await runOrReport(source, plan, jobs, tools);
  const results: JobResult[] = [];
  const queue = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) results.push(await runJob(job, plan, jobs, tools));
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return jobs.flatMap((job) => results.find((result) => result.job === job) ?? []);
}

async function runJob(job: Job, plan: Plan, jobs: readonly Job[], tools: StudyTools): Promise<JobResult> {
  for (const task of job.tasks) {
    const result = await runOrReport(task, plan, jobs, tools);
    if (result.kind === "left") return { kind: "left", job };
    if (result.kind === "failed") return { kind: "failed", job, task: task.path, message: result.message };
  }
  return { kind: "finished", job };
}

type TaskResult =
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "left" };

async function runOrReport(task: Task, plan: Plan, jobs: readonly Job[], tools: StudyTools): Promise<TaskResult> {
  const { report, signal, times } = tools;
  try {
    if (stateOf(task).kind === "finished") {
      if (task.kind === "train") tools.shared.keep(RunDirectory.open(task.path), task.config);
      return { kind: "finished" };
    }
    if (signal.aborted || isOverBudget(plan, times)) return { kind: "left" };
    report.began(task);
    const start = performance.now();
    const message = task.kind === "train" ? await runTraining(task, tools) : await make(task, tools);
    const seconds = (performance.now() - start) / 1000;
    const isFinished = message === null && stateOf(task).kind === "finished";
    times.add(task, seconds, isFinished);
    if (isFinished) {
      report.ended(task, seconds, leftSeconds(plan, jobs, times));
      return { kind: "finished" };
    }
    if (signal.aborted) return { kind: "left" };
    return failure(task, message ?? "ended before its last step; the same command goes on", report);
  } catch (error) {
    return failure(task, messageOf(error), report);
  }
}

export function isOverBudget({ study }: Plan, times: Times): boolean {
  return study.budget !== null && times.totalSeconds > study.budget.minutes * 60;
}

function failure(task: Task, message: string, report: StudyReporter): TaskResult {
  report.failed(task, message);
  return { kind: "failed", message };
}

const WAIT_MS = 200;

/** null where the verb succeeded, otherwise what it said. */
async function runTraining(task: TrainTask, { verb, shared, report }: StudyTools): Promise<string | null> {
  // A study that was killed leaves its training behind for as long as that has nobody to report to.
  while (writerOf(task.path) !== null) await sleep(WAIT_MS);
  if (stateOf(task).kind === "missing") {
    removeTask(task);
    const run = await prepareRun(task.config, task.path);
    shared.give(run, task.config);
    run.release();
  }
  const { exitCode, message } = await verb(["train", "--run", task.path, "--resume"], (line) =>
    report.said(task, line),
  );
  if (exitCode !== 0) return message;
  shared.keep(RunDirectory.open(task.path), task.config);
  return null;
}

async function make(task: MakeTask, { verb, report }: StudyTools): Promise<string | null> {
  removeTask(task);
  const { exitCode, message } = await verb(task.command, (line) => report.said(task, line));
  if (exitCode !== 0) return message;
  recordMade(task);
  return null;
}

/** Of the tasks of these jobs that are not finished, one after the other; null where one of them is unknown. */
export function leftSeconds(plan: Plan, jobs: readonly Job[], times: Times): number | null {
  const known = allTasks(plan);
  const open = jobs.flatMap(({ tasks }) => tasks).filter((task) => stateOf(task).kind !== "finished");
  const expected = open.map((task) => times.expected(task, known));
  return expected.includes(null) ? null : sum(expected.map((seconds) => seconds ?? 0));
}
