// The whole of a training step on the device, and a few sampled tokens, against the processor's numbers: drivers differ,
// and ONNX Runtime's provider has had operators that are wrong without a word.

import type { OpenSession, Runtime } from "../graph/program.js";
import type { DecoderConfig } from "../model/config.js";
import { compareNumbers, fail, LOGPROB_TOLERANCE, largestDifference, type Numbers } from "../self-test/numbers.js";
import { testProcessor } from "../self-test/processor.js";
import {
  oneBatch,
  TINY_LOSS,
  TINY_STEP,
  type TinyModel,
  tinyBatch,
  tinyModel,
  tinySequences,
} from "../self-test/tiny-model.js";
import type { OptimizerState } from "../training/optimizer.js";
import { Trainer } from "../training/trainer.js";
import { loadedWeights, type WeightFeeds } from "../weights.js";
import { compileKernels } from "./kernels.js";
import { observe, type Placement } from "./placement.js";
import { ResidentModel } from "./resident-model.js";
import { ResidentSampler } from "./resident-sampler.js";

const DEVICE = "webgpu";

/**
 * @param guard  as in {@link Runtime}
 * @param open   opens sessions on the device
 * @throws EngineError naming what differs; where there is no adapter, saying what to install
 */
export async function testWebgpu(
  config: DecoderConfig,
  guard: Runtime["guard"],
  open: OpenSession,
): Promise<Placement> {
  const model = tinyModel(config);
  const processor: Runtime = { threads: 1, guard };
  const expected = await testProcessor(model, processor);
  const observer = observe(open);
  let placement: Placement | undefined;
  try {
    const { numbers, sampled } = await deviceNumbers(model, { ...processor, open: observer.open }, expected);
    compareNumbers(model, DEVICE, expected, numbers);
    await compareSamples(model, processor, sampled);
  } finally {
    placement = await observer.finish();
  }
  return placement;
}

interface Sampled {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
  readonly logprobs: Float32Array;
}

async function deviceNumbers(
  model: TinyModel,
  runtime: Runtime,
  expected: Numbers,
): Promise<{ numbers: Numbers; sampled: Sampled[] }> {
  const trainer = new Trainer(model, runtime);
  const resident = new ResidentModel(model, await compileKernels(runtime), () => model.weights);
  const state = stateOf(model);
  await resident.load(state, { moments: false });
  const policy = await resident.policy();
  const sequences = tinySequences(model);
  const scores = await trainer.logprobs(policy, oneBatch(sequences));
  const sampled = await sampleOn(model, runtime, policy);
  // The processor's logprobs, so that both sides have the very same batch.
  let next = 0;
  const old = sequences.map(({ completion }) => expected.logprobs.subarray(next, (next += completion.length)));
  await resident.accumulate(await trainer.gradientTensors(policy, tinyBatch(model, old), TINY_LOSS));
  await resident.readGradient(state.gradient);
  const norm = Math.sqrt(await resident.squares());
  await resident.step({ options: TINY_STEP, step: 1, norm });
  await resident.read(state, { moments: false });
  const logprobs = Float32Array.from(scores.flatMap((score) => [...score.logprobs]));
  return { numbers: { logprobs, gradient: state.gradient, stepped: state.weights }, sampled };
}

function stateOf({ layout, weights }: TinyModel): OptimizerState {
  const zeros = (): Float32Array => new Float32Array(layout.length);
  return { weights: weights.slice(), gradient: zeros(), firstMoment: zeros(), secondMoment: zeros() };
}

const SAMPLED_TOKENS = 3;

async function sampleOn(model: TinyModel, runtime: Runtime, policy: WeightFeeds): Promise<Sampled[]> {
  const prompts = [...new Set(tinySequences(model).map(({ prompt }) => prompt))];
  const requests = prompts.map((tokens, index) => ({
    tokens,
    maxTokens: SAMPLED_TOKENS,
    temperature: index,
    seeds: ["a", "b"],
    stopIds: [],
  }));
  const samples = await new ResidentSampler(model, runtime).sample(policy, requests, () => {});
  return samples.flatMap((group, index) =>
    group.map(({ tokens, logprobs }) => ({ prompt: prompts[index], completion: tokens, logprobs })),
  );
}

/** A sampled token's logprob is what the processor gives it. */
async function compareSamples(model: TinyModel, processor: Runtime, sampled: readonly Sampled[]): Promise<void> {
  const trainer = new Trainer(model, processor);
  const scores = await trainer.logprobs(loadedWeights(model, model.weights), oneBatch(sampled));
  const flat = (of: ReadonlyArray<{ logprobs: Float32Array }>): number[] => of.flatMap(({ logprobs }) => [...logprobs]);
  const off = largestDifference(flat(scores), flat(sampled));
  if (off <= LOGPROB_TOLERANCE) return;
  fail(
    DEVICE,
    `logprobs of sampled tokens differ from the processor's by up to ${off.toPrecision(2)} nats`,
    LOGPROB_TOLERANCE,
  );
}
