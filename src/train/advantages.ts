// From a step's rewards to its advantages: the algorithm's function over the groups, around rollouts without a reward,
// and KL where it is part of the reward.

import { type Advantage, algorithmOf, type ScoredRollout } from "../algorithms/algorithm.js";
import { k1 } from "../algorithms/kl.js";
import type { Config } from "./config/schema.js";
import { oldLogprobsOf, type RescoredGroup, type RescoredRollout } from "./rescore.js";

/** [groups][G]; null for a rollout without a reward, which is left out. */
export type Advantages = ReadonlyArray<ReadonlyArray<Advantage | null>>;

/**
 * Advantages of each rollout, null for one without a reward.
 *
 * Each task is given to the algorithm alone, as in J = E[r A_gen] + E[r' A_sem] (CodeRL+, arXiv 2510.18471): where the
 * batch is the baseline or the scale, one over both would push the task that earns less down and the other one up.
 */
export function advantagesOf(groups: readonly RescoredGroup[], config: Config): Advantages {
  const found = new Map<RescoredGroup, Advantage[]>();
  for (const task of ["code", "alignment"]) {
    const rewarded = groups.filter(
      ({ prompt, rollouts }) => prompt.task.kind === task && rollouts.some(({ reward }) => reward !== null),
    );
    const scored = rewarded.map(({ rollouts }) => rollouts.flatMap((rollout) => scoredRollout(rollout, config)));
    for (const [i, advantages] of algorithmOf(config.algorithm).advantages(scored).entries()) {
      found.set(rewarded[i], advantages);
    }
  }
  return groups.map((group) => {
    const values = found.get(group)?.values();
    return group.rollouts.map(({ reward }) => (reward === null ? null : (values?.next().value ?? null)));
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
