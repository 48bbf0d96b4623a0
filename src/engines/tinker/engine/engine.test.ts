// The engine over the wire, against the same model in this process: same tokens, same updates, same checkpoints.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedEngine, openEmbedded } from "../../embedded/embedded.js";
import { createTestModel, removeTestModels } from "../../embedded/test-model.js";
import { largestDifference, requests } from "../../embedded/test-requests.js";
import type { Datum, Engine, Sample, SampleEvent } from "../../engine.js";
import { type EngineServer, serveEngine } from "../server/serve.js";
import { openTinkerEngine } from "./engine.js";
import type { TinkerEngineOptions } from "./options.js";
import { GENTLE, losses, trainingDatums, twoSteps } from "./test-losses.js";

const LORA = { rank: 4, seed: 3, trainMlp: true, trainAttention: true, trainUnembed: false };

const { folder } = createTestModel();
const scratch = mkdtempSync(join(tmpdir(), "coderlplus-tinker-engine-"));
let server: EngineServer;
let local: EmbeddedEngine;
let remote: Engine;
let datums: Datum[];
const notices: string[] = [];

function open(options: Partial<TinkerEngineOptions> = {}): Promise<Engine> {
  return openTinkerEngine({
    baseUrl: server.url,
    model: "tiny",
    tokenizer: local.model.tokenizer,
    contextLength: null,
    profile: "auto",
    wire: "auto",
    lora: null,
    requestsInFlight: 8,
    sequencesPerRequest: null,
    reference: true,
    patienceMs: 5000,
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
}

beforeAll(async () => {
  local = await openEmbedded({ model: folder, threads: 1 });
  datums = await trainingDatums(local);
  server = await serveEngine({ model: folder, folder: join(scratch, "served"), port: 0, threads: 1 });
  remote = await open();
  await remote.save(join(scratch, "start"), { optimizer: true });
});
afterAll(async () => {
  await remote.close();
  await server.close();
  await local.close();
  rmSync(scratch, { recursive: true });
  removeTestModels();
});

const start = join(scratch, "start");

describe("an engine over the wire", () => {
  it("says what it is, and what the server is", () => {
    expect(remote.model).toMatchObject({ name: "tiny", contextLength: 127, parameters: null });
    expect(remote.capabilities).toMatchObject({ reference: true, entropy: true, concurrent: true, hiddenStates: null });
    expect(notices.join("\n")).toMatch(/the server is coderlplus \S+: profile coderlplus/);
  });

  it("samples the tokens that are sampled in this process, however requests are cut, and tells of each", async () => {
    const asked = requests(5, 3, 10);
    const expected = await local.sample(asked);
    const cut = await open({ sequencesPerRequest: 2, requestsInFlight: 3, reference: false });
    try {
      const events: SampleEvent[] = [];
      const found = await cut.sample(asked, (event) => events.push(event));
      expect(found.map((samples) => samples.map(({ tokens }) => tokens))).toEqual(
        expected.map((samples) => samples.map(({ tokens }) => tokens)),
      );
      for (const [i, samples] of found.entries()) {
        const rows = [samples, expected[i]].map((each) => each.map(({ logprobs }) => logprobs));
        expect(largestDifference(rows[0], rows[1])).toBeLessThan(1e-4);
      }
      const finished = events.filter((event) => event.kind === "finished");
      expect(finished).toHaveLength(15);
      for (const { request, sequence, sample } of finished) expect(found[request][sequence]).toBe(sample);
      const total = found.flat().reduce((sum, { tokens }) => sum + tokens.length, 0);
      expect(events.findLast((event) => event.kind === "tokens")).toEqual({ kind: "tokens", count: total });
    } finally {
      await cut.close();
    }
  });

  it.each(losses)("makes the updates that are made in this process: %s", async (_, loss) => {
    const expected = await twoSteps(local, datums, loss);
    const found = await twoSteps(remote, datums, loss);
    expect(largestDifference(found.logprobs, expected.logprobs)).toBeLessThan(1e-5);
    expect(largestDifference(found.first.entropies ?? [], expected.first.entropies ?? [])).toBeLessThan(1e-5);
    expect(found.gradientNorm).toBeCloseTo(expected.gradientNorm ?? Number.NaN, 4);
    for (const [i, value] of expected.losses.entries()) expect(found.losses[i]).toBeCloseTo(value, 5);
  });

  it("keeps the frozen reference, and samples from the weights as they are, older ones while it updates", async () => {
    await Promise.all([remote.load(start, { optimizer: false }), local.load(folder, { optimizer: false })]);
    const asked = requests(4, 2, 10);
    const [loss] = losses.map(([, each]) => each);
    const tokensOf = (samples: ReadonlyArray<readonly Sample[]>) =>
      samples.map((each) => each.map(({ tokens }) => tokens));
    const before = tokensOf(await local.sample(asked));
    const [whileUpdating] = await Promise.all([remote.sample(asked), twoSteps(remote, datums, loss)]);
    expect(tokensOf(whileUpdating)).toEqual(before);
    expect(largestDifference(await remote.logprobs(datums, "reference"), await local.logprobs(datums))).toBeLessThan(
      1e-5,
    );
    await twoSteps(local, datums, loss);
    const after = tokensOf(await local.sample(asked));
    expect(after).not.toEqual(before);
    expect(tokensOf(await remote.sample(asked))).toEqual(after);
  });

  it("goes on from a checkpoint to the same place, adapters alone too", async () => {
    const lora = await open({ lora: LORA, reference: false });
    const again = await open({ lora: LORA, reference: false });
    const saved = join(scratch, "step-000001");
    try {
      await twoSteps(lora, datums, losses[1][1]);
      await lora.save(saved, { optimizer: true });
      const on = await twoSteps(lora, datums, losses[1][1]);
      await again.load(saved, { optimizer: true });
      expect((await twoSteps(again, datums, losses[1][1])).logprobs).toEqual(on.logprobs);
      await expect(remote.load(saved, { optimizer: true })).rejects.toThrow(
        /tinker\.json: its adapters \(rank 4, seed 3\) are not those of engine\.lora \(null: all weights\)/,
      );
    } finally {
      await Promise.all([lora.close(), again.close()]);
    }
    const note = JSON.parse(readFileSync(join(saved, "tinker.json"), "utf8"));
    expect(note).toMatchObject({ version: 1, baseUrl: expect.stringContaining(server.url), model: "tiny", lora: LORA });
    expect(note.path).toMatch(/^tinker:\/\/[^/]+\/weights\/step-000001-[0-9a-f]{16}$/);
  });
});

describe("an engine that cannot be had", () => {
  it("is refused before anything is trained, naming the key", async () => {
    await expect(open({ model: "large" })).rejects.toThrow(/engine\.model is large, but http:\S+ has /);
    await expect(open({ profile: "hosted" })).rejects.toThrow(
      "engine.lora is null, but hosted trains adapters only; set engine.lora.rank",
    );
    await expect(remote.hiddenStates([], [])).rejects.toThrow("gives no hidden states");
  });

  it("is an engine without a model once a checkpoint is gone from its server", async () => {
    const own = await open({ reference: false });
    try {
      const saved = join(scratch, "gone");
      await own.save(saved, { optimizer: true });
      rmSync(join(scratch, "served"), { recursive: true });
      await expect(own.load(saved, { optimizer: true })).rejects.toThrow(
        /gone: tinker:\S+, saved on http:\S+, cannot be loaded/,
      );
      await expect(own.optimStep(GENTLE)).rejects.toThrow("the engine has no model");
    } finally {
      await own.close();
    }
  });
});
