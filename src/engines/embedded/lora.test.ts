import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { LORA_TARGETS, type LoraOptions } from "./adapters/layout.js";
import { readAdapters } from "./adapters/peft.js";
import { type EmbeddedEngine, openEmbedded } from "./embedded.js";
import type { EmbeddedOptions } from "./options.js";
import { createTestModel, removeTestModels } from "./test-model.js";
import { datums, largestDifference, POLICY, requests, STEP } from "./test-requests.js";

const LORA: LoraOptions & { seed: string } = { rank: 4, alpha: 8, targets: LORA_TARGETS, seed: "lora" };
const engines: EmbeddedEngine[] = [];
const scratch = mkdtempSync(join(tmpdir(), "coderlplus-lora-"));

async function open(model: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedEngine> {
  const engine = await openEmbedded({ model, threads: 1, lora: LORA, ...options });
  engines.push(engine);
  return engine;
}

/** One step on samples of its own. */
async function step(engine: EmbeddedEngine, name: string): Promise<unknown> {
  const asked = requests(6).map((request) => ({ ...request, seeds: request.seeds.map((seed) => `${name} ${seed}`) }));
  const samples = await engine.sample(asked);
  const output = await engine.forwardBackward(datums(asked, samples), POLICY);
  return [samples, output, await engine.optimStep(STEP)];
}

const PROBES = requests(4).map(({ prompt }) => ({ prompt, completion: [4, 40, 5] }));

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => {
  removeTestModels();
  rmSync(scratch, { recursive: true, force: true });
});

describe("training adapters", () => {
  it("begins as the base model, and leaves the base and the reference as they are", async () => {
    const { folder } = createTestModel();
    const bytes = readFileSync(join(folder, "model.safetensors"));
    const plain = await (await open(folder, { lora: null })).logprobs(PROBES);
    const engine = await open(folder);
    expect(await engine.logprobs(PROBES)).toEqual(plain);
    for (const name of ["a", "b"]) await step(engine, name);
    expect(largestDifference(await engine.logprobs(PROBES), plain)).toBeGreaterThan(1e-2);
    expect(await engine.logprobs(PROBES, "reference")).toEqual(plain);
    expect(readFileSync(join(folder, "model.safetensors"))).toEqual(bytes);
  });

  it("samples what it trains, to 1e-5, for any rank and choice of targets", async () => {
    const { folder } = createTestModel();
    for (const lora of [LORA, { ...LORA, rank: 1, targets: ["v_proj", "gate_proj"] as const }]) {
      const engine = await open(folder, { lora });
      await step(engine, "a");
      const asked = requests(9);
      const samples = await engine.sample(asked);
      const data = datums(asked, samples);
      const sampled = data.map(({ oldLogprobs }) => oldLogprobs as Float32Array);
      expect(largestDifference(await engine.logprobs(data), sampled)).toBeLessThan(1e-5);
      const { logprobs } = await engine.forwardBackward(data, POLICY);
      expect(largestDifference([...logprobs], sampled)).toBeLessThan(1e-5);
      const alone = await engine.sample([asked[4]]);
      expect(alone[0]).toEqual(samples[4]);
    }
  });

  it("gives the same bits for any number of threads", async () => {
    const { folder } = createTestModel();
    const results = [];
    for (const threads of [1, 2]) {
      const engine = await open(folder, { threads, microBatchTokens: 200 });
      results.push([await step(engine, "a"), await step(engine, "b"), await engine.logprobs(PROBES, "reference")]);
    }
    expect(results[1]).toEqual(results[0]);
  });

  it("learns a pattern in a few steps", async () => {
    const engine = await open(createTestModel().folder);
    const completion = [260, 261, 262, 263, engine.model.tokenizer.endIds[0]];
    const datum = { prompt: [7, 8], completion, weights: new Float32Array(5).fill(1 / 5) };
    for (let index = 0; index < 40; index++) {
      await engine.forwardBackward([datum], { kind: "cross-entropy" });
      await engine.optimStep(STEP);
    }
    expect((await engine.forwardBackward([datum], { kind: "cross-entropy" })).loss).toBeLessThan(0.1);
    const [[sample]] = await engine.sample([{ prompt: [7, 8], count: 1, maxTokens: 9, temperature: 0, seeds: ["x"] }]);
    expect(sample.tokens).toEqual(completion);
  });

  it("counts what is trained", async () => {
    const { model } = await open(createTestModel().folder);
    // q 32x32, k and v 16x32, o 32x32, gate and up 48x32, down 32x48; two layers of rank 4.
    expect(model.trainedParameters).toBe(2 * 4 * (64 + 48 + 48 + 64 + 80 + 80 + 80));
    expect(model.parameters).toBeGreaterThan(model.trainedParameters);
  });

  it("says that the base has changed under it", async () => {
    const { folder } = createTestModel();
    const engine = await open(folder, { lora: null });
    utimesSync(join(folder, "model.safetensors"), 1, 1);
    await expect(engine.logprobs(PROBES, "reference")).rejects.toThrow("has changed since the engine opened it");
  });
});

describe("a checkpoint of adapters", () => {
  it("resumes to the bit, with one worker and with two", async () => {
    const { folder } = createTestModel();
    const checkpoint = join(scratch, "resume");
    const whole = await open(folder);
    for (const name of ["a", "b"]) await step(whole, name);
    await whole.save(checkpoint, { optimizer: true });
    const expected = [await step(whole, "c"), await step(whole, "d")];
    for (const threads of [1, 2]) {
      const resumed = await open(folder, { threads, lora: { ...LORA, seed: "another" } });
      await resumed.load(checkpoint, { optimizer: true });
      expect([await step(resumed, "c"), await step(resumed, "d")]).toEqual(expected);
    }
  });

  it("is a merged model of its own, which says the same to 1e-5", async () => {
    const { folder, layout } = createTestModel();
    const checkpoint = join(scratch, "merged");
    const engine = await open(folder);
    for (const name of ["a", "b"]) await step(engine, name);
    await engine.save(checkpoint, { optimizer: true });
    const merged = await open(checkpoint, { lora: null });
    const expected = await engine.logprobs(PROBES);
    expect(largestDifference(await merged.logprobs(PROBES), expected)).toBeLessThan(1e-5);
    expect(largestDifference(await engine.logprobs(PROBES, "reference"), expected)).toBeGreaterThan(1e-2);
    const places = [{ tokens: [5, 40, 17], positions: [0, 2] }];
    const states = await Promise.all([engine, merged].map((one) => one.hiddenStates(places, [1, 2])));
    expect(largestDifference(states[0][0], states[1][0])).toBeLessThan(1e-4);
    const { adapters } = readAdapters(join(checkpoint, "adapter"), layout);
    expect(adapters.options).toEqual({ rank: 4, alpha: 8, targets: LORA_TARGETS });
    expect(existsSync(join(checkpoint, "training-state"))).toBe(true);
    const adapterBytes = statSync(join(checkpoint, "adapter", "adapter_model.safetensors")).size;
    expect(adapterBytes).toBeLessThan(statSync(join(checkpoint, "model.safetensors")).size / 2);
  });

  it("leaves nothing of itself to the one that is saved over it", async () => {
    const { folder } = createTestModel();
    const checkpoint = join(scratch, "over");
    await (await open(folder)).save(checkpoint, { optimizer: true });
    const full = await open(folder, { lora: null });
    await full.save(checkpoint, { optimizer: false });
    await expect(full.load(checkpoint, { optimizer: true })).rejects.toThrow("optimizer.safetensors: no such file");
    await full.load(checkpoint, { optimizer: false });
    expect(existsSync(join(checkpoint, "adapter"))).toBe(false);
  });

  it("is refused where it does not fit the engine", async () => {
    const { folder } = createTestModel();
    const checkpoint = join(scratch, "fit");
    const engine = await open(folder);
    await engine.save(checkpoint, { optimizer: false });
    const [narrow, full] = [await open(folder, { lora: { ...LORA, rank: 2 } }), await open(folder, { lora: null })];
    await expect(narrow.load(checkpoint, { optimizer: true })).rejects.toThrow(
      /expected adapters of rank 2, .*; found rank 4/,
    );
    await expect(full.load(checkpoint, { optimizer: true })).rejects.toThrow(
      "was trained with adapters, this engine has none",
    );
    await full.save(join(scratch, "full"), { optimizer: false });
    await expect(engine.load(join(scratch, "full"), { optimizer: false })).rejects.toThrow(
      "this engine trains adapters",
    );
  });
});
