// From rewards to what an engine is given: rescoring, advantages, datums, and what metrics say of them.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sum } from "../core/maths.js";
import { type EmbeddedEngine, openEmbedded } from "../engines/embedded/embedded.js";
import { createTestModel, removeTestModels } from "../engines/embedded/test-model.js";
import type { Engine, Sample } from "../engines/engine.js";
import type { Prompt } from "../rollouts/rollout.js";
import { advantagesOf, recordedAdvantage } from "./advantages.js";
import { applySettings, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import { datumsOf, lossOf } from "./datums.js";
import { checkEngine } from "./fit.js";
import { type RescoredGroup, rescore } from "./rescore.js";
import { signalMetrics } from "./signal.js";

const configOf = (...settings: string[]): Config => resolveConfig(applySettings({}, settings), "test");
const floats = (...values: number[]): Float32Array => Float32Array.from(values);

interface Given {
  readonly reward: number | null;
  readonly sampled: readonly number[];
  readonly policy?: readonly number[];
  readonly reference?: readonly number[];
}

/** One group of rollouts with these logprobs, [T] each. */
function group(...rollouts: readonly Given[]): RescoredGroup {
  return {
    prompt: { task: { kind: "code" }, text: "" } as Prompt,
    promptTokens: [1],
    rollouts: rollouts.map(({ reward, sampled, policy, reference }) => ({
      sample: { tokens: sampled.map((_, t) => t), logprobs: floats(...sampled), stopReason: "stop" } satisfies Sample,
      completion: "",
      reward,
      rewardParts: { passed: 1 },
      ...(policy && { policyLogprobs: floats(...policy) }),
      ...(reference && { referenceLogprobs: floats(...reference) }),
    })),
  };
}

const datumsIn = (groups: readonly RescoredGroup[], config: Config) =>
  datumsOf([...groups.keys()], groups, advantagesOf(groups, config), config);

describe("KL in the reward", () => {
  const settings = ["policy.klCoefficient=0.5", "policy.klPlacement=reward"];
  const groups = [
    group(
      { reward: 1, sampled: [-1, -2], reference: [-2, -2] },
      { reward: 0, sampled: [-1, -1], reference: [-1, -3] },
      { reward: null, sampled: [-9], reference: [-1] },
    ),
  ];

  it("is taken from what a group compares, summed over a rollout's tokens", () => {
    const config = configOf("algorithm=dr-grpo", ...settings);
    // 1 - 0.5 * 1 and 0 - 0.5 * 2
    expect(advantagesOf(groups, config)).toEqual([[0.75, -0.75, null]]);
    expect(lossOf(config).klCoefficient).toBe(0);
    const inLoss = configOf("algorithm=dr-grpo", "policy.klCoefficient=0.5");
    expect(advantagesOf(groups, inLoss)).toEqual([[0.5, -0.5, null]]);
    expect(lossOf(inLoss).klCoefficient).toBe(0.5);
    expect(signalMetrics(groups, config)["policy/reward_kl"]).toBeCloseTo(0.75, 9);
  });

  it("is taken token by token in REINFORCE++, whose recorded advantage is its first token's", () => {
    const [found] = advantagesOf(groups, configOf("algorithm=reinforce-plus-plus", ...settings));
    const [first, second] = found as number[][];
    // Returns: [0.5, 1] and [-1, -1].
    const [mean, deviation] = [-0.125, Math.sqrt(sum([0.625, 1.125, -0.875, -0.875].map((x) => x * x)) / 3)];
    expect(first[0]).toBeCloseTo((0.5 - mean) / deviation, 6);
    expect(first[1]).toBeCloseTo((1 - mean) / deviation, 6);
    expect(second[0]).toBeCloseTo((-1 - mean) / deviation, 6);
    expect(found.map(recordedAdvantage)).toEqual([first[0], second[0], null]);
    expect([...(datumsIn(groups, configOf("algorithm=reinforce-plus-plus", ...settings))[0].advantages ?? [])]).toEqual(
      [...floats(...first)],
    );
  });

  it("leaves rollouts without an advantage out of the update, which a term of the loss does not", () => {
    const equal = [group({ reward: 1, sampled: [-1], reference: [-1] }, { reward: 1, sampled: [-2], reference: [-2] })];
    expect(datumsIn(equal, configOf(...settings))).toEqual([]);
    expect(datumsIn(equal, configOf("policy.klCoefficient=0.5"))).toHaveLength(2);
  });
});

describe("importance weights", () => {
  const groups = [
    group(
      { reward: 1, sampled: [-1, -2], policy: [-1 + Math.log(1.5), -2 + Math.log(8)] },
      { reward: 0, sampled: [-1], policy: [-1 + Math.log(0.5)] },
    ),
  ];
  const config = configOf("algorithm=dr-grpo", "policy.importance={}", "policy.klCoefficient=0.1");

  it("weigh the policy's part of the loss, at most by the cap, and not KL's", () => {
    const [first, second] = datumsIn(groups, config);
    expect([...(first.advantages ?? [])]).toEqual([expect.closeTo(0.75, 6), expect.closeTo(1, 6)]);
    expect([...(second.advantages ?? [])]).toEqual([expect.closeTo(-0.25, 6)]);
    expect(first.weights[0]).toBe(second.weights[0]);
    expect(first.oldLogprobs).toBe(groups[0].rollouts[0].policyLogprobs);
  });

  it("are in the metrics, and so is how far sampler and trainer are apart", () => {
    const metrics = signalMetrics(groups, config);
    expect(metrics["policy/importance_mean"]).toBeCloseTo((1.5 + 2 + 0.5) / 3, 6);
    expect(metrics["policy/importance_capped"]).toBeCloseTo(1 / 3, 9);
    expect(metrics["policy/first_ratio_error"]).toBeCloseTo(7, 4);
    expect(signalMetrics(groups, configOf())).not.toHaveProperty("policy/first_ratio_error");
  });
});

describe("rescoring", () => {
  let engine: EmbeddedEngine;
  beforeAll(async () => {
    engine = await openEmbedded({ model: createTestModel().folder, threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    removeTestModels();
  });
  const groups = [
    group({ reward: 1, sampled: [-1, -2] }, { reward: null, sampled: [-1] }, { reward: 0, sampled: [-3] }),
  ];

  it("asks the engine only for what the config needs, and leaves out rollouts without a reward", async () => {
    expect(await rescore(engine, groups, configOf())).toBe(groups);
    const config = configOf("policy.importance={}", "policy.klCoefficient=0.1");
    const [{ rollouts }] = await rescore(engine, groups, config);
    const sequences = [0, 2].map((i) => ({ prompt: [1], completion: rollouts[i].sample.tokens }));
    const [first, last] = await engine.logprobs(sequences);
    expect(rollouts.map(({ policyLogprobs }) => policyLogprobs)).toEqual([first, undefined, last]);
    expect(rollouts.map(({ referenceLogprobs }) => referenceLogprobs)).toEqual([first, undefined, last]);
  });

  it("asks nothing where a step only collects, unless KL in the reward shows in the records", async () => {
    const settings = ["policy.importance={}", "policy.klCoefficient=0.1"];
    expect(await rescore(engine, groups, configOf(...settings), false)).toBe(groups);
    const inReward = configOf(...settings, "policy.klPlacement=reward");
    expect(await rescore(engine, groups, inReward, false)).toEqual(await rescore(engine, groups, inReward));
  });

  it("is followed by a refusal, before the run, of what an engine cannot do", () => {
    const able = (changes: Partial<Engine["capabilities"]>): Engine =>
      Object.assign(Object.create(engine) as Engine, { capabilities: { ...engine.capabilities, ...changes } });
    const settings = ["prompts.maximumTokens=64"];
    const gspo = configOf("algorithm=gspo", ...settings);
    expect(() => checkEngine(gspo, able({}))).not.toThrow();
    expect(() => checkEngine(gspo, able({ objectives: ["token-ratio"] }))).toThrow(
      "this engine has no sequence-ratio loss; it can do grpo, dr-grpo, rloo",
    );
    const kl = ["policy.klCoefficient=0.1", "policy.klEstimator=k2", ...settings];
    expect(() => checkEngine(configOf(...kl), able({ klEstimators: ["k3"] }))).toThrow(
      "set policy.klEstimator: k3, or policy.klPlacement: reward",
    );
    expect(() => checkEngine(configOf(...kl), able({ klEstimators: [] }))).toThrow("set policy.klPlacement: reward");
    const refused = (setting: string, without: Partial<Engine["capabilities"]>, message: string): void =>
      expect(() => checkEngine(configOf(setting, ...settings), able(without))).toThrow(message);
    refused("policy.dualClip=3", { dualClip: false }, "dualClip");
    refused("policy.klCoefficient=0.1", { reference: false }, "no logprobs of the frozen reference; set it to 0");
    refused("guards.minimumEntropy=0.1", { entropy: false }, "this engine gives no entropies; set it to null");
    refused("guards.maximumGradientNorm=5", { gradientNorm: false }, "does not tell the gradient's norm");
    refused("rollouts.temperature=0.7", { untemperedLogprobs: false }, "logprobs that are not the policy's own");
    const inReward = configOf("policy.klCoefficient=0.1", "policy.klPlacement=reward", ...settings);
    expect(() => checkEngine(inReward, able({ reference: false }))).toThrow("policy.klCoefficient is 0.1");
  });
});
