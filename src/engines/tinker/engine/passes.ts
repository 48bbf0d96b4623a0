// What a server is sent of an update: datums shifted as the protocol has them, with values for each place of the model's
// input, and the loss that makes its reduction the plain sum of the seam. Pure; nothing here is asked of a server.

import { type WeightedTokens, weightedSlopes } from "../../../algorithms/weighted-loss.js";
import { ShapeError } from "../../../core/errors.js";
import type { Datum, Loss } from "../../engine.js";
import type { Tensor, WireDatum } from "../protocol/records.js";
import type { Profile } from "./profile.js";

export interface Sequence {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

/** One forward_backward. */
export interface Pass {
  readonly datums: readonly WireDatum[];
  readonly loss: { readonly name: string; readonly config?: Readonly<Record<string, number>> };
}

export type PolicyLoss = Extract<Loss, { kind: "policy" }>;

/** What only tells logprobs; its gradient is never asked for. */
export function valuePass(sequences: readonly Sequence[]): Pass {
  const datums = sequences.map((sequence) =>
    wireDatum(sequence, { weights: new Float32Array(sequence.completion.length).fill(1) }),
  );
  return { datums, loss: { name: "cross_entropy" } };
}

/**
 * A policy loss in one pass, where a loss of the server's has the same gradient; else null: then the slopes of the loss
 * by the logprobs, which a {@link valuePass} tells, make it a {@link linearPass}.
 */
export function ownPass(datums: readonly Datum[], loss: PolicyLoss, profile: Profile): Pass | null {
  const name = ownLoss(loss, profile);
  // Under a negative weight the smaller of two losses is the larger.
  if (name === null || datums.some(({ weights }) => weights.some((weight) => weight < 0))) return null;
  return advantagePass(
    datums,
    datums.map(({ weights, advantages }) => weights.map((weight, t) => weight * (advantages?.[t] ?? 0))),
    profile,
    { name, low: 1 - loss.clipLow, high: 1 + loss.clipHigh },
  );
}

function ownLoss({ objective, dualClip, klCoefficient }: PolicyLoss, { losses }: Profile): "ppo" | "cispo" | null {
  if (klCoefficient > 0) return null;
  if (objective === "token-ratio" && dualClip === null && losses.includes("ppo")) return "ppo";
  return objective === "clipped-weight" && losses.includes("cispo") ? "cispo" : null;
}

/** [datums][T] minus the slopes of the loss by each logprob: what {@link linearPass} takes. */
export function coefficientsOf(
  datums: readonly Datum[],
  logprobs: readonly Float32Array[],
  loss: PolicyLoss,
): Float32Array[] {
  return datums.map((datum, i) =>
    Float32Array.from(weightedSlopes(tokensOf(datum, logprobs[i]), loss), (slope) => -slope),
  );
}

/** A datum of the policy loss with logprobs as they are now. @throws ShapeError where it is none */
export function tokensOf(
  { weights, advantages, oldLogprobs, referenceLogprobs }: Datum,
  logprobs: Float32Array,
): WeightedTokens {
  if (!advantages || !oldLogprobs) throw new ShapeError("a datum of the policy loss needs advantages and old logprobs");
  return { weights, advantages, oldLogprobs, logprobs, ...(referenceLogprobs && { referenceLogprobs }) };
}

/** The gradient of sum_t -c_t logprob_t, for c of any sign. */
export function linearPass(datums: readonly Sequence[], coefficients: readonly Float32Array[], profile: Profile): Pass {
  switch (profile.reduction) {
    case "sum":
      return {
        datums: datums.map((datum, i) => wireDatum(datum, { weights: fromTheFirst(coefficients[i]) })),
        loss: { name: "cross_entropy" },
      };
    case "sequence-mean":
      // Weights are divided by their own sum there; a ratio that is clipped to 1 leaves the advantage alone.
      return advantagePass(
        datums.map(({ prompt, completion }) => ({ prompt, completion })),
        coefficients,
        profile,
        { name: "cispo", low: 1, high: 1 },
      );
    default:
      return profile.reduction satisfies never;
  }
}

/** Servers may take leading zeros for the prompt, of which they tell less: a first token that counts nothing weighs this. */
const NEXT_TO_NOTHING = 1e-30;

function fromTheFirst(weights: Float32Array): Float32Array {
  if (weights[0] !== 0) return weights;
  const changed = weights.slice();
  changed[0] = NEXT_TO_NOTHING;
  return changed;
}

/**
 * A loss that is linear in the advantage, summed over all tokens of all datums.
 *
 * Where the server takes mean_i (sum_t w f / sum_t w), w is the mask of the completion, and N T_i stands in the advantage.
 */
function advantagePass(
  datums: ReadonlyArray<Sequence & { readonly oldLogprobs?: Float32Array }>,
  advantages: readonly Float32Array[],
  { reduction }: Profile,
  { name, low, high }: { readonly name: string; readonly low: number; readonly high: number },
): Pass {
  const wired = datums.map((datum, i) => {
    const { length } = datum.completion;
    const logprobs = datum.oldLogprobs ?? new Float32Array(length);
    if (reduction === "sum") return wireDatum(datum, { logprobs, advantages: advantages[i] });
    const weights = new Float32Array(length).fill(1);
    const scaled = advantages[i].map((advantage) => advantage * datums.length * length);
    return wireDatum(datum, { logprobs, advantages: scaled, weights });
  });
  return { datums: wired, loss: { name, config: { clip_low_threshold: low, clip_high_threshold: high } } };
}

/** [T] of each in: [N] out, zeros at the prompt. */
function wireDatum({ prompt, completion }: Sequence, inputs: Readonly<Record<string, Float32Array>>): WireDatum {
  const tokens = [...prompt, ...completion];
  const lossInputs: Record<string, Tensor> = { target_tokens: { dtype: "int64", data: tokens.slice(1) } };
  for (const [name, values] of Object.entries(inputs)) {
    const data = new Float32Array(tokens.length - 1);
    data.set(values, prompt.length - 1);
    lossInputs[name] = { dtype: "float32", data };
  }
  return { modelInput: tokens.slice(0, -1), lossInputs };
}
