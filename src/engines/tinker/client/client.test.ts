// The client against a server in its best mood: every verb goes to its endpoint and comes back as it should.

import { afterEach, expect, test } from "vitest";
import type { WireDatum } from "../protocol/records.js";
import type { TinkerClient, TinkerOptions } from "./client.js";
import { openTinker } from "./open.js";
import { openTestServer, type Script, type TestServer } from "./test-server.js";

const opened: Array<{ close(): Promise<void> }> = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function connected(
  script: Script = {},
  options: TinkerOptions = {},
): Promise<{ readonly server: TestServer; readonly client: TinkerClient }> {
  const server = await openTestServer(script);
  opened.push(server);
  const client = await openTinker({ baseUrl: server.url, apiKey: "tml-secret", timeScale: 0.001, ...options });
  opened.push(client);
  return { server, client };
}

function datum(tokens: number): WireDatum {
  const ids = Array.from({ length: tokens }, (_, at) => at + 1);
  return {
    modelInput: ids,
    lossInputs: {
      target_tokens: { dtype: "int64", data: ids },
      weights: { dtype: "float32", data: new Float32Array(tokens).fill(1) },
    },
  };
}

const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 };

test("trains, saves, samples and unloads", async () => {
  const { client, server } = await connected({ polls: 2 });
  expect(await client.capabilities()).toEqual({
    models: [
      { name: "tiny", contextLength: 64 },
      { name: "plain", contextLength: null },
    ],
  });
  const model = await client.createModel({ baseModel: "tiny", lora: { rank: 4, seed: 1 } });
  expect(await model.info()).toEqual({ baseModel: "tiny", tokenizerId: null });
  const passed = model.forwardBackward([datum(3), datum(2)], { name: "cross_entropy" });
  const stepped = model.optimStep(adam);
  const output = await passed;
  expect(output.outputs.map(({ logprobs }) => [...logprobs])).toEqual([
    [-1, -2, -3],
    [-1, -2],
  ]);
  expect(output.metrics).toEqual({ "loss:sum": 2 });
  expect((await stepped).metrics).toEqual({ grad_norm: 1.5, gone: Number.NaN });
  expect(await model.saveWeights("a")).toBe("tinker://model-0/weights/a");
  expect(await model.saveWeightsForSampler("b")).toBe("tinker://model-0/sampler_weights/b");
  const sampler = await model.sampler();
  const drawn = await sampler.sample({
    prompt: [5, 6],
    count: 2,
    parameters: { maxTokens: 4 },
    promptLogprobs: false,
    topkPromptLogprobs: 0,
  });
  expect(drawn.sequences.map(({ tokens }) => tokens)).toEqual([
    [5, 6],
    [5, 6],
  ]);
  await model.unload();
  expect(server.taken.map(({ path, sequenceId }) => [path, sequenceId])).toEqual([
    ["forward_backward", 1],
    ["optim_step", 2],
    ["save_weights", 3],
    ["save_weights_for_sampler", 4],
    ["save_weights_for_sampler", 5],
    ["unload_model", Number.NaN],
  ]);
});
