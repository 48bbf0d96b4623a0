// Evaluations as rows of text: one policy in detail, or several as the paper has them, a row each and a column a
// benchmark. Not here: how rows are laid out (the command line does that), nor what the numbers are (breakdown.ts).

import { mean } from "../../core/maths.js";
import type { EvaluationInfo } from "../records.js";
import { type Breakdown, breakDown, type Score } from "./breakdown.js";
import type { Evaluation } from "./read.js";
import { metricName } from "./task-scores.js";

/** An evaluation with what is reported of it. */
export interface Reported {
  /** What the policy is called in tables. */
  readonly policy: string;
  readonly info: EvaluationInfo;
  readonly breakdown: Breakdown;
}

export function report({ info, samples }: Omit<Evaluation, "path">, policy = policyName(info)): Reported {
  return { policy, info, breakdown: breakDown(info, samples) };
}

/** What the paper calls code generation, and averages over. */
const AVERAGED = ["humaneval", "leetcode", "livecodebench"];

/** pass@1 of several policies, `strict / official [95 % interval of strict]`; an average where the paper has one. */
export function policyRows(evaluations: readonly Reported[]): string[][] {
  const columns = [...new Set(evaluations.map(({ info }) => columnName(info)))];
  const rows = [...new Set(evaluations.map(({ policy }) => policy))];
  const averages = AVERAGED.every((name) => columns.includes(name));
  return [
    ["policy", ...columns, ...(averages ? ["average"] : [])],
    ...rows.map((policy) => {
      const own = evaluations.filter((reported) => reported.policy === policy);
      const cells = columns.map((column) => cell(own.find(({ info }) => columnName(info) === column)));
      return [policy, ...cells, ...(averages ? [average(own)] : [])];
    }),
  ];
}

/** Where a checkpoint has a step, with it. */
export function policyName({ policy, step }: EvaluationInfo): string {
  return step === 0 ? policy : `${policy} step ${step}`;
}

export function columnName({ benchmark, prompts }: Pick<EvaluationInfo, "benchmark" | "prompts">): string {
  return prompts === "official" ? benchmark : `${benchmark} (${prompts})`;
}

function cell(reported: Reported | undefined): string {
  const strict = reported?.breakdown.scores["pass_at_1"];
  const official = reported?.breakdown.scores["official_pass_at_1"];
  return strict
    ? `${percent(strict.value)} / ${official ? percent(official.value) : "-"} ${intervalText(strict)}`
    : "-";
}

function average(own: readonly Reported[]): string {
  const three = AVERAGED.map((name) => own.find(({ info }) => columnName(info) === name)?.breakdown.scores);
  return ["pass_at_1", "official_pass_at_1"]
    .map((metric) => three.flatMap((scores) => scores?.[metric]?.value ?? []))
    .map((values) => (values.length === AVERAGED.length ? percent(mean(values)) : "-"))
    .join(" / ");
}

/** Every pass@k of one policy, then pass@1 by difficulty and by month. */
export function scoreRows(evaluations: readonly Reported[]): string[][] {
  const rows = evaluations.flatMap(({ info, breakdown }) => {
    const name = columnName(info);
    const all = tries(breakdown.scores).map((k) => [name, `pass@${k}`, ...pairOf(breakdown.scores, k)]);
    const groups = [...Object.entries(breakdown.byDifficulty), ...Object.entries(breakdown.byMonth)];
    return [...all, ...groups.map(([group, scores]) => [name, `pass@1 ${group}`, ...pairOf(scores, 1)])];
  });
  return [["benchmark", "measure", "tasks", "strict", "95 %", "official", "95 %"], ...rows];
}

function tries(scores: Breakdown["scores"]): number[] {
  return [...new Set(Object.keys(scores).map((name) => Number(/\d+$/.exec(name)?.[0])))];
}

function pairOf(scores: Breakdown["scores"], k: number): string[] {
  const strict = scores[metricName("strict", k)];
  const official = scores[metricName("official", k)];
  const texts = [strict, official].flatMap((score) => (score ? [percent(score.value), intervalText(score)] : ["", ""]));
  return [String((strict ?? official)?.tasks ?? 0), ...texts];
}

/** What the scores do not show: completions that could not be right, and where the gradings disagree. */
export function noteLines(evaluations: readonly Reported[]): string[] {
  return evaluations.flatMap(({ info, breakdown }) => {
    const { completions, truncated, noRoom, nothingExtracted, infrastructure, tokens } = breakdown;
    const facts = [
      `${completions} completions`,
      ...counted(truncated, "cut off at the limit"),
      ...counted(noRoom, "without room behind the prompt"),
      ...counted(nothingExtracted, "without a program or answer"),
      ...counted(infrastructure.strict, "not graded: the grader failed"),
      ...(tokens.completion === null
        ? []
        : [`${tokens.prompt ?? 0} tokens of prompts, ${tokens.completion} of completions`]),
    ];
    const wrong = Object.entries(breakdown.reasons.strict).map(([reason, count]) => `${count} ${reason}`);
    return [
      `${columnName(info)}: ${facts.join(", ")}`,
      ...(wrong.length === 0 ? [] : [`  wrong: ${wrong.join(", ")}`]),
      ...disagreementLine(breakdown.disagreements),
    ];
  });
}

function counted(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}

const NAMED_TASKS = 8;

function disagreementLine(disagreements: Breakdown["disagreements"]): string[] {
  if (disagreements.length === 0) return [];
  const named = disagreements.slice(0, NAMED_TASKS).map(({ task, onlyStrict, onlyOfficial }) => {
    const sides = [...counted(onlyStrict, "only strict"), ...counted(onlyOfficial, "only official")];
    return `${task} (right: ${sides.join(", ")})`;
  });
  const more = disagreements.length > NAMED_TASKS ? ` and ${disagreements.length - NAMED_TASKS} more (--json)` : "";
  return [`  the gradings disagree on ${disagreements.length} tasks: ${named.join(", ")}${more}`];
}

export function percent(value: number): string {
  return (value * 100).toFixed(1);
}

function intervalText({ interval: { low, high } }: Score): string {
  return `[${percent(low)}, ${percent(high)}]`;
}
