// Servers that answer what no server should: each ends in one clear error, soon and in bounded memory.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineError } from "../../src/core/errors.js";
import { readTokenizer } from "../../src/engines/embedded/model/tokenizer.js";
import { createTestModel, removeTestModels } from "../../src/engines/embedded/test-model.js";
import type { Engine } from "../../src/engines/engine.js";
import { openTinkerEngine } from "../../src/engines/tinker/engine/engine.js";
import type { TinkerEngineOptions } from "../../src/engines/tinker/engine/options.js";
import { type EngineServer, serveEngine } from "../../src/engines/tinker/server/serve.js";
import { type Fault, type FaultyProxy, openFaultyProxy } from "./faulty-proxy.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-hostile-"));
const model = createTestModel().folder;
const KEY = "tml-a-key-that-nobody-may-see";
const own = process.env["TINKER_API_KEY"];
let server: EngineServer;
let proxy: FaultyProxy;
let engine: Engine;

beforeAll(async () => {
  process.env["TINKER_API_KEY"] = KEY;
  server = await serveEngine({ model, folder, port: 0, threads: 1, apiKey: KEY });
  proxy = await openFaultyProxy(server.url);
  engine = await openTinkerEngine(options());
});
afterAll(async () => {
  process.env["TINKER_API_KEY"] = own;
  await engine.close();
  await proxy.close();
  await server.close();
  removeTestModels();
  rmSync(folder, { recursive: true, force: true });
});

function options(): TinkerEngineOptions {
  return {
    baseUrl: proxy.url,
    model: "tiny",
    tokenizer: readTokenizer(model),
    contextLength: null,
    profile: "auto",
    wire: "auto",
    lora: null,
    requestsInFlight: 4,
    sequencesPerRequest: null,
    reference: false,
    patienceMs: 24 * 3_600_000,
    timeScale: 0.03,
  };
}

const prompt = [2, 3, 4, 5];
const datum = { prompt, completion: [6, 7, 8], weights: Float32Array.of(1, 1, 1) };
const adam = { learningRate: 0, beta1: 0.9, beta2: 0.9, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 };

/** Calls of the engine, by the poll whose answer is changed. */
const calls = {
  "poll asample": () => engine.sample([{ prompt, count: 2, maxTokens: 3, temperature: 1, seeds: ["a", "b"] }]),
  "poll forward_backward": () => engine.forwardBackward([datum], { kind: "cross-entropy" }),
  "poll optim_step": () => engine.optimStep(adam),
  asample: () => calls["poll asample"](),
} as const;

/** @returns the message of the error */
async function saidUnder(name: keyof typeof calls, fault: Fault): Promise<string> {
  proxy.plan = (passing) => (passing.name === name ? fault : null);
  const error = await calls[name]().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  proxy.plan = () => null;
  expect(error).toBeInstanceOf(EngineError);
  const { message } = error as EngineError;
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(800);
  expect(message).not.toContain(KEY);
  // What is asked next is answered as ever.
  expect((await calls["poll asample"]()) as unknown[]).toHaveLength(1);
  return message;
}

const JSON_TYPE = { "content-type": "application/json" };
const json = (value: unknown): Fault => ({
  kind: "altered",
  alter: () => ({ body: JSON.stringify(value), headers: JSON_TYPE }),
});
const bytes = (...values: readonly number[]): Fault => ({
  kind: "altered",
  alter: () => ({ body: Uint8Array.from(values), headers: { "content-type": "application/x-protobuf" } }),
});
const sequence = { stop_reason: "stop", tokens: [6, 7], logprobs: [-1, -2] };
const sequences = (...changed: readonly object[]): Fault => json({ type: "sample", sequences: changed });
const scored = (...logprobs: readonly unknown[]): Fault =>
  json({
    loss_fn_output_type: "x",
    loss_fn_outputs: logprobs.map((data) => ({ logprobs: { data, dtype: "float32", shape: [6] } })),
    metrics: {},
  });
const text = (body: string): Fault => ({ kind: "altered", alter: () => ({ body, headers: JSON_TYPE }) });

/** Of what the client has read, at most. */
let sentBytes = 0;
async function* endless(): AsyncIterable<Uint8Array> {
  const part = new Uint8Array(1 << 16).fill(0x20);
  for (sentBytes = 0; ; sentBytes += part.length) yield part;
}

describe("a sample that cannot be is refused, with words for it:", () => {
  it.each<[string, Fault, RegExp]>([
    ["tokens that are text", sequences({ ...sequence, tokens: "67" }, sequence), /tokens/],
    ["a token that is a fraction", sequences({ ...sequence, tokens: [6.5, 7] }, sequence), /token/],
    ["a negative token", sequences({ ...sequence, tokens: [-1, 7] }, sequence), /token/],
    ["a token beyond the vocabulary", sequences({ ...sequence, tokens: [6, 4e6] }, sequence), /4000000/],
    ["more logprobs than tokens", sequences({ ...sequence, logprobs: [-1, -2, -3] }, sequence), /logprobs/],
    ["a logprob that is none", sequences({ ...sequence, logprobs: [-1, null] }, sequence), /logprob/],
    ["a logprob that is text", sequences({ ...sequence, logprobs: [-1, "NaN"] }, sequence), /logprob/],
    ["too many tokens", sequences({ ...sequence, tokens: [6, 6, 6, 6], logprobs: [-1, -1, -1, -1] }, sequence), /4/],
    ["no tokens at all", sequences({ ...sequence, tokens: [], logprobs: [] }, sequence), /no tokens/],
    ["another reason to stop", sequences({ ...sequence, stop_reason: "bored" }, sequence), /stop_reason/],
    ["too many sequences", sequences(sequence, sequence, sequence), /2 sequences, found 3/],
    ["too few sequences", sequences(sequence), /2 sequences, found 1/],
    ["sequences that are no list", json({ sequences: { length: 2 } }), /sequences/],
    ["a list", json([sequence]), /expected/],
    ["null", json(null), /expected/],
    ["a page of a web site", text("<html>hello</html>"), /expected/],
    ["brackets that never close", text("[".repeat(100_000)), /expected/],
    ["nothing", text(""), /expected/],
    ["bytes that are no protobuf", bytes(...Array.from({ length: 12 }, () => 0xff)), /expected/],
    ["a length of more than there is", bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x07, 0), /expected/],
  ])("%s", async (_, fault, expected) => {
    expect(await saidUnder("poll asample", fault)).toMatch(expected);
  });
});

describe("an update that cannot be is refused, with words for it:", () => {
  it.each<[string, "poll forward_backward" | "poll optim_step", Fault, RegExp]>([
    ["a logprob that is none", "poll forward_backward", scored([0, 0, 0, 0, null, 0]), /logprob/],
    ["too few logprobs", "poll forward_backward", scored([0]), /logprobs|shape/],
    [
      "outputs of too many datums",
      "poll forward_backward",
      scored([0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]),
      /2 outputs of 1/,
    ],
    [
      "outputs without logprobs",
      "poll forward_backward",
      json({ loss_fn_outputs: [{}], metrics: {} }),
      /logprobs|expected/,
    ],
    [
      "a shape of a billion",
      "poll forward_backward",
      json({ loss_fn_outputs: [{ logprobs: { data: [0], dtype: "float32", shape: [1e9] } }], metrics: {} }),
      /shape|logprobs/,
    ],
    ["a norm that is no number", "poll optim_step", json({ metrics: { grad_norm: "big" } }), /grad_norm/],
    ["a norm that is not finite", "poll optim_step", json({ metrics: { grad_norm: null } }), /norm/],
  ])("%s", async (_, name, fault, expected) => {
    expect(await saidUnder(name, fault)).toMatch(expected);
  });
});

describe("a server that goes on and on", () => {
  it.each(["poll asample", "asample"] as const)("is not listened to: %s", async (name) => {
    const before = process.memoryUsage().rss;
    expect(await saidUnder(name, { kind: "answer", status: 200, headers: JSON_TYPE, body: endless() })).toMatch(
      /more than \d+(\.\d)? MB/,
    );
    expect(sentBytes).toBeLessThan(64e6);
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  it("is shown in a few words on one line, and nothing of the key", async () => {
    const detail = `${KEY} is \u001b[31m wrong\nagain: ${"x".repeat(1e6)}`;
    const said = await saidUnder("asample", {
      kind: "answer",
      status: 422,
      headers: JSON_TYPE,
      body: JSON.stringify({ detail }),
    });
    expect(said).toMatch(/status 422 .*wrong again: x+…/);
  });
});
