// The same datums give the same update, whatever a server makes of its losses: against the embedded engine, over the
// reductions by their definitions. Over the wire it is in engine.test.ts.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import { type EmbeddedEngine, openEmbedded } from "../../embedded/embedded.js";
import { createTestModel, removeTestModels } from "../../embedded/test-model.js";
import { datums as sampledDatums, largestDifference, POLICY, requests, STEP } from "../../embedded/test-requests.js";
import type { Datum, Engine, Loss } from "../../engine.js";
import type { TinkerClient, TrainingClient } from "../client/client.js";
import type { WireDatum } from "../protocol/records.js";
import { type Profile, profiles } from "./profile.js";
import { RemoteModel } from "./remote-model.js";
import { trainingOver } from "./test-training.js";

/** Far from where Adam makes a step of rounding. */
const GENTLE = { ...STEP, epsilon: 0.1 };

const { folder } = createTestModel();
let engine: EmbeddedEngine;
let datums: Datum[];
beforeAll(async () => {
  engine = await openEmbedded({ model: folder, threads: 1 });
  const asked = requests(6, 2, 12);
  const rng = Rng.of("updates");
  const off = (values: Float32Array | undefined, by: number): Float32Array =>
    Float32Array.from(values ?? [], (value) => value + by * rng.normal());
  datums = sampledDatums(asked, await engine.sample(asked)).map((datum, index) => ({
    ...datum,
    weights: datum.weights.map((weight, t) => (t % 5 === 3 ? 0 : weight * (1 + (index % 3)))),
    advantages: index === 2 ? datum.weights.map(() => 0) : off(datum.advantages, 0.3),
    oldLogprobs: off(datum.oldLogprobs, 0.2),
    referenceLogprobs: off(datum.oldLogprobs, 0.3),
  }));
});
afterAll(async () => {
  await engine.close();
  removeTestModels();
});

function remoteOver(profile: Profile) {
  const passes: Array<{ datums: readonly WireDatum[]; loss: Parameters<TrainingClient["forwardBackward"]>[1] }> = [];
  const training = trainingOver(engine, profile.reduction, (sent, loss) => passes.push({ datums: sent, loss }));
  const { tokenizer, contextLength } = engine.model;
  const client = { baseUrl: "http://127.0.0.1", flags: { coderlplus: null } } as TinkerClient;
  const options = {
    baseUrl: null,
    model: "test",
    tokenizer,
    contextLength,
    profile: profile.name,
    wire: "auto",
    lora: null,
    requestsInFlight: 1,
    sequencesPerRequest: null,
    reference: false,
    patienceMs: 0,
  } as const;
  const opened = { profile, lora: { rank: 0 }, training, reference: null, hasReference: false, contextLength };
  return { remote: new RemoteModel(client, options, opened), passes };
}

const ppo: Loss = { ...POLICY, dualClip: null };
const losses: Array<[string, Loss]> = [
  ["PPO", ppo],
  ["PPO with a dual clip", { ...POLICY, dualClip: 1.3 }],
  ["PPO with k1", { ...ppo, klCoefficient: 0.1, klEstimator: "k1" }],
  ["PPO with k2", { ...ppo, klCoefficient: 0.1, klEstimator: "k2" }],
  ["PPO with k3 and a dual clip", { ...POLICY, dualClip: 1.3, klCoefficient: 0.1, klEstimator: "k3" }],
  ["GSPO", { ...ppo, objective: "sequence-ratio", clipLow: 0.03, clipHigh: 0.04 }],
  ["CISPO", { ...ppo, objective: "clipped-weight", clipLow: 1, clipHigh: 0.1 }],
  ["cross-entropy", { kind: "cross-entropy" }],
];

/** Two steps, the first of which moves the policy; then the logprobs of all datums. */
async function twoSteps(of: Engine, loss: Loss) {
  const first = await of.forwardBackward(datums, loss);
  const { gradientNorm } = await of.optimStep(GENTLE);
  const second = await of.forwardBackward(datums.slice(0, 7), loss);
  await of.optimStep(GENTLE);
  return { losses: [first.loss, second.loss], gradientNorm, logprobs: await of.logprobs(datums) };
}

describe("an update through the protocol's losses", () => {
  for (const name of ["skyrl-jax", "skyrl-fsdp", "opentinker"] as const) {
    it.each(losses)(`is that of the embedded engine with the profile ${name}: %s`, async (_, loss) => {
      const expected = await twoSteps(engine, loss);
      await engine.load(folder, { optimizer: false });
      const found = await twoSteps(remoteOver(profiles[name]).remote, loss);
      await engine.load(folder, { optimizer: false });
      if (name !== "opentinker") expect(found.gradientNorm).toBeCloseTo(expected.gradientNorm ?? Number.NaN, 4);
      expect(largestDifference(found.logprobs, expected.logprobs)).toBeLessThan(1e-5);
      for (const [i, value] of expected.losses.entries()) expect(found.losses[i]).toBeCloseTo(value, 5);
    });
  }
});
