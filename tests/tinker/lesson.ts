// One lesson that uses every verb of the protocol on a tiny model: what comes of it says whether each datum counted once
// and each call took effect once, in its place. No engine seam and no loop here: those are in whole runs (runs.ts).

import type { TinkerClient, TinkerOptions, TrainingClient } from "../../src/engines/tinker/client/client.js";
import { openTinker } from "../../src/engines/tinker/client/open.js";
import type { WireDatum } from "../../src/engines/tinker/protocol/records.js";

const ADAM = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 };
/** However slow the machine is. */
const DAY_MS = 24 * 3_600_000;
/** More than a chunk holds (see {@link smallChunks}). */
const DATUMS = 5;

export interface Outcome {
  /** Logprobs at the end, after two updates, of what was learnt. */
  readonly logprobs: readonly number[];
  readonly norms: readonly number[];
  readonly sampled: ReadonlyArray<readonly number[]>;
  /** After loading what was saved after the first update, and one update more. */
  readonly resumed: readonly number[];
}

/** A lesson in the model's own words, from creating it to unloading it. */
export async function lesson(options: TinkerOptions): Promise<Outcome> {
  const client = await openTinker({ timeScale: 0.03, patienceMs: DAY_MS, ...options });
  try {
    const baseModel = (await client.capabilities()).models[0].name;
    const model = await client.createModel({ baseModel, lora: { rank: 4, seed: 1 } });
    const norms = [await update(model, 0)];
    const saved = await model.saveWeights("first");
    norms.push(await update(model, 1));
    const sampled = await samples(client, model);
    const logprobs = await learnt(model);
    await model.unload();
    return { logprobs, norms, sampled, resumed: await resume(client, baseModel, saved) };
  } finally {
    await client.close();
  }
}

async function resume(client: TinkerClient, baseModel: string, path: string): Promise<readonly number[]> {
  const model = await client.createModel({ baseModel, lora: { rank: 4, seed: 2 } });
  await model.loadWeights(path, { optimizer: true });
  await update(model, 1);
  const logprobs = await learnt(model);
  await model.unload();
  return logprobs;
}

/** Two gradients, back to back with their step, as the loop makes them. @returns the gradient's norm */
async function update(model: TrainingClient, turn: number): Promise<number> {
  const datums = Array.from({ length: DATUMS }, (_, i) => datum(turn * DATUMS + i));
  const [, , { metrics }] = await Promise.all([
    model.forwardBackward(datums, { name: "cross_entropy" }),
    model.forwardBackward(datums.slice(0, 2), { name: "cross_entropy" }),
    model.optimStep(ADAM),
  ]);
  return metrics["grad_norm"] ?? Number.NaN;
}

async function learnt(model: TrainingClient): Promise<number[]> {
  const datums = Array.from({ length: 2 * DATUMS }, (_, i) => datum(i));
  const { outputs } = await model.forward(datums, { name: "cross_entropy" });
  return outputs.flatMap(({ logprobs }) => Array.from(logprobs));
}

async function samples(client: TinkerClient, model: TrainingClient): Promise<number[][]> {
  const sampler = await model.sampler();
  const named = await client.sampler({ path: await model.saveWeightsForSampler("named") });
  const answers = await Promise.all(
    [sampler, named, sampler].map((from, i) =>
      from.sample({
        prompt: tokensOf(i).slice(0, 4),
        count: 2,
        parameters: { maxTokens: 6, seeds: [`a ${i}`, `b ${i}`] },
        promptLogprobs: false,
        topkPromptLogprobs: 0,
      }),
    ),
  );
  return answers.flatMap(({ sequences }) => sequences.map(({ tokens }) => [...tokens]));
}

/** Any words will do, so long as no two datums are the same. */
const tokensOf = (i: number): number[] => Array.from({ length: 8 + (i % 3) }, (_, t) => 2 + ((7 * i + 13 * t) % 250));

function datum(i: number): WireDatum {
  const tokens = tokensOf(i);
  const targets = tokens.slice(1);
  return {
    modelInput: tokens.slice(0, -1),
    lossInputs: {
      target_tokens: { dtype: "int64", data: targets },
      weights: { dtype: "float32", data: Float32Array.from(targets, (_, t) => (t < 3 ? 0 : 1)) },
    },
  };
}
