// Every policy loss through the whole engine, against its definition in plain numbers: the loss itself, and its gradient
// as that of a cross-entropy whose weights are the definition's slopes, which algorithms/ proves by differences.

import { afterAll, beforeAll, expect, it } from "vitest";
import type { KlEstimator } from "../../algorithms/kl.js";
import { clippedTokens, type Objective } from "../../algorithms/policy-loss.js";
import { type WeightedTokens, weightedLoss, weightedSlopes } from "../../algorithms/weighted-loss.js";
import { sum } from "../../core/maths.js";
import { Rng } from "../../core/rng.js";
import type { Datum, Loss } from "../engine.js";
import { type EmbeddedEngine, openEmbedded } from "./embedded.js";
import type { EmbeddedOptions } from "./options.js";
import { createTestModel, removeTestModels } from "./test-model.js";
import { datums, largestDifference, POLICY, requests, STEP } from "./test-requests.js";

type PolicyLoss = Extract<Loss, { kind: "policy" }>;

const { folder } = createTestModel();
const ways: EmbeddedOptions[] = [
  { model: folder, threads: 1 },
  { model: folder, threads: 1, microBatchTokens: 64, recompute: "always" },
];
const engines: EmbeddedEngine[] = [];
beforeAll(async () => {
  for (const way of ways) engines.push(await openEmbedded(way));
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  removeTestModels();
});

/** Sampled completions whose old and reference logprobs are some way off, and of which some tokens do not count. */
async function exercise(engine: EmbeddedEngine): Promise<Datum[]> {
  const rng = Rng.of("policy losses");
  const asked = requests(8);
  return datums(asked, await engine.sample(asked)).map((datum, index) => {
    const off = (by: number): Float32Array =>
      (datum.oldLogprobs as Float32Array).map((logprob) => logprob + by * rng.normal());
    const weights = datum.weights.map((weight, t) => (t % 5 === 3 ? 0 : weight));
    return {
      ...datum,
      weights: index === 4 ? datum.weights : weights,
      oldLogprobs: off(0.15),
      referenceLogprobs: off(0.3),
    };
  });
}

/** A datum's tokens with these logprobs. */
function tokensOf({ weights, advantages, oldLogprobs, referenceLogprobs }: Datum, logprobs: Float32Array) {
  return { weights, logprobs, advantages, oldLogprobs, referenceLogprobs } as WeightedTokens;
}

function clippedOf(datum: Datum, logprobs: Float32Array, loss: PolicyLoss): number {
  const counted = (values: ArrayLike<number>): number[] => Array.from(values).filter((_, t) => datum.weights[t] !== 0);
  const { oldLogprobs, advantages } = tokensOf(datum, logprobs);
  const tokens = { logprobs: counted(logprobs), oldLogprobs: counted(oldLogprobs), advantages: counted(advantages) };
  return clippedTokens(tokens, loss);
}

const cases: Array<[Objective, KlEstimator, number, Partial<PolicyLoss>]> = [
  ["token-ratio", "k1", 0.1, { dualClip: 1.3 }],
  ["sequence-ratio", "k2", 0.1, { clipLow: 0.03, clipHigh: 0.04, dualClip: null }],
  ["sequence-ratio", "k3", 0, { clipLow: 0.03, clipHigh: 0.04, dualClip: null }],
  ["clipped-weight", "k3", 0, { clipLow: 1, clipHigh: 0.1, dualClip: null }],
];
it.each(cases)(
  "%s with %s is its definition, and so is its gradient",
  async (objective, klEstimator, klCoefficient, more) => {
    const loss: PolicyLoss = { ...POLICY, objective, klEstimator, klCoefficient, ...more };
    const after: Float32Array[][] = [];
    const data = await exercise(engines[0]);
    const before = await engines[0].logprobs(data);
    for (const engine of engines) {
      const output = await engine.forwardBackward(data, loss);
      expect(output.loss).toBeCloseTo(
        sum(data.map((datum, i) => weightedLoss(tokensOf(datum, output.logprobs[i]), loss))),
        4,
      );
      await engine.optimStep(STEP);
      after.push(await engine.logprobs(data));
      await engine.load(folder, { optimizer: false });
    }
    const clipped = sum(data.map((datum, i) => clippedOf(datum, before[i], loss)));
    expect(clipped).toBeGreaterThan(10);
    expect(clipped).toBeLessThan(sum(data.map(({ completion }) => completion.length)) - 100);
    const [engine] = engines;
    const slow = data.map((datum, i) => ({
      ...datum,
      weights: Float32Array.from(weightedSlopes(tokensOf(datum, before[i]), loss), (slope) => -slope),
    }));
    await engine.forwardBackward(slow, { kind: "cross-entropy" });
    await engine.optimStep(STEP);
    const expected = await engine.logprobs(data);
    await engine.load(folder, { optimizer: false });
    for (const found of after) expect(largestDifference(found, expected)).toBeLessThan(2e-4);
  },
);
