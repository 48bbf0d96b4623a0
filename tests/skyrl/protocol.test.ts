// Our client against a real SkyRL on this processor: what one model in training answers, by itself and beside the embedded
// engine on the same weights. Batches are of one shape where that can be: every new one is compiled.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sum } from "../../src/core/maths.js";
import { type EmbeddedEngine, openEmbedded } from "../../src/engines/embedded/embedded.js";
import type { SamplingClient, TinkerClient, TrainingClient } from "../../src/engines/tinker/client/client.js";
import { openTinker } from "../../src/engines/tinker/client/open.js";
import { ADAM, constant, datum, largestDifference } from "./datums.js";
import { isWithoutSkyrl, RANK, type SkyrlServer, startSkyrl } from "./server.js";
import { writeTinyQwen3 } from "./tiny-model.js";

const PROMPT = [40, 41, 42, 43, 44, 45];
const COMPLETION = [101, 7, 260, 33, 91, 5];
const SEQUENCE = [...PROMPT, ...COMPLETION];
/** 1 at the completion's tokens. */
const MASK = SEQUENCE.slice(1).map((_, at) => (at >= PROMPT.length - 1 ? 1 : 0));
const CROSS_ENTROPY = { name: "cross_entropy" };
const STILL = { ...ADAM, learningRate: 0 };
const NORM = "skyrl.ai/grad_norm";

describe.skipIf(isWithoutSkyrl("SkyRL as our client's server"))("a real SkyRL", () => {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-skyrl-"));
  const model = join(folder, "model");
  let server: SkyrlServer;
  let client: TinkerClient;
  let training: TrainingClient;
  let embedded: EmbeddedEngine;

  beforeAll(async () => {
    writeTinyQwen3(model);
    server = await startSkyrl({ model, folder });
    client = await openTinker({ baseUrl: server.url, apiKey: "tml-none" });
    training = await client.createModel({ baseModel: model, lora: { rank: RANK, seed: 7 } });
    embedded = await openEmbedded({ model, threads: 1 });
  });
  afterAll(async () => {
    await embedded?.close();
    await client?.close();
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const logprobsOf = async (tokens: readonly number[]): Promise<Float32Array> =>
    (await training.forward([datum(tokens)], CROSS_ENTROPY)).outputs[0]["logprobs"];
  const completionLogprobs = async (): Promise<Float32Array> =>
    (await logprobsOf(SEQUENCE)).subarray(PROMPT.length - 1);
  const draw = (sampler: SamplingClient, parameters: { seed: number; stop?: number[]; temperature?: number }) =>
    sampler.sample({
      prompt: PROMPT,
      count: 2,
      parameters: { maxTokens: 6, temperature: 1, ...parameters },
      promptLogprobs: false,
      topkPromptLogprobs: 0,
    });

  it("names the model it was started with", async () => {
    expect((await client.capabilities()).models.map(({ name }) => name)).toEqual([model]);
    expect((await training.info()).baseModel).toBe(model);
  });

  it("computes the logprobs that the embedded engine computes", async () => {
    const [own] = await embedded.logprobs([{ prompt: SEQUENCE.slice(0, 1), completion: SEQUENCE.slice(1) }]);
    expect(largestDifference(await logprobsOf(SEQUENCE), own)).toBeLessThan(1e-4);
  });

  it("takes JSON as it takes protobuf", async () => {
    const json = await openTinker({ baseUrl: server.url, apiKey: "tml-none", wire: "json" });
    const other = await json.createModel({ baseModel: model, lora: { rank: RANK, seed: 7 } });
    const { outputs } = await other.forwardBackward([datum(SEQUENCE)], CROSS_ENTROPY);
    expect(largestDifference(outputs[0]["logprobs"], await logprobsOf(SEQUENCE))).toBeLessThan(1e-5);
    await other.unload();
    await json.close();
  });

  it("takes the mean over sequences, and within one the mean by weights", async () => {
    const norm = async (weights: readonly number[], times: number): Promise<number> => {
      const datums = Array.from({ length: times }, () => datum(SEQUENCE, { weights }));
      const pass = training.forwardBackward(datums, CROSS_ENTROPY);
      const step = training.optimStep(STILL);
      await pass;
      return (await step).metrics[NORM];
    };
    const once = await norm(MASK, 1);
    expect(once).toBeGreaterThan(0);
    expect((await norm(MASK, 2)) / once).toBeCloseTo(1, 4);
    expect(
      (await norm(
        MASK.map((weight) => 3 * weight),
        1,
      )) / once,
    ).toBeCloseTo(1, 4);
  });

  it.each(["importance_sampling", "ppo", "cispo"])(
    "%s raises what was better and lowers what was worse",
    async (name) => {
      for (const sign of [1, -1]) {
        const before = await completionLogprobs();
        const logprobs = [...constant(PROMPT.length - 1, 0), ...before];
        const advantages = MASK.map((mask) => sign * mask);
        const config = { clip_low_threshold: 0.8, clip_high_threshold: 1.2 };
        const loss = name === "importance_sampling" ? { name } : { name, config };
        const pass = training.forwardBackward([datum(SEQUENCE, { logprobs, advantages, weights: MASK })], loss);
        // Without momentum: the step before went the other way.
        const step = training.optimStep({ ...ADAM, beta1: 0, learningRate: 0.001 });
        await Promise.all([pass, step]);
        expect(sign * (sum(await completionLogprobs()) - sum(before))).toBeGreaterThan(0);
      }
    },
  );

  it("samples by seed, tells the logprobs of what it drew, and ends at a stop id", async () => {
    const sampler = await training.sampler();
    const { sequences } = await draw(sampler, { seed: 5, temperature: 0.7 });
    expect((await draw(sampler, { seed: 5, temperature: 0.7 })).sequences.map(({ tokens }) => tokens)).toEqual(
      sequences.map(({ tokens }) => tokens),
    );
    expect(sequences[0].tokens).not.toEqual(sequences[1].tokens);
    for (const { tokens, logprobs } of sequences) {
      const forward = (await logprobsOf([...PROMPT, ...tokens])).subarray(PROMPT.length - 1);
      expect(largestDifference(logprobs ?? [], forward)).toBeLessThan(1e-4);
    }
    const end = sequences[0].tokens[2];
    const first = sequences[0].tokens.indexOf(end);
    const [stopped] = (await draw(sampler, { seed: 5, temperature: 0.7, stop: [end] })).sequences;
    expect(stopped).toMatchObject({ tokens: sequences[0].tokens.slice(0, first + 1), stopReason: "stop" });
  });

  it("learns a sequence, and a new sampler sees it", async () => {
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      const pass = training.forwardBackward([datum(SEQUENCE, { weights: MASK })], CROSS_ENTROPY);
      const taken = training.optimStep({ ...ADAM, learningRate: 0.02 });
      losses.push(sum((await pass).outputs[0]["elementwise_loss"]));
      await taken;
    }
    expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]);
    const before = await logprobsOf(SEQUENCE);
    const { sequences } = await draw(await training.sampler(), { seed: 1, temperature: 0 });
    expect(sequences[0].tokens).toEqual(COMPLETION);
    expect(largestDifference(await logprobsOf(SEQUENCE), before)).toBe(0);
  });

  it("says in its own words what it cannot do", async () => {
    await expect(training.forward([datum(SEQUENCE)], { name: "dro" })).rejects.toThrow(/dro|cross_entropy/);
    await expect(client.createModel({ baseModel: model, lora: { rank: RANK + 1 } })).rejects.toThrow(
      /LoRA rank 9 must be between 1 and 8/,
    );
  });
});
