// What holds where a config leaves it open, because it depends on other keys: on the algorithm first of all. Defaults
// that depend on nothing stand in the schema.

import { algorithmOf } from "../../algorithms/algorithm.js";
import type { KlPlacement } from "../../algorithms/kl.js";
import type { Config, ParsedConfig } from "./schema.js";

export function withDefaults(parsed: ParsedConfig): Config {
  const { rollouts, reward } = parsed;
  const { dynamicSampling = null, overlong } = algorithmOf(parsed.algorithm).defaults;
  const buffer = overlong && {
    bufferTokens: Math.max(1, Math.floor(rollouts.maximumTokens * overlong.bufferShare)),
    factor: overlong.factor,
  };
  return {
    ...parsed,
    rollouts: { ...rollouts, dynamicSampling: valueOr(rollouts.dynamicSampling, dynamicSampling) },
    reward: { ...reward, overlong: valueOr(reward.overlong, buffer ?? null) },
    policy: policyDefaults(parsed),
  };
}

function policyDefaults({ algorithm, policy, rollouts }: ParsedConfig): Config["policy"] {
  const { objective, defaults } = algorithmOf(algorithm);
  const { aggregation, clipLow, clipHigh, dualClip, klCoefficient = 0 } = defaults;
  const level = objective === "sequence-ratio" ? "sequence" : "token";
  const klPlacement = policy.klPlacement ?? klDefaults(algorithm).klPlacement;
  return {
    aggregation: policy.aggregation ?? aggregation,
    clipLow: policy.clipLow ?? clipLow,
    clipHigh: policy.clipHigh ?? clipHigh,
    dualClip: valueOr(policy.dualClip, dualClip),
    klCoefficient: policy.klCoefficient ?? klCoefficient,
    klPlacement,
    klEstimator: policy.klEstimator ?? klDefaults(algorithm, klPlacement).klEstimator,
    importance: valueOr(policy.importance, rollouts.stepsBehind > 0 ? { level, cap: 2 } : null),
    maximumOldKl: policy.maximumOldKl,
  };
}

/** Where KL goes and how it is estimated if a config says neither; in the reward it is k1, whatever the algorithm. */
export function klDefaults(
  algorithm: Config["algorithm"],
  placement?: KlPlacement,
): Pick<Config["policy"], "klPlacement" | "klEstimator"> {
  const { klPlacement = "loss", klEstimator = "k3" } = algorithmOf(algorithm).defaults;
  const place = placement ?? klPlacement;
  if (place === "reward") return { klPlacement: place, klEstimator: "k1" };
  return { klPlacement: place, klEstimator: klPlacement === "loss" ? klEstimator : "k3" };
}

/** A null was asked for. */
function valueOr<T>(value: T | undefined, otherwise: T): T {
  return value === undefined ? otherwise : value;
}
