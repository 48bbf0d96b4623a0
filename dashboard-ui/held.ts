// The answers of a report: those put into it by the key of their question, and those that follow from them. A report holds
// all curves in one answer and a selection of groups; what a view asks of them is worked out here.

import type { Answer, EndpointName, Question } from "../src/dashboard/api/endpoints.js";
import { keyOf, NOTES_KEY, pathOf } from "../src/dashboard/api/question.js";
import type { GroupDetail, IndexProgress, RolloutDetail, RolloutRow } from "../src/dashboard/api/rollouts.js";
import type { MetricColumns } from "../src/dashboard/api/runs.js";
import { AnswerError, type Source } from "./source.js";

type Answers = Readonly<Record<string, unknown>>;
type Deriver<N extends EndpointName> = (question: Question<N>, answers: Answers) => Answer<N> | undefined;

export function heldSource(answers: Answers): Source {
  return {
    live: false,
    notes: Array.isArray(answers[NOTES_KEY]) ? answers[NOTES_KEY].map(String) : [],
    ask<N extends EndpointName>(name: N, question: Question<N>): Promise<Answer<N>> {
      const derive: Deriver<N> | undefined = derivers[name];
      const answer = (answers[keyOf(name, question)] as Answer<N> | undefined) ?? derive?.(question, answers);
      if (answer !== undefined) return Promise.resolve(answer);
      return Promise.reject(new AnswerError("This is not in the report. Open the run with: coderlplus dashboard"));
    },
  };
}

const derivers: { readonly [N in EndpointName]?: Deriver<N> } = {
  metrics: ({ run, names, after }, answers) => {
    const [held] = all<MetricColumns>("metrics", answers);
    if (!held) return undefined;
    const from = after === undefined ? 0 : held.steps.filter((step) => step <= Number(after)).length;
    const column = (name: string): (number | null)[] => (held.columns[name] ?? held.steps.map(() => null)).slice(from);
    return {
      run,
      steps: held.steps.slice(from),
      columns: Object.fromEntries(names.map((name) => [name, column(name)])),
    };
  },
  rollouts: (question, answers) => {
    const rows = rolloutsIn(answers)
      .map(rowOf)
      .filter((row) => keeps(row, question));
    const ordered = inOrder(rows, question.order ?? "newest");
    const offset = Number(question.offset ?? 0);
    const shown = ordered.slice(offset, offset + Number(question.limit ?? 100));
    return { total: rows.length, offset, rows: shown, index: progress(answers) };
  },
  search: ({ text, ...question }, answers) => {
    const wanted = text.toLowerCase();
    const rows = inOrder(rolloutsIn(answers), "newest").flatMap((rollout) => {
      const excerpt = keeps(rollout, question) ? excerptOf(rollout, wanted) : null;
      return excerpt === null ? [] : [{ ...rowOf(rollout), excerpt }];
    });
    const { steps, of } = progress(answers);
    return { rows, cursor: null, searched: steps, of };
  },
  links: ({ step, group, sample }, answers) => {
    const rollouts = rolloutsIn(answers);
    const own = rollouts.find((one) => one.step === step && one.group === group && one.sample === sample);
    const isLinked = (one: RolloutDetail): boolean =>
      own !== undefined &&
      one.task !== own.task &&
      one.problem === own.problem &&
      one.program !== null &&
      one.program === own.program;
    return { links: rollouts.filter(isLinked).map(rowOf), index: progress(answers) };
  },
  problems: (_, answers) => {
    const rollouts = rolloutsIn(answers);
    const ids = [...new Set(rollouts.map(({ problem }) => problem))].sort();
    return { problems: ids.map((id) => problemRow(id, rollouts)), index: progress(answers) };
  },
};

/** Every answer of one endpoint. */
function all<T>(name: EndpointName, answers: Answers): T[] {
  const path = pathOf(name);
  return Object.entries(answers).flatMap(([key, answer]) => (key.split("?", 1)[0] === path ? [answer as T] : []));
}

function rolloutsIn(answers: Answers): RolloutDetail[] {
  return all<GroupDetail>("group", answers).flatMap(({ rollouts }) => rollouts);
}

function progress(answers: Answers): IndexProgress {
  const rollouts = rolloutsIn(answers);
  const steps = new Set(rollouts.map(({ step }) => step)).size;
  return { steps, of: steps, rollouts: rollouts.length, skipped: 0, note: null };
}

function rowOf(rollout: RolloutDetail): RolloutRow {
  const { step, group, sample, task, problem, verdict, reason, reward, advantage, tokens, stopReason } = rollout;
  return { step, group, sample, task, problem, verdict, reason, reward, advantage, tokens, stopReason };
}

function keeps(row: RolloutRow, filter: Omit<Question<"rollouts">, "order" | "offset" | "limit">): boolean {
  const { task, fromStep, toStep, verdict, reason, problem, minimumReward, maximumReward } = filter;
  return (
    (task === undefined || row.task === task) &&
    (fromStep === undefined || row.step >= Number(fromStep)) &&
    (toStep === undefined || row.step <= Number(toStep)) &&
    (verdict === undefined || row.verdict === verdict) &&
    (reason === undefined || row.reason === reason) &&
    (problem === undefined || row.problem.includes(problem)) &&
    (minimumReward === undefined || (row.reward !== null && row.reward >= Number(minimumReward))) &&
    (maximumReward === undefined || (row.reward !== null && row.reward <= Number(maximumReward)))
  );
}

function inOrder<T extends RolloutRow>(rows: readonly T[], order: NonNullable<Question<"rollouts">["order"]>): T[] {
  const place = (a: T, b: T): number => a.step - b.step || a.group - b.group || a.sample - b.sample;
  if (order === "oldest") return [...rows].sort(place);
  if (order === "newest") return [...rows].sort((a, b) => b.step - a.step || place(a, b));
  const sign = order.startsWith("-") ? -1 : 1;
  const field = order.replace("-", "") as "reward" | "advantage" | "tokens";
  const value = (row: T): number => row[field] ?? Number.POSITIVE_INFINITY * sign;
  return [...rows].sort((a, b) => (value(a) === value(b) ? place(a, b) : sign * (value(a) - value(b))));
}

const EXCERPT_BEFORE = 40;
const EXCERPT_LENGTH = 160;

function excerptOf({ prompt, completion }: RolloutDetail, wanted: string): string | null {
  for (const text of [completion, prompt]) {
    const at = text.toLowerCase().indexOf(wanted);
    if (at >= 0) return text.slice(Math.max(0, at - EXCERPT_BEFORE), at + EXCERPT_LENGTH);
  }
  return null;
}

function problemRow(problem: string, rollouts: readonly RolloutDetail[]): Answer<"problems">["problems"][number] {
  const own = rollouts.filter((one) => one.problem === problem);
  const code = own.filter(({ task }) => task === "code");
  const judged = code.filter(({ verdict }) => verdict !== null && verdict !== "infrastructure");
  const passed = judged.filter(({ verdict }) => verdict === "passed");
  const answers = own.filter(({ task }) => task === "alignment");
  const rewards = answers.flatMap(({ reward }) => reward ?? []);
  return {
    problem,
    code: code.length,
    passRate: judged.length === 0 ? null : passed.length / judged.length,
    alignment: answers.length,
    alignmentReward: rewards.length === 0 ? null : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length,
    firstPassed: passed.length === 0 ? null : Math.min(...passed.map(({ step }) => step)),
  };
}
