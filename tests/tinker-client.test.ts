// The client of the Tinker protocol against the server of this project, over a real socket, with a real model: what
// crosses the wire is what the engine computes.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestModel, removeTestModels } from "../src/engines/embedded/test-model.js";
import { type EngineServer, serveEngine } from "../src/engines/tinker/server/serve.js";
import { openTinker, type TinkerClient, TinkerError, TinkerLostError, type WireDatum } from "../src/tinker.js";

let folder: string;
let server: EngineServer;
let client: TinkerClient;
const key = "a-key-of-the-server";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "coderlplus-"));
  server = await serveEngine({ model: createTestModel().folder, folder, port: 0, apiKey: key, threads: 1 });
  client = await openTinker({ baseUrl: server.url, apiKey: key });
});
afterAll(async () => {
  await client.close();
  await server.close();
  removeTestModels();
  rmSync(folder, { recursive: true, force: true });
});

const tokens = [1, 2, 3, 4, 5];
const datum: WireDatum = {
  modelInput: tokens.slice(0, -1),
  lossInputs: {
    target_tokens: { dtype: "int64", data: tokens.slice(1) },
    weights: { dtype: "float32", data: new Float32Array(tokens.length - 1).fill(1) },
  },
};
const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradientClip: 0 };
const loss = { name: "cross_entropy" };

test("learns a sequence, samples it, and goes on from a checkpoint in another model", async () => {
  const { models } = await client.capabilities();
  expect(models).toEqual([{ name: server.modelName, contextLength: expect.any(Number) as number }]);
  expect(client.flags.coderlplus).not.toBeNull();
  const lora = { rank: 4, seed: 1 };
  const model = await client.createModel({ baseModel: server.modelName, lora });
  expect((await model.info()).baseModel).toBe(server.modelName);
  const sums: number[] = [];
  for (let step = 0; step < 8; step++) {
    const passed = model.forwardBackward([datum, datum], loss);
    const stepped = model.optimStep(adam);
    const { outputs } = await passed;
    sums.push(outputs[0]["logprobs"].reduce((sum, logprob) => sum + logprob, 0));
    expect((await stepped).metrics["grad_norm"]).toBeGreaterThan(0);
  }
  expect(sums[7]).toBeGreaterThan(sums[0]);

  const path = await model.saveWeights("mid");
  const before = await model.forward([datum], loss);
  const sampler = await model.sampler();
  const drawn = await sampler.sample({
    prompt: [1, 2],
    count: 2,
    parameters: { maxTokens: 3, temperature: 0, seeds: ["a", "b"] },
    promptLogprobs: true,
    topkPromptLogprobs: 0,
  });
  expect(drawn.sequences).toHaveLength(2);
  expect(drawn.sequences[0].logprobs).toHaveLength(drawn.sequences[0].tokens.length);
  expect(drawn.promptLogprobs?.[1]).toBeCloseTo(before.outputs[0]["logprobs"][0], 4);

  const other = await client.createModel({ baseModel: server.modelName, lora });
  await other.loadWeights(path, { optimizer: true });
  const after = await other.forward([datum], loss);
  expect(after.outputs[0]["logprobs"]).toEqual(before.outputs[0]["logprobs"]);
  await other.unload();
  await expect(other.info()).rejects.toBeInstanceOf(TinkerLostError);
});

test("keeps, describes, fetches and deletes checkpoints", async () => {
  const model = await client.createModel({ baseModel: server.modelName, lora: { rank: 2 } });
  const training = await model.saveWeights("a");
  const path = await model.saveWeightsForSampler("a");
  await expect(model.saveWeights("a")).rejects.toMatchObject({ kind: "conflict" });
  expect((await client.checkpoints(model.modelId)).map((one) => one.path).sort()).toEqual([path, training].sort());
  expect(await client.weightsInfo(training)).toMatchObject({ baseModel: server.modelName, isLora: true, loraRank: 2 });
  const file = join(folder, "a.tar.gz");
  await client.downloadCheckpoint(path, file);
  expect(gunzipSync(readFileSync(file)).toString("latin1")).toContain("adapter_model.safetensors");
  const kept = await client.sampler({ path });
  const request = { prompt: [1], count: 1, parameters: { maxTokens: 1 }, promptLogprobs: false, topkPromptLogprobs: 0 };
  expect((await kept.sample(request)).sequences).toHaveLength(1);
  await client.deleteCheckpoint(path);
  await expect(client.downloadCheckpoint(path, file)).rejects.toMatchObject({ kind: "missing" });
  await model.unload();
});

test("a wrong key is named, and a wrong loss is said in the server's words", async () => {
  await expect(openTinker({ baseUrl: server.url, apiKey: "another" })).rejects.toMatchObject({
    kind: "key",
    status: 403,
  });
  const model = await client.createModel({ baseModel: server.modelName, lora: { rank: 2 } });
  const error = await model.forwardBackward([datum], { name: "novel" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TinkerError);
  expect((error as TinkerError).says).toMatch(/novel/);
  await model.optimStep(adam).catch(() => {});
  await model.unload();
});
