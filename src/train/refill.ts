// Dynamic sampling (DAPO, arXiv 2503.14476 §3.2): which groups a step learns from, and how many prompts are drawn in place
// of those whose rewards do not differ. Nothing is drawn here (roll-out.ts).

import { teaches } from "../algorithms/dynamic-sampling.js";
import { SamplingError } from "../core/errors.js";
import type { GradedGroup } from "./grade.js";

/** Batches of prompts; the first is the mixed batch, which says how many groups of each task are wanted. */
export type GradedRounds = ReadonlyArray<readonly GradedGroup[]>;

const tasks = ["code", "alignment"] as const;
type Counts = Readonly<Record<(typeof tasks)[number], number>>;

/** The first groups of each task that teach, as many as are wanted; all others are left. */
export function splitGroups(rounds: GradedRounds): { readonly learnt: GradedGroup[]; readonly left: GradedGroup[] } {
  const learnt = tasks.flatMap((task) => {
    const { wanted, teaching } = tally(rounds, task);
    return teaching.slice(0, wanted);
  });
  const isLearnt = new Set(learnt);
  return { learnt, left: rounds.flat().filter((group) => !isLearnt.has(group)) };
}

/** As many prompts as it should take at the rate at which groups have taught so far, at most a whole batch's. */
export function promptsToDraw(rounds: GradedRounds): Counts {
  const count = (task: (typeof tasks)[number]): number => {
    const { wanted, drawn, teaching } = tally(rounds, task);
    const missing = Math.max(0, wanted - teaching.length);
    return teaching.length === 0 ? missing : Math.min(wanted, Math.ceil((missing * drawn) / teaching.length));
  };
  return { code: count("code"), alignment: count("alignment") };
}

/** What ends a run whose model solves its prompts always, or never. */
export function givingUp(rounds: GradedRounds, step: number): SamplingError {
  const found = tasks.flatMap((task) => {
    const { wanted, drawn, teaching } = tally(rounds, task);
    return wanted === 0 ? [] : [`${teaching.length} of ${drawn} ${task} groups (${wanted} wanted)`];
  });
  const batches = rounds.length === 1 ? "1 batch" : `${rounds.length} batches`;
  return new SamplingError(
    `step ${step}: dynamic sampling gave up: after ${batches} of prompts only ${found.join(" and ")} have rewards that differ; ` +
      "take problems that the model solves sometimes but not always (data.train), raise rollouts.groupSize, rollouts.temperature " +
      "or rollouts.dynamicSampling.maximumBatches, or set rollouts.dynamicSampling to null",
  );
}

function tally(
  rounds: GradedRounds,
  task: (typeof tasks)[number],
): { readonly wanted: number; readonly drawn: number; readonly teaching: readonly GradedGroup[] } {
  const of = (groups: readonly GradedGroup[]): GradedGroup[] =>
    groups.filter(({ prompt }) => prompt.task.kind === task);
  const drawn = of(rounds.flat());
  return { wanted: of(rounds[0]).length, drawn: drawn.length, teaching: drawn.filter(isTeaching) };
}

/** By what was earned: length alone is no reason to keep a group. */
function isTeaching({ rollouts }: GradedGroup): boolean {
  return teaches(rollouts.flatMap(({ reward, earned = reward }) => (earned === null ? [] : [earned])));
}
