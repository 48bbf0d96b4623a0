// What is written about a step: its metrics and its rollouts.

import { type DropReason, dropReasons, type Funnel } from "../alignment/example.js";
import type { AlignmentPool } from "../alignment/pool.js";
import type { Candidate } from "../alignment/recycle.js";
import type { Grade } from "../alignment/reward.js";
import { type ValueType, valueTypes } from "../alignment/value-type.js";
import { mean, sum } from "../core/maths.js";
import { type QuestionKind, questionKinds } from "../prompts/question.js";
import type { MetricName, StepMetrics } from "../runs/metrics.js";
import type { RolloutRecord } from "../runs/records.js";
import { type Advantages, recordedAdvantage } from "./advantages.js";
import type { Clock } from "./clock.js";
import type { GradedGroup, GradedRollout } from "./grade.js";
import type { Batch } from "./roll-out.js";

/** The step's code rollouts, for recycling. */
export function candidatesOf(groups: readonly GradedGroup[]): Candidate[] {
  return groups.flatMap(({ prompt, rollouts }) => {
    const { task } = prompt;
    if (task.kind !== "code") return [];
    return rollouts.flatMap(({ code }) => (code ? [{ problem: task.problem, ...code }] : []));
  });
}

export interface StepResult {
  readonly step: number;
  readonly batch: Batch;
  readonly funnel: Funnel;
  readonly pool: AlignmentPool;
  readonly update: Omit<StepMetrics, "step">;
  readonly clock: Clock;
}

export function stepMetrics({ step, batch, funnel, pool, update, clock }: StepResult): StepMetrics {
  const { learnt, left, rounds } = batch;
  const graded = [...learnt, ...left];
  const code = graded.filter(({ prompt }) => prompt.task.kind === "code");
  const alignment = graded.filter(({ prompt }) => prompt.task.kind === "alignment");
  const sampled = sum(graded.flatMap(({ rollouts }) => rollouts.map(({ sample }) => sample.tokens.length)));
  const dropped = Object.fromEntries(
    dropReasons.map((reason: DropReason) => [`alignment/dropped_${reason}`, funnel.dropped[reason]]),
  ) as Record<Extract<MetricName, `alignment/dropped_${string}`>, number>;
  return {
    step,
    ...codeMetrics(code),
    ...alignmentMetrics(alignment),
    "alignment/share": mean(learnt.map(({ prompt }) => Number(prompt.task.kind === "alignment"))),
    "alignment/pool_size": pool.size,
    "alignment/pool_age": orNull(pool.meanAge(step)),
    "alignment/candidates": funnel.candidates,
    "alignment/kept": funnel.kept,
    ...dropped,
    ...update,
    "rollouts/batches": rounds,
    "rollouts/groups_left": left.length,
    "tokens/sampled": sampled,
    ...clock.metrics(sampled),
    "memory/rss_bytes": process.memoryUsage.rss(),
  };
}

function codeMetrics(groups: readonly GradedGroup[]): Omit<StepMetrics, "step"> {
  const rollouts = groups.flatMap((group) => group.rollouts);
  const judged = rollouts.filter(({ reward }) => reward !== null);
  return {
    "code/reward_mean": orNull(mean(judged.map(({ reward }) => reward ?? 0))),
    "code/pass_rate": orNull(mean(judged.map(({ code }) => Number(code?.judgement.verdict.kind === "passed")))),
    "code/completion_tokens": orNull(mean(rollouts.map(({ sample }) => sample.tokens.length))),
    "code/zero_spread_groups": zeroSpread(groups),
    "code/judged_programs": new Set(
      candidatesOf(groups).map(({ problem, program }) => JSON.stringify([problem.id, program])),
    ).size,
    "code/infrastructure": rollouts.length - judged.length,
  };
}

function alignmentMetrics(groups: readonly GradedGroup[]): Omit<StepMetrics, "step"> {
  const rollouts = groups.flatMap((group) => group.rollouts);
  const grades = rollouts.flatMap(({ alignment }) => (alignment ? [alignment] : []));
  const withOutput = grades.filter(({ outputRight }) => outputRight !== null);
  return {
    "alignment/reward_mean": orNull(mean(grades.map(({ reward }) => reward))),
    "alignment/variables_right": orNull(
      sum(grades.map(({ variablesRight }) => variablesRight)) / sum(grades.map(({ variablesAsked }) => variablesAsked)),
    ),
    "alignment/all_right_rate": orNull(mean(grades.map(({ allRight }) => Number(allRight)))),
    "alignment/output_right_rate": orNull(mean(withOutput.map(({ outputRight }) => Number(outputRight)))),
    ...accuracyByType(grades),
    ...rewardByTarget(groups),
    "alignment/answered_rate": orNull(mean(grades.map(({ predicted }) => Number(predicted !== null)))),
    "alignment/completion_tokens": orNull(mean(rollouts.map(({ sample }) => sample.tokens.length))),
    "alignment/zero_spread_groups": zeroSpread(groups),
  };
}

function accuracyByType(grades: readonly Grade[]): Omit<StepMetrics, "step"> {
  const values = grades.flatMap((grade) => grade.values);
  const rightOf = (wanted: ValueType): number | null =>
    orNull(mean(values.filter(({ type }) => type === wanted).map(({ right }) => Number(right))));
  return Object.fromEntries(valueTypes.map((type) => [`alignment/right_${type}`, rightOf(type)]));
}

function rewardByTarget(groups: readonly GradedGroup[]): Omit<StepMetrics, "step"> {
  const meanOf = (kind: QuestionKind): number | null => {
    const asking = groups.filter(
      ({ prompt }) => prompt.task.kind === "alignment" && prompt.task.example.target === kind,
    );
    return orNull(mean(asking.flatMap(({ rollouts }) => rollouts.flatMap(({ reward }) => reward ?? []))));
  };
  return Object.fromEntries(questionKinds.map((kind) => [`alignment/reward_${kind}`, meanOf(kind)]));
}

function zeroSpread(groups: readonly GradedGroup[]): number | null {
  const rewards = groups.map(({ rollouts }) => rollouts.flatMap(({ reward }) => reward ?? []));
  return orNull(mean(rewards.map((ofGroup) => Number(new Set(ofGroup).size < 2))));
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** @param advantages  [groups][G] of the groups that the step learns from; others have none */
export function rolloutRecords(step: number, { learnt, left }: Batch, advantages: Advantages): RolloutRecord[] {
  return [...learnt, ...left].flatMap(({ prompt, rollouts }, group) =>
    rollouts.map((rollout, sample) => ({
      step,
      task: prompt.task.kind,
      problem: prompt.task.kind === "code" ? prompt.task.problem.id : prompt.task.example.problem,
      group,
      sample,
      prompt: prompt.text,
      completion: rollout.completion,
      stopReason: rollout.sample.stopReason,
      ...codePart(rollout),
      ...alignmentPart(prompt.task, rollout),
      reward: rollout.reward,
      rewardParts: rollout.rewardParts,
      advantage: recordedAdvantage(advantages[group]?.[sample] ?? null),
      tokens: rollout.sample.tokens.length,
    })),
  );
}

function codePart({ code }: GradedRollout): Partial<RolloutRecord> {
  if (!code) return {};
  const { verdict, tests } = code.judgement;
  return { ...(code.program === null ? {} : { program: code.program }), verdict, tests };
}

function alignmentPart(task: GradedGroup["prompt"]["task"], { alignment }: GradedRollout): Partial<RolloutRecord> {
  if (task.kind !== "alignment" || !alignment) return {};
  const { program, input, target, asked, truth } = task.example;
  return { alignment: { program, input, target, asked, truth, predicted: alignment.predicted } };
}
