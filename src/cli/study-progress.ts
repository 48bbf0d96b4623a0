// What a study shows while it runs, and what it would run: one live line on a terminal, a line a task in a pipe.

import type { Job, Plan, Task } from "../train/study/plan.js";
import { allTasks, leftSeconds, neededSources, type StudyReporter } from "../train/study/runner.js";
import { stateOf } from "../train/study/state.js";
import type { Times } from "../train/study/times.js";
import { textTable } from "./table.js";

export class StudyProgress implements StudyReporter {
  readonly #live: boolean;
  readonly #total: number;
  readonly #sources: ReadonlySet<Task>;
  #done: number;
  #shown = "";

  constructor(
    plan: Plan,
    jobs: readonly Job[],
    private readonly out: NodeJS.WriteStream,
  ) {
    const tasks = jobs.flatMap((job) => job.tasks);
    this.#sources = new Set(plan.sources);
    this.#live = out.isTTY;
    this.#total = tasks.length;
    this.#done = tasks.filter((task) => stateOf(task).kind === "finished").length;
    const had = this.#done === 0 ? "" : `, ${this.#done} of them finished before`;
    this.line(`${plan.folder}: ${plan.study.name}, ${jobs.length} runs in ${tasks.length} trainings${had}`);
  }

  /** A line that stays. */
  line(text: string): void {
    this.end();
    this.out.write(`${text}\n`);
  }

  began(task: Task): void {
    if (this.#live) this.#draw(`${this.#place(task)}  ${task.label}`);
    else this.line(`${this.#place(task)} ${task.label}: ${task.path}`);
  }

  said(task: Task, line: string): void {
    if (this.#live) this.#draw(`${this.#place(task)} ${task.label}: ${line}`);
  }

  ended(task: Task, seconds: number, leftSeconds: number | null): void {
    const left = leftSeconds === null ? "" : `; about ${clock(leftSeconds)} left`;
    this.line(`${this.#place(task)} ${task.label}: finished in ${clock(seconds)}${left}`);
    if (!this.#sources.has(task)) this.#done++;
  }

  failed(task: Task, message: string): void {
    this.line(`${this.#place(task)} ${task.label}: failed: ${message}`);
  }

  /** Takes the live line away. */
  end(): void {
    if (this.#shown !== "") this.out.write(`\r${" ".repeat(this.#shown.length)}\r`);
    this.#shown = "";
  }

  #place(task: Task): string {
    return this.#sources.has(task) ? "[before]" : `[${Math.min(this.#done + 1, this.#total)}/${this.#total}]`;
  }

  #draw(text: string): void {
    const line = text.slice(0, Math.max(20, (this.out.columns || 80) - 1));
    this.out.write(`\r${line}${" ".repeat(Math.max(0, this.#shown.length - line.length))}`);
    this.#shown = line;
  }
}

/** Every task with its state and its time: measured where it has finished, expected from others elsewhere. */
export function dryRunText(plan: Plan, jobs: readonly Job[], times: Times, json: boolean): string {
  const known = allTasks(plan);
  const rows = allTasks({ sources: neededSources(plan, jobs), jobs }).map((task) => {
    const state = stateOf(task);
    const measured = state.kind === "finished" ? times.measured(task) : null;
    const expected = state.kind === "finished" ? null : times.expected(task, known);
    return { task: task.label, path: task.path, state: state.kind, secondsTaken: measured, secondsExpected: expected };
  });
  const left = leftSeconds(plan, jobs, times);
  if (json) return `${JSON.stringify({ folder: plan.folder, tasks: rows, secondsLeft: left })}\n`;
  const table = textTable([
    ["task", "state", "took", "will take"],
    ...rows.map(({ task, state, secondsTaken, secondsExpected }) => [
      task,
      state,
      secondsTaken === null ? "" : clock(secondsTaken),
      secondsExpected === null ? "" : clock(secondsExpected),
    ]),
  ]);
  const all = left === null ? "not known before a run has finished" : `about ${clock(left)}`;
  return `${table}\nleft: ${all}. Nothing was run.\n`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
