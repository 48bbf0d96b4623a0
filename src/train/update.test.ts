import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenWeights } from "../algorithms/aggregation.js";
import { k3 } from "../algorithms/kl.js";
import { DivergenceError } from "../core/errors.js";
import { mean } from "../core/maths.js";
import { type EmbeddedEngine, openEmbedded } from "../engines/embedded/embedded.js";
import type { Datum, Engine, Loss } from "../engines/engine.js";
import { bundled } from "../problems/bundled.js";
import type { Prompt } from "../rollouts/rollout.js";
import { applySettings, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup, GradedRollout } from "./grade.js";
import { rescore } from "./rescore.js";
import { updatePolicy } from "./update.js";

const configOf = (...settings: string[]): Config => resolveConfig(applySettings({}, settings), "test");

/** The logprobs that each forwardBackward of `watched` gave. */
const moves: Float32Array[][] = [];

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

  it("passes over the rollouts as often as there are epochs, in a fresh seeded order, each mini-batch by its own count", async () => {
    const groups = await sampled(["# sum\n", "# sort\n", "# reverse\n", "# count\n"]);
    const advantages = groups.map(() => [1, -1, 0.5]);
    const config = configOf("train.miniBatches=2", "train.epochs=3");
    const promptsOf = async (seed: number): Promise<string[]> => {
      const { engine: spy, calls } = watched();
      const metrics = await updatePolicy(spy, groups, advantages, { ...config, seed }, 1);
      expect(metrics["policy/updates"]).toBe(6);
      expect(metrics["policy/early_stop_kl"]).toBeNull();
      for (const { datums } of calls) {
        const tokens = datums.reduce((sum, { completion }) => sum + completion.length, 0);
        for (const { weights } of datums) expect(weights[0]).toBeCloseTo(1 / tokens, 7);
      }
      return calls.map(({ datums }) => [...new Set(datums.map(({ prompt }) => prompt.join()))].join(" "));
    };
    const first = await promptsOf(0);
    const all = groups.map(({ promptTokens }) => promptTokens.join()).toSorted();
    for (const epoch of [0, 2, 4]) expect(`${first[epoch]} ${first[epoch + 1]}`.split(" ").toSorted()).toEqual(all);
    expect(new Set([0, 2, 4].map((epoch) => first[epoch])).size).toBeGreaterThan(1);
    expect(await promptsOf(0)).toEqual(first);
    expect(await promptsOf(1)).not.toEqual(first);
  });

  it("leaves out further updates once the policy is farther from the one that sampled than it may be", async () => {
    const own = await openEmbedded({ model: bundled("bundled", "model"), threads: 1 });
    try {
      const groups = await sampled(["# sum\n", "# sort\n"]);
      const settings = ["optimizer.learningRate=3e-3", "optimizer.warmUpSteps=0", "train.epochs=8"];
      const config = configOf(...settings, "policy.maximumOldKl=1e-3");
      const metrics = await updatePolicy(
        own,
        groups,
        groups.map(() => [1, -1, 0]),
        config,
        1,
      );
      expect(metrics["policy/updates"]).toBeGreaterThan(0);
      expect(metrics["policy/updates"]).toBeLessThan(16);
      expect(metrics["policy/early_stop_kl"]).toBeGreaterThan(1e-3);
    } finally {
      await own.close();
    }
  });

  /** What was called and what was done, in order: g a gradient, s a step. */
  async function order(settings: readonly string[], failing = -1): Promise<{ log: string[]; result: unknown }> {
    const groups = await sampled(["# sum\n", "# sort\n"]);
    const log: string[] = [];
    const spy = Object.create(engine) as Engine;
    const logged = <Result>(what: string, run: () => Promise<Result>): Promise<Result> => {
      const nth = log.filter((line) => line.startsWith(`${what} `)).length;
      log.push(`${what} ${nth}`);
      const done = what === "g" && nth === failing ? Promise.reject(new Error(`gradient ${nth}`)) : run();
      const note = (): unknown => log.push(`done ${what} ${nth}`);
      done.then(note, note);
      return done;
    };
    spy.forwardBackward = (datums, loss) => logged("g", () => engine.forwardBackward(datums, loss));
    spy.optimStep = (options) => logged("s", () => engine.optimStep({ ...options, learningRate: 0 }));
    spy.logprobs = (sequences, weights) => engine.logprobs(sequences, weights);
    const config = configOf("train.miniBatches=2", "train.epochs=2", ...settings);
    const advantages = groups.map(() => [1, -1, 0]);
    const result = await updatePolicy(spy, groups, advantages, config, 1).catch((error: unknown) => error);
    return { log, result };
  }

  it("asks for one update ahead of the one under way, and for none where it has to look in between", async () => {
    const { log } = await order([]);
    const at = (what: string): number => log.indexOf(what);
    expect(log.slice(0, 4)).toEqual(["g 0", "s 0", "g 1", "s 1"]);
    for (const n of [2, 3]) {
      expect(at(`g ${n}`)).toBeGreaterThan(at(`done s ${n - 2}`));
      expect(at(`g ${n}`)).toBeLessThan(at(`done s ${n - 1}`));
    }
    const { log: looking } = await order(["policy.maximumOldKl=10"]);
    expect(looking).toEqual([0, 1, 2, 3].flatMap((n) => [`g ${n}`, `s ${n}`, `done g ${n}`, `done s ${n}`]));
  });

  it("fails with the first error, whatever was asked for ahead", async () => {
    const { log, result } = await order([], 1);
    expect(result).toEqual(new Error("gradient 1"));
    expect(log).not.toContain("g 3");
    await engine.logprobs([{ prompt: [1], completion: [1] }]);
  });

  it("is the same update beyond rounding however many tokens a batch of its gradient may have", async () => {
    const groups = await sampled(["# sum\n", "# sort\n", "# reverse\n", "# count\n"]);
    const advantages = groups.map(() => [1, -1, 0.5]);
    const config = configOf("train.miniBatches=2", "train.epochs=2", "optimizer.warmUpSteps=0");
    const results = await Promise.all(
      [24, 4096].map(async (microBatchTokens) => {
        const own = await openEmbedded({ model: bundled("bundled", "model"), threads: 1, microBatchTokens });
        try {
          const metrics = await updatePolicy(own, groups, advantages, config, 1);
          const sequences = groups.flatMap(({ promptTokens, rollouts }) =>
            rollouts.map(({ sample }) => ({ prompt: promptTokens, completion: sample.tokens })),
          );
          return { metrics, logprobs: (await own.logprobs(sequences)).flatMap((array) => [...array]) };
        } finally {
          await own.close();
        }
      }),
    );
    const [small, large] = results;
    for (const name of ["policy/loss", "policy/gradient_norm", "policy/old_kl", "policy/entropy"] as const) {
      expect(small.metrics[name]).toBeCloseTo(large.metrics[name] as number, 4);
    }
    for (const [i, logprob] of small.logprobs.entries()) expect(logprob).toBeCloseTo(large.logprobs[i], 3);
  });
});

describe("an update that comes apart", () => {
  let engine: EmbeddedEngine;
  let groups: GradedGroup[];
  beforeAll(async () => {
    engine = await openEmbedded({ model: bundled("bundled", "model"), threads: 1 });
    const prompt = engine.model.tokenizer.encode("# sum\n");
    const request = { prompt, count: 3, maxTokens: 8, temperature: 1, seeds: ["a", "b", "c"] };
    const [samples] = await engine.sample([request]);
    const rollouts = samples.map((sample) => ({ sample, completion: "", reward: 0, rewardParts: {} }));
    groups = [0, 1].map(() => ({ prompt: {} as Prompt, promptTokens: prompt, rollouts }));
  });
  afterAll(() => engine.close());

  const settled = ["optimizer.warmUpSteps=0"];
  const update = (advantages: number[], settings: readonly string[], of = groups): Promise<unknown> =>
    updatePolicy(engine, of, [advantages, advantages], configOf(...settled, ...settings), 4);
  const withFirst = (change: (rollout: GradedRollout) => GradedRollout): GradedGroup[] =>
    groups.map((group) => ({ ...group, rollouts: group.rollouts.map((one, i) => (i === 0 ? change(one) : one)) }));

  it("is refused before it is made where a reward, an advantage or a logprob is not finite", async () => {
    const calls = moves.length;
    await expect(update([Number.NaN, 1, 0], [])).rejects.toThrow(
      "step 4: the advantage of rollout 0 of group 0 is NaN",
    );
    const rewards = withFirst((rollout) => ({ ...rollout, reward: Number.POSITIVE_INFINITY }));
    await expect(update([1, -1, 0], [], rewards)).rejects.toThrow("the reward of rollout 0 of group 0 is Infinity");
    const unlikely = withFirst((rollout) => ({
      ...rollout,
      sample: { ...rollout.sample, logprobs: rollout.sample.logprobs.map(() => Number.NaN) },
    }));
    await expect(update([1, -1, 0], [], unlikely)).rejects.toThrow("a logprob of rollout 0 of group 0 is NaN");
    expect(moves).toHaveLength(calls);
  });

  it("ends where a gradient, a distance or an entropy is over its guard", async () => {
    const still = "optimizer.learningRate=0";
    await expect(update([1, -1, 0], [still, "guards.maximumGradientNorm=1e-6"])).rejects.toThrow(
      /step 4: the gradient's norm is \S+, over guards\.maximumGradientNorm \(0\.000001\); lower optimizer\.learningRate/,
    );
    await expect(update([1, -1, 0], [still, "guards.minimumEntropy=50"])).rejects.toThrow(
      /step 4: the entropy is \S+, under guards\.minimumEntropy \(50\)/,
    );
    await expect(
      update([1, -1, 0], [still, "guards.maximumOldKl=1", "guards.maximumGradientNorm=1e6"]),
    ).resolves.toBeDefined();
    await expect(update([1, -1, 0], ["optimizer.learningRate=1e-2", "guards.maximumOldKl=1e-6"])).rejects.toThrow(
      /step 4: the KL to the policy that sampled is \S+, over guards\.maximumOldKl/,
    );
  });

  it("ends before the weights take what an absurd learning rate has made of the loss", async () => {
    const error = await update([1, -1, 0], ["optimizer.learningRate=1e30"]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as Error).message).toMatch(/NaN|Infinity/);
    await expect(engine.logprobs([{ prompt: groups[0].promptTokens, completion: [1] }])).rejects.toThrow(
      DivergenceError,
    );
  });
});
