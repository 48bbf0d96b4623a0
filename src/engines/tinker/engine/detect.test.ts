import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedEngine, openEmbedded } from "../../embedded/embedded.js";
import { createTestModel, removeTestModels } from "../../embedded/test-model.js";
import type { TinkerClient } from "../client/client.js";
import { detectProfile } from "./detect.js";
import { type Reduction, trainingOver } from "./test-training.js";

let engine: EmbeddedEngine;
beforeAll(async () => {
  engine = await openEmbedded({ model: createTestModel().folder, threads: 1 });
});
afterAll(async () => {
  await engine.close();
  removeTestModels();
});

const asked = { baseModel: "test", lora: { rank: 4 }, tokens: [10, 20, 30, 40] };

/** What is told of a server, and how many scratch models are left on it. */
async function detected(client: Partial<TinkerClient>, reduction: Reduction = "sum", norm: string | null = null) {
  let models = 0;
  const whole = {
    baseUrl: "http://gpu.example:8000",
    flags: { coderlplus: null },
    createModel: async () => {
      models++;
      return { ...trainingOver(engine, reduction, norm), unload: async () => void models-- };
    },
    ...client,
  } as TinkerClient;
  try {
    const { profile, notice } = await detectProfile(whole, asked);
    return { name: profile.name, notice, models };
  } catch (error) {
    return { name: null, notice: (error as Error).message, models };
  }
}

describe("the profile of a server", () => {
  it("is what two of them say of themselves", async () => {
    const flags = { coderlplus: { version: "1.2.3" } } as TinkerClient["flags"];
    expect(await detected({ flags })).toMatchObject({
      name: "coderlplus",
      notice: "the server is coderlplus 1.2.3: profile coderlplus",
    });
    expect(await detected({ baseUrl: "https://tinker.thinkingmachines.dev/services/tinker-prod" })).toMatchObject({
      name: "hosted",
    });
    expect(await detected({ baseUrl: "https://thinkingmachines.dev.example" })).toMatchObject({ name: null });
  });

  it("is told by what a gradient does when its datum comes twice, on a model that is given back", async () => {
    expect(await detected({}, "sequence-mean", "skyrl.ai/grad_norm")).toEqual({
      name: "skyrl-jax",
      models: 0,
      notice: expect.stringMatching(/means of sequences \(the same datum twice over makes the gradient 1\.\d+ times/),
    });
    expect(await detected({}, "sum", "skyrl.ai/grad_norm")).toMatchObject({
      name: "skyrl-fsdp",
      notice: expect.stringContaining("sums (the same datum twice over makes the gradient 2.00 times as large)"),
    });
    expect(await detected({}, "sum", "grad_norm")).toMatchObject({ name: "opentinker", models: 0 });
  });

  it("is asked for where nothing tells", async () => {
    expect(await detected({}, "sum", null)).toEqual({
      name: null,
      models: 0,
      notice: expect.stringMatching(
        /^engine\.profile is auto, but what this server is cannot be told: it tells no norm of a gradient; set engine\.profile to one of hosted, /,
      ),
    });
    expect((await detected({}, "sequence-mean", "grad_norm")).notice).toContain("cannot be told: the same datum twice");
  });
});
