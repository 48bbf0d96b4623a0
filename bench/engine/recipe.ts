// A step of the default recipe, on the shape of its model: 32 prompts x 8 rollouts sampled, then trained in two
// mini-batches. The weights are random, so lengths are fixed by maxTokens, spread as trained rollouts are.

import { Rng } from "../../src/core/rng.js";
import { traitsOf } from "../../src/engines/embedded/families/families.js";
import type { DecoderConfig } from "../../src/engines/embedded/model/config.js";
import type { Datum, Engine, SampleRequest } from "../../src/engines/engine.js";

export const RECIPE_CONFIG: DecoderConfig = {
  vocabularySize: 512,
  hiddenSize: 96,
  layers: 3,
  heads: 4,
  keyValueHeads: 4,
  headSize: 24,
  feedForwardSize: 256,
  contextLength: 256,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { kind: "none" } },
  tied: true,
  ...traitsOf("qwen2"),
};
const PROMPTS = 32;
const ROLLOUTS = 8;

export interface RecipeStep {
  readonly stepSeconds: number;
  readonly processorSeconds: number;
  readonly samplingTokensPerSecond: number;
  readonly trainingTokensPerSecond: number;
  /** Of |ratio - 1| before the first update: the sampler's logprobs against the trainer's. */
  readonly largestRatioError: number;
}

/** Code prompts of about 50 tokens, alignment prompts longer, as 60 / 40. */
function requests(step: number): SampleRequest[] {
  const rng = Rng.of("bench", step);
  return Array.from({ length: PROMPTS }, (_, prompt) => ({
    prompt: Array.from({ length: prompt < 19 ? rng.integer(40, 60) : rng.integer(90, 130) }, () => rng.integer(2, 511)),
    count: ROLLOUTS,
    maxTokens: rng.integer(25, 65),
    temperature: 1,
    seeds: Array.from({ length: ROLLOUTS }, (__, rollout) => `${step} ${prompt} ${rollout}`),
  }));
}

export async function recipeStep(engine: Engine, step: number): Promise<RecipeStep> {
  const asked = requests(step);
  const rng = Rng.of("advantages", step);
  const busy = process.cpuUsage();
  const start = performance.now();
  const samples = await engine.sample(asked);
  const between = performance.now();
  const data = asked.flatMap(({ prompt }, request) =>
    samples[request].map(({ tokens, logprobs }): Datum => {
      const fill = (value: number): Float32Array => new Float32Array(tokens.length).fill(value);
      return { prompt, completion: tokens, weights: fill(1e-4), advantages: fill(rng.normal()), oldLogprobs: logprobs };
    }),
  );
  let error = 0;
  for (const half of [0, 1]) {
    const batch = data.filter((_, index) => Math.floor(index / ROLLOUTS) % 2 === half);
    const loss = {
      kind: "policy",
      objective: "token-ratio",
      klEstimator: "k3",
      clipLow: 0.2,
      clipHigh: 0.2,
      dualClip: 3,
      klCoefficient: 0,
    } as const;
    const { logprobs } = await engine.forwardBackward(batch, loss);
    if (half === 0) error = ratioError(batch, logprobs);
    await engine.optimStep({
      learningRate: 3e-4,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0,
      gradientClip: 1,
    });
  }
  const end = performance.now();
  const { user, system } = process.cpuUsage(busy);
  const sampled = data.reduce((sum, { completion }) => sum + completion.length, 0);
  const trained = data.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0);
  return {
    stepSeconds: (end - start) / 1000,
    processorSeconds: (user + system) / 1e6,
    samplingTokensPerSecond: (sampled / (between - start)) * 1000,
    trainingTokensPerSecond: (trained / (end - between)) * 1000,
    largestRatioError: error,
  };
}

function ratioError(batch: readonly Datum[], logprobs: readonly Float32Array[]): number {
  const errors = batch.flatMap(({ oldLogprobs }, index) =>
    [...(oldLogprobs ?? [])].map((old, at) => Math.abs(Math.exp(logprobs[index][at] - old) - 1)),
  );
  return Math.max(...errors);
}
