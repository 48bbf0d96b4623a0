// What an engine is given of a mini-batch: tokens, with every normaliser folded into one weight a token and every
// importance weight into its advantage; and the loss that they enter.

import { tokenWeights } from "../algorithms/aggregation.js";
import { type Advantage, algorithmOf } from "../algorithms/algorithm.js";
import { importanceWeights } from "../algorithms/importance.js";
import type { Datum, Loss } from "../engines/engine.js";
import type { Advantages } from "./advantages.js";
import type { Config } from "./config/schema.js";
import { oldLogprobsOf, type RescoredGroup, type RescoredRollout } from "./rescore.js";

/** The policy loss that the config asks for; KL in the reward is no part of it. */
export function lossOf({ algorithm, policy }: Config): Extract<Loss, { kind: "policy" }> {
  const { clipLow, clipHigh, dualClip, klEstimator, klPlacement } = policy;
  const klCoefficient = klPlacement === "loss" ? policy.klCoefficient : 0;
  const { objective } = algorithmOf(algorithm);
  return { kind: "policy", objective, clipLow, clipHigh, dualClip, klEstimator, klCoefficient };
}

/** The rollouts of a mini-batch that can teach: with no KL term, those with an advantage. Weights count all of them. */
export function datumsOf(
  chosen: readonly number[],
  groups: readonly RescoredGroup[],
  advantages: Advantages,
  config: Config,
): Datum[] {
  const rows = chosen.flatMap((g) => {
    const group = groups[g];
    return group.rollouts.flatMap((rollout, i) => {
      const advantage = advantages[g]?.[i] ?? null;
      return advantage === null ? [] : [{ prompt: group.promptTokens, rollout, advantage }];
    });
  });
  const lengths = rows.map(({ rollout }) => rollout.sample.tokens.length);
  const weights = tokenWeights(config.policy.aggregation, lengths, config.rollouts.maximumTokens);
  const withKl = lossOf(config).klCoefficient > 0;
  return rows.flatMap(({ prompt, rollout, advantage }, i): Datum[] => {
    if (isZero(advantage) && !withKl) return [];
    const { referenceLogprobs, sample } = rollout;
    return [
      {
        prompt,
        completion: sample.tokens,
        weights: new Float32Array(sample.tokens.length).fill(weights[i]),
        advantages: tokenAdvantages(rollout, advantage, config),
        oldLogprobs: oldLogprobsOf(rollout),
        ...(referenceLogprobs && { referenceLogprobs }),
      },
    ];
  });
}

function isZero(advantage: Advantage): boolean {
  return typeof advantage === "number" ? advantage === 0 : advantage.every((value) => value === 0);
}

/**
 * [T]; an importance weight belongs to the policy's part of the loss alone, which is proportional to the advantage: KL
 * has the token's own weight.
 */
function tokenAdvantages(rollout: RescoredRollout, advantage: Advantage, { policy }: Config): Float32Array {
  const { sample } = rollout;
  const values = Float32Array.from(sample.tokens, (_, t) => (typeof advantage === "number" ? advantage : advantage[t]));
  if (!policy.importance) return values;
  const importance = importanceWeights(oldLogprobsOf(rollout), sample.logprobs, policy.importance);
  return values.map((value, t) => value * importance[t]);
}
