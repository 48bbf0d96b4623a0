// What an engine is given of a mini-batch: tokens, with every normaliser folded into one weight a token.

import { tokenWeights } from "../algorithms/aggregation.js";
import type { Datum, Engine } from "../engines/engine.js";
import type { Advantages } from "./advantages.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup } from "./grade.js";

/** The rollouts of a mini-batch that can teach: with no KL term, those with an advantage. Weights count all of them. */
export async function datumsOf(
  engine: Engine,
  chosen: readonly number[],
  groups: readonly GradedGroup[],
  advantages: Advantages,
  config: Config,
): Promise<Datum[]> {
  const rows = chosen.flatMap((g) => {
    const group = groups[g];
    return group.rollouts.flatMap(({ sample }, i) => {
      const advantage = advantages[g]?.[i] ?? null;
      return advantage === null ? [] : [{ prompt: group.promptTokens, sample, advantage }];
    });
  });
  const lengths = rows.map(({ sample }) => sample.tokens.length);
  const weights = tokenWeights(config.policy.aggregation, lengths, config.rollouts.maximumTokens);
  const withKl = config.policy.klCoefficient > 0;
  const datums = rows.flatMap(({ prompt, sample, advantage }, i): Datum[] => {
    if (advantage === 0 && !withKl) return [];
    const length = sample.tokens.length;
    return [
      {
        prompt,
        completion: sample.tokens,
        weights: new Float32Array(length).fill(weights[i]),
        advantages: new Float32Array(length).fill(advantage),
        oldLogprobs: sample.logprobs,
      },
    ];
  });
  if (!withKl) return datums;
  const reference = await engine.logprobs(datums, "reference");
  return datums.map((datum, i) => ({ ...datum, referenceLogprobs: reference[i] }));
}
