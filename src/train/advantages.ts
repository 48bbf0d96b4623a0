// From a step's rewards to its advantages: the algorithm's function over the groups, around rollouts without a reward.

import type { GradedGroup } from "./grade.js";

/** [groups][G]; null for a rollout without a reward, which is left out. */
export type Advantages = ReadonlyArray<ReadonlyArray<number | null>>;

/** [G] advantages of each group, null for a rollout without a reward. */
export function advantagesOf(
  groups: readonly GradedGroup[],
  advantages: (rewards: ReadonlyArray<readonly number[]>) => number[][],
): Advantages {
  const rewards = groups.map(({ rollouts }) => rollouts.flatMap(({ reward }) => (reward === null ? [] : [reward])));
  const filled = advantages(rewards.filter((group) => group.length > 0));
  let next = 0;
  return groups.map(({ rollouts }, i) => {
    const values = rewards[i]?.length ? [...(filled[next++] ?? [])] : [];
    return rollouts.map(({ reward }) => (reward === null ? null : (values.shift() ?? null)));
  });
}
