// From a step's rewards to its advantages: the algorithm's function over the groups, around rollouts without a reward,
// and KL where it is part of the reward.

import { type Advantage, algorithmOf, type ScoredRollout } from "../algorithms/algorithm.js";
import { k1 } from "../algorithms/kl.js";
import type { Config } from "./config/schema.js";
import { oldLogprobsOf, type RescoredGroup, type RescoredRollout } from "./rescore.js";

/** [groups][G]; null for a rollout without a reward, which is left out. */
export type Advantages = ReadonlyArray<ReadonlyArray<Advantage | null>>;

/** Advantages of each rollout, null for one without a reward. */
export function advantagesOf(groups: readonly RescoredGroup[], config: Config): Advantages {
  const scored = groups.map(({ rollouts }) => rollouts.flatMap((rollout) => scoredRollout(rollout, config)));
  const filled = algorithmOf(config.algorithm).advantages(scored.filter((group) => group.length > 0));
  let next = 0;
  return groups.map(({ rollouts }, i) => {
    const values = scored[i]?.length ? [...(filled[next++] ?? [])] : [];
    return rollouts.map(({ reward }) => (reward === null ? null : (values.shift() ?? null)));
  });
}

/** What a rollout's record calls its advantage: that of its first token, where they differ from token to token. */
export function recordedAdvantage(advantage: Advantage | null): number | null {
  return typeof advantage === "object" ? (advantage?.[0] ?? null) : advantage;
}

function scoredRollout(rollout: RescoredRollout, config: Config): ScoredRollout[] {
  const { reward, sample } = rollout;
  if (reward === null) return [];
  const scored = { reward, length: sample.tokens.length };
  const penalties = klPenalties(rollout, config);
  return [penalties ? { ...scored, penalties } : scored];
}

/**
 * [T] what KL takes from each token's reward; undefined where it takes nothing.
 *
 * klCoefficient * k1, k1 = logprob - reference under the policy before the update   (verl core_algos.py compute_rewards)
 */
export function klPenalties(
  rollout: RescoredRollout,
  { policy }: Pick<Config, "policy">,
): readonly number[] | undefined {
  const { referenceLogprobs } = rollout;
  if (policy.klPlacement !== "reward" || policy.klCoefficient === 0 || !referenceLogprobs) return undefined;
  const logprobs = oldLogprobsOf(rollout);
  return Array.from(logprobs, (logprob, t) => policy.klCoefficient * k1(logprob, referenceLogprobs[t]));
}
