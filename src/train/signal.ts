// What a step's metrics say of the signal before any update: importance weights, and KL taken from rewards.

import { importanceWeights } from "../algorithms/importance.js";
import { ratioOf } from "../algorithms/policy-loss.js";
import { mean, sum } from "../core/maths.js";
import type { StepMetrics } from "../runs/metrics.js";
import { klPenalties } from "./advantages.js";
import type { Config } from "./config/schema.js";
import { oldLogprobsOf, type RescoredGroup, type RescoredRollout } from "./rescore.js";

export const noSignal = {
  "policy/importance_mean": null,
  "policy/importance_capped": null,
  "policy/reward_kl": null,
} as const satisfies Omit<StepMetrics, "step">;

/** Over all rollouts with a reward; with importance weights the first ratio error too, which no update can show then. */
export function signalMetrics(groups: readonly RescoredGroup[], config: Config): Omit<StepMetrics, "step"> {
  const rollouts = groups.flatMap((group) => group.rollouts.filter(({ reward }) => reward !== null));
  if (rollouts.length === 0) return noSignal;
  return { ...noSignal, ...importanceMetrics(rollouts, config), ...rewardKlMetrics(rollouts, config) };
}

function importanceMetrics(
  rollouts: readonly RescoredRollout[],
  { policy: { importance } }: Config,
): Omit<StepMetrics, "step"> {
  if (!importance) return {};
  const weights = rollouts.flatMap((rollout) =>
    importanceWeights(oldLogprobsOf(rollout), rollout.sample.logprobs, importance),
  );
  let furthest = 0;
  for (const rollout of rollouts) {
    for (const [t, logprob] of oldLogprobsOf(rollout).entries()) {
      furthest = Math.max(furthest, Math.abs(ratioOf(logprob, rollout.sample.logprobs[t]) - 1));
    }
  }
  return {
    "policy/importance_mean": mean(weights),
    "policy/importance_capped": mean(weights.map((weight) => Number(weight === importance.cap))),
    "policy/first_ratio_error": furthest,
  };
}

function rewardKlMetrics(rollouts: readonly RescoredRollout[], config: Config): Omit<StepMetrics, "step"> {
  const penalties = rollouts.flatMap((rollout) => klPenalties(rollout, config) ?? []);
  return penalties.length === 0 ? {} : { "policy/reward_kl": sum(penalties) / rollouts.length };
}
