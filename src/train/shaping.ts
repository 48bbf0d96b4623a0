// What a completion's length takes from its reward. It comes after the choice of groups (dynamic sampling goes by what
// was earned, as verl's DAPO does) and before advantages.

import { overlongPenalty } from "../algorithms/overlong.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup, GradedRollout } from "./grade.js";

/** The groups with `reward.overlong` added to rewards, and to their parts as `overlong`. */
export function shaped(groups: readonly GradedGroup[], { reward, rollouts }: Config): readonly GradedGroup[] {
  const { overlong } = reward;
  if (!overlong) return groups;
  const options = { maximumTokens: rollouts.maximumTokens, ...overlong };
  const withPenalty = (rollout: GradedRollout): GradedRollout => {
    if (rollout.reward === null) return rollout;
    const penalty = overlongPenalty(rollout.sample.tokens.length, options);
    return {
      ...rollout,
      reward: rollout.reward + penalty,
      rewardParts: { ...rollout.rewardParts, overlong: penalty },
    };
  };
  return groups.map((group) => ({ ...group, rollouts: group.rollouts.map(withPenalty) }));
}
