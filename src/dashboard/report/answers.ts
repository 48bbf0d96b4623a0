// What a report holds of a run: the dashboard's own answers under the keys of their questions, and a note of each thing it
// leaves out. What of the run is damaged is left out and noted too: a report is written whatever the run looks like.

import { messageOf, UsageError } from "../../core/errors.js";
import { type Answers, openAnswers } from "../answers.js";
import type { Answer, Asked, EndpointName, Question } from "../api/endpoints.js";
import { keyOf } from "../api/question.js";
import type { EvaluationTable, RunDetail } from "../api/runs.js";
import type { ServedFolder } from "../folder.js";
import { heldRollouts } from "../report-rollouts.js";
import { openRunLister } from "../run-list.js";
import { heldEvaluation } from "./evaluated.js";
import { thinned } from "./thin.js";

export interface ReportAnswers {
  readonly answers: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
  readonly detail: RunDetail;
  readonly evaluations: readonly EvaluationTable[];
}

/** Takes answers in, as the page will ask for them. */
export class Held {
  readonly answers: Record<string, unknown> = {};
  readonly notes: string[] = [];

  constructor(
    readonly path: string,
    readonly place: string,
    private readonly source: Answers,
  ) {}

  put<N extends EndpointName>(name: N, question: Question<N>, answer: Answer<N>): void {
    this.answers[keyOf(name, question)] = answer;
  }

  /** Null where it cannot be had, which is noted. */
  async ask<N extends EndpointName>(name: N, question: Asked<N> & Question<N>): Promise<Answer<N> | null> {
    const answer = await this.trying(() => this.source.ask(name, question));
    if (answer !== null) this.put(name, question, answer);
    return answer;
  }

  async trying<T>(read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.notes.push(messageOf(error));
      return null;
    }
  }
}

/** @param place  what the run is called in the report's addresses */
export async function reportAnswers(path: string, place: string): Promise<ReportAnswers> {
  const folder: ServedFolder = {
    name: place,
    places: () => ({ runs: [place], evaluations: [], truncated: false }),
    runPath: () => path,
    placePath: () => path,
    pathOf: () => path,
  };
  const runs = openRunLister(folder);
  const source = openAnswers(folder, runs);
  const held = new Held(path, place, source);
  try {
    const detail = await source.ask("run", { run: place });
    held.put("run", { run: place }, detail);
    held.put("runs", {}, { folder: place, runs: [detail.summary], evaluations: [], truncated: false });
    await held.ask("catalogue", {});
    await holdCurves(held, source, detail);
    const evaluations: EvaluationTable[] = [];
    for (const { benchmark } of detail.evaluations) {
      const table = await held.ask("evaluation", { run: place, benchmark });
      if (!table) continue;
      held.notes.push(...table.skipped);
      evaluations.push(table);
      await heldEvaluation(held, table);
    }
    await holdRollouts(held, detail);
    return { answers: held.answers, notes: held.notes, detail, evaluations };
  } finally {
    await source.close();
  }
}

async function holdCurves(held: Held, source: Answers, { metrics }: RunDetail): Promise<void> {
  if (metrics.length === 0) return;
  const question = { run: held.place, names: metrics };
  const whole = await held.trying(() => source.ask("metrics", question));
  if (!whole) return;
  const { columns, every } = thinned(whole);
  held.put("metrics", question, columns);
  if (every > 1) held.notes.push(`Curves have one point of ${every} steps, the last one always.`);
}

async function holdRollouts(held: Held, { rollouts }: RunDetail): Promise<void> {
  if (rollouts === null) return;
  const steps = [...new Set([rollouts.first, rollouts.last])];
  const found = await held.trying(() => heldRollouts(held.path, held.place, steps));
  if (!found) return;
  const { groups, problems, of, skipped } = found;
  for (const group of groups) held.put("group", { run: held.place, step: group.step, group: group.group }, group);
  for (const problem of problems) held.put("problem", { run: held.place, problem: problem.problem }, problem);
  if (skipped > 0) held.notes.push(`Lines of these steps that are no rollouts: ${skipped}.`);
  const left = rollouts.steps - steps.length;
  held.notes.push(
    `Rollouts: ${groups.length} of the ${of} groups of step${steps.length > 1 ? "s" : ""} ${steps.join(" and ")}, those whose rewards differ most${left > 0 ? `; none of the ${left} other steps` : ""}.`,
  );
}
