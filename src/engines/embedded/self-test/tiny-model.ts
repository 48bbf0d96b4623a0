// What the engine tests itself with as it starts: a tiny model that differs from the real one in its sizes alone, so
// that it is made of the same operators, and a batch with a loss that meets every branch of theirs.

import { Rng } from "../../../core/rng.js";
import type { Loss, OptimStep } from "../../engine.js";
import type { Model } from "../decoder/graphs.js";
import { type Layout, layoutOf } from "../decoder/layout.js";
import type { DecoderConfig } from "../model/config.js";
import { type Batch, type BatchLimits, cutBatches, pickBatch } from "../training/batches.js";
import type { TrainingSequence } from "../training/trainer.js";

export interface TinyModel extends Model {
  readonly weights: Float32Array;
}

const SIZES = { vocabularySize: 48, hiddenSize: 32, layers: 2, heads: 4, headSize: 8, feedForwardSize: 48 };
const CONTEXT_LENGTH = 64;

export function tinyConfig(config: DecoderConfig): DecoderConfig {
  const keyValueHeads = config.keyValueHeads < config.heads ? SIZES.heads / 2 : SIZES.heads;
  return { ...config, ...SIZES, keyValueHeads, contextLength: CONTEXT_LENGTH };
}

export function tinyModel(config: DecoderConfig): TinyModel {
  const tiny = tinyConfig(config);
  const layout = layoutOf(tiny);
  return { config: tiny, layout, weights: livelyWeights(layout, "self-test") };
}

/** Norms, biases and matrices away from their initial values, as training leaves them. */
export function livelyWeights(layout: Layout, seed: string): Float32Array {
  const rng = Rng.of(seed, "lively");
  const weights = new Float32Array(layout.length);
  for (const { name, shape, offset, length } of layout.tensors) {
    const norm = name.toLowerCase().endsWith("norm");
    const deviation =
      shape.length === 1 ? 0.2 : name === "embedding" || name === "head" ? 0.3 : 1.2 / Math.sqrt(shape[1]);
    for (let i = offset; i < offset + length; i++) weights[i] = (norm ? 1 : 0) + deviation * rng.normal();
  }
  return weights;
}

export const TINY_LOSS: Extract<Loss, { kind: "policy" }> = {
  kind: "policy",
  objective: "token-ratio",
  klEstimator: "k3",
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip: 3,
  klCoefficient: 0.1,
};

/** An epsilon that keeps small gradients from being blown up to whole steps, with their noise. */
export const TINY_STEP: OptimStep = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1,
  weightDecay: 0.1,
  gradientClip: 1,
};

/** Two prompts with two completions each. */
export function tinySequences({ config }: Model): Array<{ prompt: number[]; completion: number[] }> {
  const rng = Rng.of("self-test", "tokens");
  const tokens = (length: number): number[] => Array.from({ length }, () => rng.integer(0, config.vocabularySize - 1));
  return [tokens(5), tokens(3)].flatMap((prompt) => [
    { prompt, completion: tokens(6) },
    { prompt, completion: tokens(4) },
  ]);
}

/** Inside the clip's bounds and well outside them, on both sides. */
const RATIOS = [1.02, 1.6, 0.6, 5];
const REFERENCE_OFFSETS = [0.3, -0.2];

/** @param logprobs  of the sequences under the tiny model's weights: the old ones are set so that ratios are as above */
export function tinyBatch(model: Model, logprobs: readonly Float32Array[]): Batch<TrainingSequence> {
  const sequences = tinySequences(model).map((sequence, index): TrainingSequence => {
    const own = logprobs[index];
    return {
      ...sequence,
      weights: own.map((_, at) => 0.5 + 0.1 * at),
      fields: {
        advantages: own.map((_, at) => (at % 2 === 0 ? 1 : -1)),
        oldLogprobs: own.map((logprob, at) => logprob - Math.log(RATIOS[(at + index) % RATIOS.length])),
        referenceLogprobs: own.map((logprob, at) => logprob + REFERENCE_OFFSETS[at % REFERENCE_OFFSETS.length]),
      },
    };
  });
  return oneBatch(sequences);
}

/** No limit at all. */
const WHOLE: BatchLimits = { tokens: 1e6, bytes: 1e9, cost: () => 0, recompute: "never" };

/** @throws RangeError where they do not fit into one */
export function oneBatch<Item extends { prompt: readonly number[]; completion: readonly number[] }>(
  sequences: readonly Item[],
): Batch<Item> {
  const batches = cutBatches(sequences, [...sequences.keys()], WHOLE);
  if (batches.length !== 1) throw new RangeError(`${sequences.length} sequences gave ${batches.length} batches`);
  return pickBatch(batches[0], sequences);
}
