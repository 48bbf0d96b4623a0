// Every policy loss through the whole engine, against its definition in plain numbers: the loss itself, and its gradient
// as that of a cross-entropy whose weights are the definition's slopes, which decoder.test.ts proves by differences.

import { afterAll, beforeAll, expect, it } from "vitest";
import { type KlEstimator, k1, k2, k3 } from "../../algorithms/kl.js";
import { clippedTokens, type Objective, ratioOf, tokenLosses } from "../../algorithms/policy-loss.js";
import { clamp, sum } from "../../core/maths.js";
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

const KL: Readonly<Record<KlEstimator, typeof k1>> = { k1, k2, k3 };

/** The tokens of a datum that count, with logprobs as they are now. */
function counted(datum: Datum, logprobs: ArrayLike<number>) {
  const places = [...datum.completion.keys()].filter((t) => datum.weights[t] !== 0);
  const at = (values: ArrayLike<number> | undefined): number[] => places.map((t) => values?.[t] ?? 0);
  return {
    places,
    logprobs: at(logprobs),
    oldLogprobs: at(datum.oldLogprobs),
    advantages: at(datum.advantages),
    reference: at(datum.referenceLogprobs),
    weights: at(datum.weights),
  };
}

function lossOf(datum: Datum, logprobs: ArrayLike<number>, loss: PolicyLoss): number {
  const tokens = counted(datum, logprobs);
  const estimate = KL[loss.klEstimator];
  const terms = tokenLosses(tokens, loss).map(
    (policy, i) => policy + loss.klCoefficient * estimate(tokens.logprobs[i], tokens.reference[i]),
  );
  return sum(terms.map((term, i) => tokens.weights[i] * term));
}

/** [T] minus the slope of the loss by each logprob. */
function slopes(datum: Datum, logprobs: Float32Array, loss: PolicyLoss): Float32Array {
  const moving = [...logprobs];
  const detached = loss.objective === "clipped-weight";
  // What the definition holds still: CISPO's weight, and the value of k1, whose gradient is k2's.
  const smooth: PolicyLoss = { ...loss, klEstimator: loss.klEstimator === "k1" ? "k2" : loss.klEstimator };
  const H = 1e-5;
  return Float32Array.from(logprobs, (logprob, t) => {
    if (datum.weights[t] === 0) return 0;
    if (detached) {
      const weight = clamp(ratioOf(logprob, datum.oldLogprobs?.[t] ?? 0), 1 - loss.clipLow, 1 + loss.clipHigh);
      return datum.weights[t] * weight * (datum.advantages?.[t] ?? 0);
    }
    const at = (value: number): number => {
      moving[t] = value;
      const found = lossOf(datum, moving, smooth);
      moving[t] = logprob;
      return found;
    };
    return (at(logprob - H) - at(logprob + H)) / (2 * H);
  });
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
      expect(output.loss).toBeCloseTo(sum(data.map((datum, i) => lossOf(datum, output.logprobs[i], loss))), 4);
      await engine.optimStep(STEP);
      after.push(await engine.logprobs(data));
      await engine.load(folder, { optimizer: false });
    }
    const clipped = sum(data.map((datum, i) => clippedTokens(counted(datum, before[i]), loss)));
    expect(clipped).toBeGreaterThan(10);
    expect(clipped).toBeLessThan(sum(data.map(({ completion }) => completion.length)) - 100);
    const [engine] = engines;
    const slow = data.map((datum, i) => ({ ...datum, weights: slopes(datum, before[i], loss) }));
    await engine.forwardBackward(slow, { kind: "cross-entropy" });
    await engine.optimStep(STEP);
    const expected = await engine.logprobs(data);
    await engine.load(folder, { optimizer: false });
    for (const found of after) expect(largestDifference(found, expected)).toBeLessThan(2e-4);
  },
);
