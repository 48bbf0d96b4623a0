// Combinations of algorithm, policy and reward keys that make no sense: see refusals.ts.

import { algorithmOf } from "../../algorithms/algorithm.js";
import { klDefaults } from "./defaults.js";
import type { Rule } from "./refusals.js";

const objectives: readonly Rule[] = [
  ({ algorithm, policy }) =>
    algorithmOf(algorithm).objective === "sequence-ratio" &&
    policy.aggregation !== "seq-mean-token-mean" &&
    `policy.aggregation is ${policy.aggregation}, but ${algorithm} has one ratio for a whole completion, which counts once whatever its length; set seq-mean-token-mean`,
  ({ algorithm, policy }) =>
    algorithmOf(algorithm).objective === "clipped-weight" &&
    policy.dualClip !== null &&
    `policy.dualClip is ${policy.dualClip}, but ${algorithm} bounds every weight with clipHigh already, and no ratio enters its gradient otherwise; set it to null`,
  ({ policy: { dualClip, clipHigh } }) =>
    dualClip !== null &&
    dualClip <= 1 + clipHigh &&
    `policy.dualClip is ${dualClip}, within the clip's own bound of 1 + clipHigh = ${1 + clipHigh}: it would stop what clipping lets through; set it higher, or to null`,
  ({ algorithm, policy: { clipLow, clipHigh } }) =>
    algorithm === "dapo" &&
    clipHigh < clipLow &&
    `policy.clipHigh is ${clipHigh}, below policy.clipLow (${clipLow}), but dapo is to clip higher; raise it, or set algorithm: grpo`,
  ({ algorithm, policy: { importance } }) =>
    algorithmOf(algorithm).objective === "sequence-ratio" &&
    importance?.level === "token" &&
    `policy.importance.level is token, but ${algorithm} has one ratio for a whole completion; set sequence`,
];

const kl: readonly Rule[] = [
  ({ policy: { klPlacement, klEstimator } }) =>
    klPlacement === "reward" &&
    klEstimator !== "k1" &&
    `policy.klEstimator is ${klEstimator} and policy.klPlacement reward: a reward is never differentiated, and there only k1 leads to the gradient of KL; set klEstimator: k1, or klPlacement: loss`,
  ({ algorithm, policy: { klCoefficient, klEstimator, klPlacement } }) =>
    klCoefficient === 0 &&
    klEstimator !== klDefaults(algorithm, klPlacement).klEstimator &&
    `policy.klEstimator is ${klEstimator}, but policy.klCoefficient is 0: there is no KL term; set klCoefficient above 0, or leave klEstimator out`,
  ({ algorithm, policy: { klCoefficient, klPlacement } }) =>
    klCoefficient === 0 &&
    klPlacement !== klDefaults(algorithm).klPlacement &&
    `policy.klPlacement is ${klPlacement}, but policy.klCoefficient is 0: there is no KL to place; set klCoefficient above 0, or leave klPlacement out`,
];

const sampling: readonly Rule[] = [
  ({ rollouts: { groupSize, dynamicSampling } }) =>
    dynamicSampling !== null &&
    groupSize === 1 &&
    `rollouts.dynamicSampling is set and rollouts.groupSize is 1: a group of one has nothing to differ from; use 2 or more, or set dynamicSampling: null`,
  ({ algorithm, rollouts: { groupSize } }) =>
    algorithmOf(algorithm).baseline === "group" &&
    groupSize === 1 &&
    `rollouts.groupSize is 1: a group of one has no baseline, so ${algorithm} cannot learn from it; use 2 or more`,
  ({ algorithm, rollouts: { dynamicSampling } }) =>
    dynamicSampling !== null &&
    algorithmOf(algorithm).baseline === "batch" &&
    `rollouts.dynamicSampling is set, but the baseline of ${algorithm} is the whole batch, so that groups of equal rewards teach too; set it to null, or algorithm: ${algorithm}-baseline`,
  ({ reward: { overlong }, rollouts: { maximumTokens } }) =>
    overlong !== null &&
    overlong.bufferTokens > maximumTokens &&
    `reward.overlong.bufferTokens is ${overlong.bufferTokens}, more than the ${maximumTokens} tokens of rollouts.maximumTokens: every completion would pay; lower it`,
];

export const policyRules: readonly Rule[] = [...objectives, ...kl, ...sampling];
