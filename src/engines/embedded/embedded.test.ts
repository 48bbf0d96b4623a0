import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { EngineError } from "../../core/errors.js";
import type { Sample } from "../engine.js";
import { type EmbeddedEngine, openEmbedded } from "./embedded.js";
import { writeWeights } from "./model/checkpoint.js";
import type { EmbeddedOptions } from "./options.js";
import { createTestModel, removeTestModels, TEST_CONFIG } from "./test-model.js";
import { datums, largestDifference, POLICY, requests, STEP } from "./test-requests.js";

const engines: EmbeddedEngine[] = [];
const scratch = mkdtempSync(join(tmpdir(), "coderlplus-checkpoints-"));

async function open(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const engine = await openEmbedded({ threads: 1, ...options });
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => {
  removeTestModels();
  rmSync(scratch, { recursive: true, force: true });
});

describe("sampling", () => {
  it("reports the logprobs that the trainer computes for the same tokens, to 1e-5", async () => {
    for (const config of [TEST_CONFIG, { ...TEST_CONFIG, keyValueHeads: 4, tied: false }]) {
      const engine = await open({ model: createTestModel(config).folder });
      const asked = requests(12);
      const data = datums(asked, await engine.sample(asked));
      const sampled = data.map(({ oldLogprobs }) => oldLogprobs as Float32Array);
      expect(largestDifference(await engine.logprobs(data), sampled)).toBeLessThan(1e-5);
      const trained = await engine.forwardBackward(data, POLICY);
      expect(largestDifference([...trained.logprobs], sampled)).toBeLessThan(1e-5);
    }
  });

  it("draws the same tokens for a prompt and a seed, whatever else is in the batch", async () => {
    const engine = await open({ model: createTestModel().folder });
    const asked = requests(9);
    const together = await engine.sample(asked);
    for (const index of [0, 4, 8]) {
      const { seeds } = asked[index];
      const alone = await engine.sample([{ ...asked[index], count: 1, seeds: [seeds[2]] }]);
      expect(alone[0][0]).toEqual(together[index][2]);
    }
  });

  it("is the same bits again, and with other numbers of threads and rows", async () => {
    const { folder } = createTestModel();
    const asked = requests(9);
    const first = await open({ model: folder });
    const samples = await first.sample(asked);
    expect(await first.sample(asked)).toEqual(samples);
    expect(await (await open({ model: folder, threads: 2, samplingRows: 5 })).sample(asked)).toEqual(samples);
  });

  it("takes the likeliest token at temperature 0, whatever the seed", async () => {
    const engine = await open({ model: createTestModel().folder });
    const asked = requests(4).map((request) => ({ ...request, temperature: 0 }));
    for (const group of await engine.sample(asked)) {
      for (const sample of group) expect(sample.tokens).toEqual(group[0].tokens);
    }
  });

  it("draws the likeliest token alone where it has topP by itself", async () => {
    const engine = await open({ model: createTestModel().folder });
    const greedy = await engine.sample(requests(3).map((request) => ({ ...request, temperature: 0 })));
    const narrow = await engine.sample(requests(3).map((request) => ({ ...request, topP: 1e-6 })));
    expect(narrow.flat().map(({ tokens }) => tokens)).toEqual(greedy.flat().map(({ tokens }) => tokens));
    const wide = await engine.sample(requests(3).map((request) => ({ ...request, topP: 0.9 })));
    expect(wide.flat().map(({ tokens }) => tokens)).not.toEqual(greedy.flat().map(({ tokens }) => tokens));
    const wrong = engine.sample(requests(1).map((request) => ({ ...request, topP: 0 })));
    await expect(wrong).rejects.toThrow("request 0: topP is 0, expected more than 0 and at most 1");
  });

  it("ends a sequence with the token that completes a text to stop at, and draws no other tokens before", async () => {
    const engine = await open({ model: createTestModel().folder });
    const { tokenizer } = engine.model;
    const asked = requests(3);
    const whole = (await engine.sample(asked)).flat();
    const clean = (tokens: readonly number[]): boolean => tokens.every((id) => /^[!-~]+$/.test(tokenizer.decode([id])));
    // The text of two tokens: it is not complete before the second.
    const pairs = whole.flatMap(({ tokens }) => tokens.slice(1).map((id, i) => [tokens[i], id]));
    const stop = [tokenizer.decode(pairs.find(clean) as number[])];
    const cut = (await engine.sample(asked.map((request) => ({ ...request, stop })))).flat();
    for (const [i, { tokens }] of whole.entries()) {
      const ends = tokens.findIndex((_, at) => tokenizer.decode(tokens.slice(0, at + 1)).includes(stop[0]));
      expect(cut[i].tokens).toEqual(ends < 0 ? tokens : tokens.slice(0, ends + 1));
      if (ends >= 0) expect(cut[i].stopReason).toBe("stop");
    }
    expect(cut).not.toEqual(whole);
  });

  it("reports logprobs at temperature 1 while it draws at another", async () => {
    const engine = await open({ model: createTestModel().folder });
    const asked = requests(6).map((request) => ({ ...request, temperature: 0.5 }));
    const data = datums(asked, await engine.sample(asked));
    const sampled = data.map(({ oldLogprobs }) => oldLogprobs as Float32Array);
    expect(largestDifference(await engine.logprobs(data), sampled)).toBeLessThan(1e-5);
    const warm = await engine.sample(requests(6));
    const mean = (groups: readonly Sample[][]): number => {
      const all = groups.flat().flatMap(({ logprobs }) => [...logprobs]);
      return all.reduce((a, b) => a + b, 0) / all.length;
    };
    expect(mean(await engine.sample(asked))).toBeGreaterThan(mean(warm) + 0.5);
  });

  it("draws as often as the probabilities say", async () => {
    const engine = await open({ model: createTestModel().folder });
    const count = 2000;
    const seeds = Array.from({ length: count }, (_, index) => `draw ${index}`);
    const [drawn] = await engine.sample([{ prompt: [5, 6, 7], count, maxTokens: 1, temperature: 1, seeds }]);
    const times = new Map<number, number>();
    for (const { tokens } of drawn) times.set(tokens[0], (times.get(tokens[0]) ?? 0) + 1);
    const [token, most] = [...times].sort((a, b) => b[1] - a[1])[0];
    const probability = Math.exp((await engine.logprobs([{ prompt: [5, 6, 7], completion: [token] }]))[0][0]);
    const deviation = Math.sqrt(probability * (1 - probability) * count);
    expect(Math.abs(most - probability * count)).toBeLessThan(4 * deviation);
  });

  it("keeps the token that ends a sequence, and says why it ended", async () => {
    const engine = await open({ model: createTestModel().folder });
    const [request] = requests(1, 1, 30);
    const [[whole]] = await engine.sample([request]);
    const stop = whole.tokens[5];
    const [[stopped]] = await engine.sample([{ ...request, stopIds: [stop] }]);
    expect(stopped.tokens).toEqual(whole.tokens.slice(0, whole.tokens.indexOf(stop) + 1));
    expect(stopped.stopReason).toBe("stop");
    expect(whole.stopReason).toBe(
      engine.model.tokenizer.endIds.includes(whole.tokens.at(-1) as number) ? "stop" : "length",
    );
  });

  it("stops where the context ends", async () => {
    const engine = await open({ model: createTestModel().folder });
    const prompt = Array.from({ length: TEST_CONFIG.contextLength - 3 }, () => 9);
    const [[sample]] = await engine.sample([{ prompt, count: 1, maxTokens: 50, temperature: 1, seeds: ["a"] }]);
    expect(sample.tokens.length).toBeLessThanOrEqual(3);
  });

  it("tells of the tokens it draws and of each sequence once, at its place, whatever the shards", async () => {
    const engine = await open({ model: createTestModel().folder, threads: 2, samplingRows: 5 });
    const told: Sample[][] = [[], [], []];
    let tokens = 0;
    const samples = await engine.sample(requests(3), (event) => {
      if (event.kind === "tokens") {
        tokens = event.count;
        return;
      }
      expect(told[event.request][event.sequence]).toBeUndefined();
      told[event.request][event.sequence] = event.sample;
    });
    expect(told).toEqual(samples);
    expect(tokens).toBe(samples.flat().reduce((sum, sample) => sum + sample.tokens.length, 0));
  });

  it("reads prompts up to a context's end wherever that is", async () => {
    const engine = await open({ model: createTestModel({ ...TEST_CONFIG, contextLength: 100 }).folder });
    const asked = [
      { prompt: Array.from({ length: 98 }, () => 9), count: 1, maxTokens: 9, temperature: 1, seeds: ["a"] },
    ];
    const data = datums(asked, await engine.sample(asked));
    const sampled = data.map(({ oldLogprobs }) => oldLogprobs as Float32Array);
    expect(largestDifference(await engine.logprobs(data), sampled)).toBeLessThan(1e-5);
  });

  it("says so where the weights give no probabilities", async () => {
    const { folder, layout, weights } = createTestModel();
    weights.fill(Number.NaN, 0, 32);
    writeWeights(folder, layout, weights, "F32");
    const engine = await open({ model: folder });
    await expect(engine.sample(requests(1))).rejects.toThrow("request 0: a token's logprob is NaN");
    await expect(engine.logprobs([{ prompt: [3], completion: [4] }])).rejects.toThrow("sequence 0: a token's logprob");
  });
});

describe("training", () => {
  async function train(options: EmbeddedOptions, steps: number): Promise<Float32Array[]> {
    const engine = await open(options);
    const asked = requests(10);
    for (let step = 0; step < steps; step++) {
      const data = datums(asked, await engine.sample(asked));
      await engine.forwardBackward(data.slice(0, 15), POLICY);
      await engine.forwardBackward(data.slice(15), POLICY);
      await engine.optimStep(STEP);
    }
    return engine.logprobs(asked.map(({ prompt }) => ({ prompt, completion: [3, 40, 5] })));
  }

  it("gives the same bits for any number of threads", async () => {
    const { folder } = createTestModel();
    const one = await train({ model: folder, threads: 1, microBatchTokens: 200 }, 3);
    expect(await train({ model: folder, threads: 2, microBatchTokens: 200 }, 3)).toEqual(one);
    expect(await train({ model: folder, threads: 3, microBatchTokens: 200 }, 3)).toEqual(one);
  });

  it("gives the same bits for one or two threads of a model so large that one worker has them both", async () => {
    const sizes = { hiddenSize: 512, heads: 8, keyValueHeads: 2, headSize: 64, feedForwardSize: 1024 };
    const { folder } = createTestModel({ ...TEST_CONFIG, ...sizes, vocabularySize: 16_000, layers: 6 });
    const asked = requests(3, 2, 4);
    const run = async (threads: number): Promise<unknown> => {
      const engine = await open({ model: folder, threads });
      expect(engine.model.parameters).toBeGreaterThan(20e6);
      const samples = await engine.sample(asked);
      const trained = await engine.forwardBackward(datums(asked, samples), POLICY);
      const { gradientNorm } = await engine.optimStep(STEP);
      await engine.close();
      return { samples, trained, gradientNorm };
    };
    expect(await run(2)).toEqual(await run(1));
  });

  it("does not depend on how a batch is cut, beyond rounding", async () => {
    const { folder } = createTestModel();
    const asked = requests(10);
    const norms: number[] = [];
    const losses: number[] = [];
    for (const microBatchTokens of [64, 300, 100_000]) {
      const engine = await open({ model: folder, microBatchTokens });
      const data = datums(asked, await engine.sample(asked));
      losses.push((await engine.forwardBackward(data, POLICY)).loss);
      norms.push((await engine.optimStep(STEP)).gradientNorm);
    }
    for (const index of [1, 2]) {
      expect(norms[index] / norms[0]).toBeCloseTo(1, 5);
      expect(losses[index]).toBeCloseTo(losses[0], 5);
    }
  });

  it("skips the gradient of datums that have none, and still scores them", async () => {
    const engine = await open({ model: createTestModel().folder });
    const asked = requests(5);
    const data = datums(asked, await engine.sample(asked));
    const silent = data.map((datum) => ({ ...datum, advantages: new Float32Array(datum.completion.length) }));
    const output = await engine.forwardBackward(silent, POLICY);
    expect(output.loss).toBe(0);
    expect(
      largestDifference(
        [...output.logprobs],
        data.map((datum) => datum.oldLogprobs as Float32Array),
      ),
    ).toBeLessThan(1e-5);
    expect(output.entropies.every((row) => row.every((entropy) => entropy > 0))).toBe(true);
    expect((await engine.optimStep(STEP)).gradientNorm).toBe(0);
  });

  it("learns a pattern by cross-entropy and then repeats it", async () => {
    const engine = await open({ model: createTestModel().folder });
    const { tokenizer } = engine.model;
    const [prompt, completion] = [tokenizer.encode("def x"), tokenizer.encode("(y):\nreturn 42")];
    completion.push(tokenizer.endIds[0]);
    const datum = { prompt, completion, weights: new Float32Array(completion.length).fill(1 / completion.length) };
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      losses.push((await engine.forwardBackward([datum], { kind: "cross-entropy" })).loss);
      await engine.optimStep(STEP);
    }
    expect(losses[0]).toBeGreaterThan(3);
    expect(losses.at(-1)).toBeLessThan(0.1);
    const [[sample]] = await engine.sample([{ prompt, count: 1, maxTokens: 30, temperature: 0, seeds: ["x"] }]);
    expect(sample).toMatchObject({ tokens: completion, stopReason: "stop" });
  });

  it("makes rewarded tokens likelier with the policy loss", async () => {
    const engine = await open({ model: createTestModel().folder });
    const rewarded = 44;
    const share = (samples: readonly Sample[][]): number => {
      const tokens = samples.flat().flatMap((sample) => sample.tokens);
      return tokens.filter((token) => token === rewarded).length / tokens.length;
    };
    let last = 0;
    for (let step = 0; step < 30; step++) {
      const seeds = Array.from({ length: 64 }, (_, index) => `${step} ${index}`);
      const asked = [{ prompt: [7, 8], count: 64, maxTokens: 4, temperature: 1, seeds }];
      const samples = await engine.sample(asked);
      last = share(samples);
      const data = datums(asked, samples).map((datum) => ({
        ...datum,
        advantages: Float32Array.from(datum.completion, (token) => (token === rewarded ? 2 : -0.1)),
      }));
      await engine.forwardBackward(data, POLICY);
      await engine.optimStep({ ...STEP, weightDecay: 0 });
    }
    expect(last).toBeGreaterThan(0.5);
  });

  it("keeps the starting weights as the reference", async () => {
    const engine = await open({ model: createTestModel().folder });
    const asked = requests(4);
    const data = datums(asked, await engine.sample(asked));
    const before = await engine.logprobs(data, "reference");
    expect(await engine.logprobs(data)).toEqual(before);
    await engine.forwardBackward(data, POLICY);
    await engine.optimStep(STEP);
    expect(await engine.logprobs(data, "reference")).toEqual(before);
    expect(largestDifference(await engine.logprobs(data), before)).toBeGreaterThan(1e-3);
  });

  it("refuses a gradient that is not finite, keeps the weights and goes on", async () => {
    const engine = await open({ model: createTestModel().folder, threads: 2 });
    const datum = { prompt: [3, 4], completion: [5], weights: Float32Array.of(1) };
    const before = await engine.logprobs([datum]);
    await engine.forwardBackward([{ ...datum, weights: Float32Array.of(Number.NaN) }], { kind: "cross-entropy" });
    await expect(engine.optimStep(STEP)).rejects.toThrow("the gradient's norm is NaN at optimizer step 1");
    expect(await engine.logprobs([datum])).toEqual(before);
    await engine.forwardBackward([datum], { kind: "cross-entropy" });
    expect((await engine.optimStep(STEP)).gradientNorm).toBeGreaterThan(0);
  });

  it("refuses a datum whose arrays do not fit its completion", async () => {
    const engine = await open({ model: createTestModel().folder });
    const datum = { prompt: [3], completion: [4, 5], weights: new Float32Array(2) };
    await expect(engine.forwardBackward([datum], POLICY)).rejects.toThrow(
      "datum 0: advantages: expected 2 values, found nothing",
    );
    await expect(engine.logprobs([{ prompt: [3], completion: [999] }])).rejects.toThrow(
      "sequence 0: token id 999 is not in the vocabulary of 288",
    );
  });
});

describe("a checkpoint", () => {
  async function step(engine: EmbeddedEngine, name: number): Promise<unknown> {
    const asked = requests(6).map((request) => ({ ...request, seeds: request.seeds.map((seed) => `${name} ${seed}`) }));
    const samples = await engine.sample(asked);
    const output = await engine.forwardBackward(datums(asked, samples), POLICY);
    return [samples, output, await engine.optimStep(STEP)];
  }

  it("resumes to the bit", async () => {
    const { folder } = createTestModel();
    const checkpoint = join(scratch, "resume");
    const whole = await open({ model: folder });
    for (let index = 0; index < 2; index++) await step(whole, index);
    await whole.save(checkpoint, { optimizer: true });
    const expected = [await step(whole, 2), await step(whole, 3)];
    const resumed = await open({ model: folder });
    await resumed.load(checkpoint, { optimizer: true });
    expect([await step(resumed, 2), await step(resumed, 3)]).toEqual(expected);
    const asked = requests(2).map(({ prompt }) => ({ prompt, completion: [4] }));
    expect(await resumed.logprobs(asked, "reference")).toEqual(await whole.logprobs(asked, "reference"));
  });

  it("is a model folder of its own, with the tokenizer byte for byte", async () => {
    const { folder } = createTestModel();
    const checkpoint = join(scratch, "export");
    const engine = await open({ model: folder });
    await step(engine, 0);
    await engine.save(checkpoint, { optimizer: false });
    expect(existsSync(join(checkpoint, "training-state"))).toBe(false);
    expect(readFileSync(join(checkpoint, "tokenizer.json"))).toEqual(readFileSync(join(folder, "tokenizer.json")));
    const asked = requests(3);
    expect(await (await open({ model: checkpoint })).sample(asked)).toEqual(await engine.sample(asked));
  });

  it.each([
    ["BF16", "bfloat16", 0.3],
    ["F16", "float16", 0.03],
  ] as const)("can be stored in half the bytes, as %s, close to what it was", async (type, torchType, most) => {
    const checkpoint = join(scratch, type);
    const engine = await open({ model: createTestModel().folder });
    await engine.save(checkpoint, { optimizer: false, type });
    const data = requests(4).map(({ prompt }) => ({ prompt, completion: [4, 5] }));
    const half = await open({ model: checkpoint });
    const difference = largestDifference(await half.logprobs(data), await engine.logprobs(data));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(most);
    expect(JSON.parse(readFileSync(join(checkpoint, "config.json"), "utf8"))).toMatchObject({ torch_dtype: torchType });
  });

  it("without the optimizer's state is refused unless it is loaded without, and then AdamW starts from nothing", async () => {
    const { folder } = createTestModel();
    const checkpoint = join(scratch, "bare");
    const engine = await open({ model: folder });
    await step(engine, 0);
    await engine.save(checkpoint, { optimizer: false });
    const expected = await step(await open({ model: checkpoint }), 1);
    await step(engine, 2);
    const before = await engine.logprobs([{ prompt: [3], completion: [4, 5] }]);
    await expect(engine.load(checkpoint, { optimizer: true })).rejects.toThrow("optimizer.safetensors: no such file");
    expect(await engine.logprobs([{ prompt: [3], completion: [4, 5] }])).toEqual(before);
    await engine.load(checkpoint, { optimizer: false });
    expect(await step(engine, 1)).toEqual(expected);
  });

  it("of another model is refused", async () => {
    const engine = await open({ model: createTestModel().folder });
    const other = createTestModel({ ...TEST_CONFIG, layers: 3 });
    await expect(engine.load(other.folder, { optimizer: false })).rejects.toThrow("describes another model");
  });
});

describe("closing", () => {
  it("rejects what is still asked", async () => {
    const engine = await open({ model: createTestModel().folder });
    const asked = engine.sample(requests(8, 8, 50));
    await engine.close();
    await expect(asked).rejects.toThrow(EngineError);
    await expect(engine.logprobs([{ prompt: [3], completion: [4] }])).rejects.toThrow("the engine is closed");
  });
});
