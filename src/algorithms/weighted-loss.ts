// The whole loss of one completion, with its weights and its KL term, and how it changes with each logprob. What stands
// at `Loss` in engines/engine.ts, in plain numbers: engines whose own losses are fewer are given these slopes.

import { clamp, sum } from "../core/maths.js";
import { type KlEstimator, k1, k2, k3 } from "./kl.js";
import { type CompletionTokens, type PolicyObjective, ratioOf, sequenceRatio, tokenLosses } from "./policy-loss.js";

export interface WeightedObjective extends PolicyObjective {
  readonly klCoefficient: number;
  readonly klEstimator: KlEstimator;
}

/** [T] each. */
export interface WeightedTokens extends CompletionTokens {
  /** 0 leaves a token out, of a sequence's ratio too. */
  readonly weights: ArrayLike<number>;
  /** Only where klCoefficient > 0. */
  readonly referenceLogprobs?: ArrayLike<number>;
}

/** sum_t w_t (policy_t + klCoefficient kl_t), policy_t as {@link tokenLosses} has it   (docs/algorithms) */
export function weightedLoss(tokens: WeightedTokens, terms: WeightedObjective): number {
  const counted = countedTokens(tokens);
  const kl = klTerms(counted, terms, "value");
  return sum(tokenLosses(counted, terms).map((policy, i) => counted.weights[i] * (policy + kl[i])));
}

/**
 * d weightedLoss / d logprob_t at every token. CISPO's weight has no slope; that of k1 is k2's, the gradient of the
 * divergence which k1 estimates. Where a bound holds, the slope is 0.
 *
 * @returns  [T], 0 where the weight is
 */
export function weightedSlopes(tokens: WeightedTokens, terms: WeightedObjective): Float64Array {
  const counted = countedTokens(tokens);
  const kl = klTerms(counted, terms, "slope");
  const slopes = new Float64Array(tokens.logprobs.length);
  for (const [i, policy] of policySlopes(counted, terms).entries()) {
    slopes[counted.places[i]] = policy + counted.weights[i] * kl[i];
  }
  return slopes;
}

/** [counted] d sum_t w_t policy_t / d logprob_t. */
function policySlopes(tokens: CountedTokens, terms: PolicyObjective): number[] {
  const { logprobs, oldLogprobs, advantages, weights } = tokens;
  switch (terms.objective) {
    case "token-ratio":
      return logprobs.map((logprob, i) => {
        const moves = Math.abs(logprob - oldLogprobs[i]) <= 20;
        const ratio = ratioOf(logprob, oldLogprobs[i]);
        return moves && !isBounded(ratio, advantages[i], terms) ? -weights[i] * advantages[i] * ratio : 0;
      });
    case "sequence-ratio": {
      if (logprobs.length === 0) return [];
      const ratio = sequenceRatio(logprobs, oldLogprobs);
      const moves = ratio > Math.exp(-20) && ratio < Math.exp(10);
      const live = advantages.map((advantage, i) => (isBounded(ratio, advantage, terms) ? 0 : weights[i] * advantage));
      return logprobs.map(() => (moves ? (-ratio * sum(live)) / logprobs.length : 0));
    }
    case "clipped-weight":
      return logprobs.map((logprob, i) => {
        const weight = clamp(ratioOf(logprob, oldLogprobs[i]), 1 - terms.clipLow, 1 + terms.clipHigh);
        return -weights[i] * advantages[i] * weight;
      });
    default:
      return terms.objective satisfies never;
  }
}

/** Whether the clipped ratio, or the dual clip, is what the loss of this token is made of. */
function isBounded(ratio: number, advantage: number, { clipLow, clipHigh, dualClip }: PolicyObjective): boolean {
  const isClipped = advantage >= 0 ? ratio > 1 + clipHigh : ratio < 1 - clipLow;
  return isClipped || (advantage < 0 && dualClip !== null && ratio > dualClip);
}

type Estimator = (logprob: number, reference: number) => number;

/** The estimators of kl.ts and their slopes by the logprob. */
const KL: Readonly<Record<KlEstimator, { readonly value: Estimator; readonly slope: Estimator }>> = {
  k1: { value: k1, slope: k1 },
  k2: { value: k2, slope: k1 },
  k3: {
    value: k3,
    slope: (logprob, reference) => {
      const difference = logprob - reference;
      const isBounded = Math.abs(difference) > 20 || k3(logprob, reference) >= 10;
      return isBounded ? 0 : 1 - Math.exp(-difference);
    },
  },
};

/** [counted] */
function klTerms(
  { logprobs, referenceLogprobs }: CountedTokens,
  { klCoefficient, klEstimator }: WeightedObjective,
  what: "value" | "slope",
): number[] {
  if (klCoefficient <= 0) return logprobs.map(() => 0);
  return logprobs.map(
    (logprob, i) => klCoefficient * KL[klEstimator][what](logprob, referenceLogprobs?.[i] ?? Number.NaN),
  );
}

/** [counted] each, without the tokens that are left out. */
interface CountedTokens {
  /** Where these tokens stand in the completion. */
  readonly places: readonly number[];
  readonly logprobs: readonly number[];
  readonly oldLogprobs: readonly number[];
  readonly advantages: readonly number[];
  readonly weights: readonly number[];
  readonly referenceLogprobs: readonly number[] | undefined;
}

function countedTokens({
  weights,
  logprobs,
  oldLogprobs,
  advantages,
  referenceLogprobs,
}: WeightedTokens): CountedTokens {
  const places = Array.from(weights, (_, t) => t).filter((t) => weights[t] !== 0);
  const at = (values: ArrayLike<number>): number[] => places.map((t) => values[t]);
  return {
    places,
    weights: at(weights),
    logprobs: at(logprobs),
    oldLogprobs: at(oldLogprobs),
    advantages: at(advantages),
    referenceLogprobs: referenceLogprobs && at(referenceLogprobs),
  };
}
