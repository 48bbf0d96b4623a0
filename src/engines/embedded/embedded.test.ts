import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { EngineError } from "../../core/errors.js";
import type { Sample } from "../engine.js";
import { type EmbeddedEngine, openEmbedded } from "./embedded.js";
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
