// What a real SkyRL keeps and gives up: a request sent twice, a crash and a start from the same folder, a client that has
// fallen silent.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sum } from "../../src/core/maths.js";
import type { TinkerClient, TrainingClient } from "../../src/engines/tinker/client/client.js";
import { TinkerLostError } from "../../src/engines/tinker/client/errors.js";
import { openTinker } from "../../src/engines/tinker/client/open.js";
import { ADAM, datum } from "./datums.js";
import { isWithoutSkyrl, RANK, type SkyrlServer, startSkyrl } from "./server.js";
import { writeTinyQwen3 } from "./tiny-model.js";

const TOKENS = [40, 41, 42, 43, 101, 7, 260, 33];
const LORA = { rank: RANK, seed: 7 };
const SILENCE_S = 30;

describe.skipIf(isWithoutSkyrl("what SkyRL keeps and gives up"))("what a real SkyRL keeps", () => {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-skyrl-"));
  const model = join(folder, "model");
  let server: SkyrlServer;
  let client: TinkerClient;

  beforeAll(async () => {
    writeTinyQwen3(model);
    server = await startSkyrl({ model, folder, sessionTimeoutS: SILENCE_S });
    client = await openTinker({ baseUrl: server.url, apiKey: "tml-none" });
  });
  afterAll(async () => {
    await client?.close();
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (path: string, body: object): Promise<{ status: number; answer: Record<string, unknown> }> => {
    const reply = await fetch(`${server.url}/api/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: reply.status, answer: (await reply.json()) as Record<string, unknown> };
  };
  const steps = async (training: TrainingClient, count: number): Promise<number[]> => {
    const losses: number[] = [];
    for (let step = 0; step < count; step++) {
      const pass = training.forwardBackward([datum(TOKENS)], { name: "cross_entropy" });
      const taken = training.optimStep(ADAM);
      losses.push(sum((await pass).outputs[0]["elementwise_loss"]));
      await taken;
    }
    return losses;
  };

  it("runs a request that is sent twice once, and refuses another under its number", async () => {
    const training = await client.createModel({ baseModel: model, lora: LORA });
    const pass = (targets: readonly number[]) => ({
      model_id: training.modelId,
      seq_id: 1,
      forward_backward_input: {
        data: [
          {
            model_input: { chunks: [{ type: "encoded_text", tokens: TOKENS.slice(0, -1) }] },
            loss_fn_inputs: { target_tokens: { data: targets, dtype: "int64", shape: [targets.length] } },
          },
        ],
        loss_fn: "cross_entropy",
      },
    });
    const first = await ask("forward_backward", pass(TOKENS.slice(1)));
    const again = await ask("forward_backward", pass(TOKENS.slice(1)));
    expect(again.answer["request_id"]).toBe(first.answer["request_id"]);
    const other = await ask("forward_backward", pass(TOKENS.slice(0, -1)));
    expect(other).toMatchObject({ status: 409, answer: { detail: expect.stringContaining("reused") } });
    await training.unload();
  });

  it("goes on from a checkpoint after a crash as if there had been none", async () => {
    const training = await client.createModel({ baseModel: model, lora: LORA });
    await steps(training, 3);
    const saved = await training.saveWeights("three-steps");
    const losses = await steps(training, 3);
    await server.kill();
    server = await startSkyrl({ model, folder, sessionTimeoutS: SILENCE_S, port: server.port });
    await expect(steps(training, 1)).rejects.toThrow(TinkerLostError);
    const resumed = await client.createModel({ baseModel: model, lora: LORA });
    await resumed.loadWeights(saved, { optimizer: true });
    expect(await steps(resumed, 3)).toEqual(losses);
    const cold = await client.createModel({ baseModel: model, lora: LORA });
    await cold.loadWeights(saved, { optimizer: false });
    const [first, second] = await steps(cold, 2);
    expect(first).toBe(losses[0]);
    expect(second).not.toBe(losses[1]);
    await Promise.all([resumed.unload(), cold.unload()]);
  });

  it("loads weights as a model's first request only", async () => {
    const training = await client.createModel({ baseModel: model, lora: LORA });
    const path = await training.saveWeights("used");
    await expect(training.loadWeights(path, { optimizer: true })).rejects.toThrow(/not permitted/);
    await training.unload();
  });

  it("gives up the models of a client that has fallen silent", async () => {
    const { answer: session } = await ask("create_session", { tags: [], sdk_version: "0" });
    const { session_id } = session;
    await ask("session_heartbeat", { session_id });
    const { answer: made } = await ask("create_model", {
      session_id,
      model_seq_id: 0,
      base_model: model,
      lora_config: { rank: RANK },
    });
    await ask("retrieve_future", { request_id: made["request_id"] });
    const { model_id } = made;
    for (;;) {
      const { answer } = await ask("get_info", { model_id });
      if (answer["status"] === "unloaded") break;
      await pause(1000);
    }
    const { answer: taken } = await ask("optim_step", { model_id, seq_id: 1, adam_params: {} });
    const { status, answer } = await ask("retrieve_future", { request_id: taken["request_id"] });
    expect(status).toBe(400);
    expect(answer["detail"]).toContain("not loaded");
  });
});
