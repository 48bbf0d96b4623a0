// What the tests of this room train on: every kind of loss, and datums on which each of its bounds holds somewhere.

import { Rng } from "../../../core/rng.js";
import { datums, POLICY, requests, STEP } from "../../embedded/test-requests.js";
import type { Datum, Engine, Loss, OptimStep } from "../../engine.js";

/** Far from where Adam makes a step of rounding, and slow enough that rounding does not grow over many. */
export const GENTLE: OptimStep = { ...STEP, learningRate: 3e-3, epsilon: 0.1 };

const ppo: Loss = { ...POLICY, dualClip: null };

export const losses: Array<[string, Loss]> = [
  ["PPO", ppo],
  ["PPO with a dual clip", { ...POLICY, dualClip: 1.3 }],
  ["PPO with k1", { ...ppo, klCoefficient: 0.1, klEstimator: "k1" }],
  ["PPO with k2", { ...ppo, klCoefficient: 0.1, klEstimator: "k2" }],
  ["PPO with k3 and a dual clip", { ...POLICY, dualClip: 1.3, klCoefficient: 0.1, klEstimator: "k3" }],
  ["GSPO", { ...ppo, objective: "sequence-ratio", clipLow: 0.03, clipHigh: 0.04 }],
  ["CISPO", { ...ppo, objective: "clipped-weight", clipLow: 1, clipHigh: 0.1 }],
  ["cross-entropy", { kind: "cross-entropy" }],
];

/** Sampled completions whose old and reference logprobs are some way off, with weights and advantages of 0 among them. */
export async function trainingDatums(engine: Engine): Promise<Datum[]> {
  const asked = requests(6, 2, 12);
  const rng = Rng.of("updates");
  const off = (values: Float32Array | undefined, by: number): Float32Array =>
    Float32Array.from(values ?? [], (value) => value + by * rng.normal());
  return datums(asked, await engine.sample(asked)).map((datum, index) => ({
    ...datum,
    weights: datum.weights.map((weight, t) => (t % 5 === 3 ? 0 : weight * (1 + (index % 3)))),
    advantages: index === 2 ? datum.weights.map(() => 0) : off(datum.advantages, 0.3),
    oldLogprobs: off(datum.oldLogprobs, 0.2),
    referenceLogprobs: off(datum.oldLogprobs, 0.3),
  }));
}

/** Two steps, the first of which moves the policy, none awaited before the next call; then the logprobs of all datums. */
export async function twoSteps(engine: Engine, datums: readonly Datum[], loss: Loss) {
  const calls = [
    engine.forwardBackward(datums, loss),
    engine.optimStep(GENTLE),
    engine.forwardBackward(datums.slice(0, 7), loss),
    engine.optimStep(GENTLE),
  ] as const;
  const [first, { gradientNorm }, second] = await Promise.all(calls);
  return { losses: [first.loss, second.loss], gradientNorm, first, logprobs: await engine.logprobs(datums) };
}
