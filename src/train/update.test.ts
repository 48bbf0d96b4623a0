import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenWeights } from "../algorithms/aggregation.js";
import { k3 } from "../algorithms/kl.js";
import { mean } from "../core/maths.js";
import { type EmbeddedEngine, openEmbedded } from "../engines/embedded/embedded.js";
import type { Datum, Engine, Loss } from "../engines/engine.js";
import type { Prompt } from "../rollouts/rollout.js";
import { bundled } from "./bundled.js";
import { applySettings, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup } from "./grade.js";
import { rescore } from "./rescore.js";
import { updatePolicy } from "./update.js";

const configOf = (...settings: string[]): Config => resolveConfig(applySettings({}, settings), "test");

describe("the update", () => {
  let engine: EmbeddedEngine;
  beforeAll(async () => {
    engine = await openEmbedded({ model: bundled("bundled", "model"), threads: 1 });
  });
  afterAll(() => engine.close());

  /** Sampled rollouts with rewards 1, 0, 1, ... in each group. */
  async function sampled(prompts: readonly string[]): Promise<GradedGroup[]> {
    const { tokenizer } = engine.model;
    const requests = prompts.map((text, i) => ({
      prompt: tokenizer.encode(text),
      count: 3,
      maxTokens: 12,
      temperature: 1,
      seeds: [0, 1, 2].map((j) => `${i}/${j}`),
    }));
    const samples = await engine.sample(requests);
    return samples.map((group, i) => ({
      prompt: { text: prompts[i] } as Prompt,
      promptTokens: requests[i].prompt,
      rollouts: group.map((sample) => ({ sample, completion: "", reward: 0, rewardParts: {} })),
    }));
  }

  /** The logprobs that each forwardBackward of `watched` gave. */
  const moves: Float32Array[][] = [];

  /** The engine, with what it is asked written down. */
  function watched(): { readonly engine: Engine; readonly calls: Array<{ datums: readonly Datum[]; loss: Loss }> } {
    const calls: Array<{ datums: readonly Datum[]; loss: Loss }> = [];
    const spy = Object.create(engine) as Engine;
    moves.length = 0;
    spy.forwardBackward = async (datums, loss) => {
      calls.push({ datums, loss });
      const output = await engine.forwardBackward(datums, loss);
      moves.push([...output.logprobs]);
      return output;
    };
    spy.optimStep = (options) => engine.optimStep({ ...options, learningRate: 0 });
    spy.logprobs = (sequences, weights) => engine.logprobs(sequences, weights);
    return { engine: spy, calls };
  }

  it("weighs tokens by the whole mini-batch, and leaves out what cannot teach", async () => {
    const groups = await sampled(["# sum\n", "# sort\n", "# reverse\n", "# count\n"]);
    const advantages = [
      [1, -1, 0],
      [0, 0, 0],
      [null, 1, -1],
      [0.5, 0.5, -1],
    ];
    const { engine: spy, calls } = watched();
    const metrics = await updatePolicy(spy, groups, advantages, configOf("train.miniBatches=1"), 1);
    expect(calls).toHaveLength(1);
    const lengths = groups.flatMap((group, g) =>
      group.rollouts.flatMap(({ sample }, i) => (advantages[g][i] === null ? [] : [sample.tokens.length])),
    );
    const [weight] = tokenWeights("token-mean", lengths, 12);
    const { datums } = calls[0];
    expect(datums).toHaveLength(7);
    for (const datum of datums) expect(datum.weights[0]).toBeCloseTo(weight, 7);
    expect(metrics["policy/first_ratio_error"]).toBeLessThanOrEqual(1e-5);
    expect(metrics["policy/updates"]).toBe(1);
  });

  it("makes one optimiser step a mini-batch, none for a mini-batch without a signal", async () => {
    const groups = await sampled(["# sum\n", "# sort\n"]);
    const silent = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    const { engine: spy, calls } = watched();
    expect((await updatePolicy(spy, groups, silent, configOf(), 1))["policy/updates"]).toBe(0);
    expect(calls).toEqual([]);
    expect(
      (
        await updatePolicy(
          spy,
          groups,
          [
            [1, -1, 0],
            [1, 0, -1],
          ],
          configOf(),
          1,
        )
      )["policy/updates"],
    ).toBe(2);
  });

  it("adds the KL term to the frozen reference, and reports it once the policy has left it", async () => {
    const groups = await sampled(["# sum\n"]);
    const { engine: spy, calls } = watched();
    const config = configOf("policy.klCoefficient=0.1", "train.miniBatches=1");
    spy.optimStep = (options) => engine.optimStep({ ...options, learningRate: 1e-3 });
    await updatePolicy(spy, await rescore(spy, groups, config), [[1, -1, 0]], config, 1);
    const moved = await updatePolicy(spy, await rescore(spy, groups, config), [[1, -1, 0]], config, 2);
    const { datums, loss } = calls[1];
    expect(loss).toMatchObject({ kind: "policy", klCoefficient: 0.1 });
    expect(datums).toHaveLength(3);
    const reference = await engine.logprobs(datums, "reference");
    for (const [i, datum] of datums.entries()) expect(datum.referenceLogprobs).toEqual(reference[i]);
    const terms = moves[1].flatMap((logprobs, i) => [...logprobs].map((logprob, t) => k3(logprob, reference[i][t])));
    expect(mean(terms)).toBeGreaterThan(1e-6);
    expect(moved["policy/kl"]).toBeCloseTo(mean(terms), 9);
  });

  it("warms the learning rate up from the first step that learns", async () => {
    const groups = await sampled(["# sum\n"]);
    const config = configOf(
      "alignment.share=1",
      "alignment.collectSteps=10",
      "optimizer.warmUpSteps=5",
      "optimizer.learningRate=0.5",
    );
    const rates = await Promise.all(
      [11, 13, 20].map(
        async (step) =>
          (await updatePolicy(watched().engine, groups, [[1, -1, 0]], config, step))["policy/learning_rate"],
      ),
    );
    expect(rates).toEqual([0.1, expect.closeTo(0.3, 9), 0.5]);
  });
});
