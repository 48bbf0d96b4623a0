// What is known of a step's tokens before its first update, beside what was sampled: their logprobs under the policy as
// it is then, and under the frozen reference, where the config needs them.

import type { Engine } from "../engines/engine.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup, GradedRollout } from "./grade.js";

export interface RescoredRollout extends GradedRollout {
  /** [T] of the policy before the step's first update; absent where the sampler's are taken for them. */
  readonly policyLogprobs?: Float32Array;
  /** [T] of the frozen reference; absent where nothing asks for them. */
  readonly referenceLogprobs?: Float32Array;
}

export interface RescoredGroup extends GradedGroup {
  readonly rollouts: readonly RescoredRollout[];
}

/**
 * Adds logprobs to the rollouts that have a reward: the policy's for `policy.importance`, the reference's for KL. Without
 * these the engine is not asked.
 *
 * @param isLearnt  false where the step only collects: then KL in the reward is all that a record shows of them
 */
export async function rescore(
  engine: Engine,
  groups: readonly GradedGroup[],
  { policy }: Config,
  isLearnt = true,
): Promise<readonly RescoredGroup[]> {
  if (!isLearnt && policy.klPlacement !== "reward") return groups;
  const sequences = groups.flatMap(({ promptTokens, rollouts }) =>
    rollouts.flatMap(({ reward, sample }) =>
      reward === null ? [] : [{ prompt: promptTokens, completion: sample.tokens }],
    ),
  );
  if (sequences.length === 0) return groups;
  const known = policy.importance ? await engine.logprobs(sequences, "policy") : undefined;
  const reference = policy.klCoefficient > 0 ? await engine.logprobs(sequences, "reference") : undefined;
  if (!known && !reference) return groups;
  let next = 0;
  const rescored = (rollout: GradedRollout): RescoredRollout => {
    if (rollout.reward === null) return rollout;
    const at = next++;
    return {
      ...rollout,
      ...(known && { policyLogprobs: known[at] }),
      ...(reference && { referenceLogprobs: reference[at] }),
    };
  };
  return groups.map((group) => ({ ...group, rollouts: group.rollouts.map(rescored) }));
}

/** [T] what ratios are taken to: the policy before the step's first update. */
export function oldLogprobsOf({ policyLogprobs, sample }: RescoredRollout): Float32Array {
  return policyLogprobs ?? sample.logprobs;
}
