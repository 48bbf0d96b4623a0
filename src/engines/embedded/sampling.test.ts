// What the embedded engine draws. Training, checkpoints and closing: embedded.test.ts.

import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Sample } from "../engine.js";
import { type EmbeddedEngine, openEmbedded } from "./embedded.js";
import { writeWeights } from "./model/checkpoint.js";
import type { EmbeddedOptions } from "./options.js";
import { createTestModel, removeTestModels, TEST_CONFIG } from "./test-model.js";
import { datums, largestDifference, POLICY, requests } from "./test-requests.js";

const engines: EmbeddedEngine[] = [];

async function open(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const engine = await openEmbedded({ threads: 1, ...options });
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(removeTestModels);

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
