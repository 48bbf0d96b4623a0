import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbedded } from "../../embedded/embedded.js";
import { createTestModel, removeTestModels, TEST_CONFIG } from "../../embedded/test-model.js";
import { Checkpoints } from "./checkpoints.js";
import { ADAM, datumOf, gradientOf, type Json, startTestServer, type TestServer } from "./test-server.js";

const TOKENS = [259, 270, 264, 31, 265, 262];
const folder = mkdtempSync(join(tmpdir(), "coderlplus-checkpoints-"));
const model = createTestModel().folder;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ folder, model });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
  removeTestModels();
});

const gradient = (id: string, seq: number): Promise<Json> =>
  server.call("/forward_backward", gradientOf(id, seq, [datumOf(TOKENS, {})]));
const step = async (id: string, seq: number): Promise<number> => {
  const { metrics } = await server.call("/optim_step", { model_id: id, seq_id: seq, adam_params: ADAM });
  return (metrics as Record<string, number>)["grad_norm"];
};
const save = (id: string, seq: number, path: string, others: Json = {}): Promise<Json> =>
  server.call("/save_weights", { model_id: id, seq_id: seq, path, ...others });

describe("a checkpoint", () => {
  it("is trained on from as if nothing had been, also by a server started later", async () => {
    const { model: first } = await server.train();
    await gradient(first, 1);
    await step(first, 2);
    const { path } = await save(first, 3, "step-1.a");
    await gradient(first, 4);
    const expected = [await step(first, 5), (await gradient(first, 6))["metrics"]];
    await server.close();
    server = await startTestServer({ folder, model });
    const session_id = await server.session();
    const request = { session_id, model_seq_id: 3, path, optimizer: true };
    const { model_id } = await server.call("/load_weights", request);
    expect(model_id).toBe(`${session_id}:train:3`);
    await gradient(model_id as string, 1);
    expect([await step(model_id as string, 2), (await gradient(model_id as string, 3))["metrics"]]).toEqual(expected);
    const { model: other } = await server.train(2);
    expect(await server.call("/load_weights", { model_id: other, seq_id: 1, path, optimizer: false })).toMatchObject({
      path,
    });
    const { model: unlike } = await server.train(3);
    const refused = await server.send("/load_weights", { model_id: unlike, seq_id: 1, path, optimizer: false });
    expect(refused.body["detail"]).toMatch(/holds adapters of rank 2 .* this model trains adapters of rank 3/);
  });

  it("can be listed, described and deleted", async () => {
    const { model: id } = await server.train(0);
    const { path } = await save(id, 1, "whole");
    await server.call("/save_weights_for_sampler", { model_id: id, seq_id: 2, path: "sampled", ttl_seconds: 3600 });
    const info = await server.send("/weights_info", { tinker_path: path });
    expect(info.body).toMatchObject({ base_model: "tiny", is_lora: false, lora_rank: null, train_unembed: true });
    const { body } = await server.send(`/training_runs/${id}/checkpoints`);
    const listed = body["checkpoints"] as ReadonlyArray<Json>;
    expect(listed.map(({ checkpoint_id, checkpoint_type }) => [checkpoint_id, checkpoint_type])).toEqual([
      ["weights/whole", "training"],
      ["sampler_weights/sampled", "sampler"],
    ]);
    expect(listed[0]["size_bytes"]).toBeGreaterThan(50_000);
    expect(listed.map(({ expires_at }) => expires_at === null)).toEqual([true, false]);
    const all = await server.send("/training_runs?limit=1&offset=1");
    expect(all.body["training_runs"]).toHaveLength(1);
    expect(all.body["cursor"]).toMatchObject({ offset: 1, limit: 1 });
    const run = await server.send(`/training_runs/${id}`);
    expect(run.body).toMatchObject({ last_checkpoint: { tinker_path: path }, is_lora: false });
    const one = `${server.url}/api/v1/training_runs/${id}/checkpoints/weights/whole`;
    expect((await fetch(one, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(one, { method: "DELETE" })).status).toBe(404);
    expect((await server.send("/weights_info", { tinker_path: path })).status).toBe(404);
  });

  it("has an archive that tar unpacks to a model", async () => {
    const { model: id } = await server.train();
    await server.call("/save_weights_for_sampler", { model_id: id, seq_id: 1, path: "packed" });
    const { body } = await server.send(`/training_runs/${id}/checkpoints/sampler_weights/packed/archive`);
    const response = await fetch(body["url"] as string);
    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    const archive = Buffer.from(await response.arrayBuffer());
    execFileSync("tar", ["-xzf", "-", "-C", unpacked], { input: archive });
    expect(readdirSync(unpacked).toSorted()).toEqual([
      "adapter",
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    await (await openEmbedded({ model: unpacked, threads: 1 })).close();
    const forged = (body["url"] as string).replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect((await fetch(forged)).status).toBe(404);
  });

  it("is exported as other programs read it, file by file, and is no use here", async () => {
    const { model: id } = await server.train();
    const { path } = await server.call("/save_weights_external", { model_id: id, seq_id: 1, path: "out" });
    expect(path).toBe(`tinker://${id}/external_weights/out`);
    const { body } = await server.send(`/training_runs/${id}/checkpoints/external_weights/out/external_weights_urls`);
    const urls = body["urls"] as Readonly<Record<string, string>>;
    expect(Object.keys(urls)).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    expect(await (await fetch(urls["adapter_config.json"])).json()).toMatchObject({ peft_type: "LORA", r: 2 });
    const forged = urls["adapter_config.json"].replace("adapter_config.json", "checkpoint.json");
    expect((await fetch(forged)).status).toBe(404);
    const refused = await server.send("/load_weights", { model_id: id, seq_id: 2, path, optimizer: false });
    expect([refused.status, refused.body["detail"]]).toEqual([400, expect.stringContaining("to be downloaded")]);
    const recipients = { age_encryption_recipients: ["age1x"] };
    const secret = await server.send("/save_weights_external", { model_id: id, seq_id: 2, path: "b", ...recipients });
    expect([secret.status, secret.body["detail"]]).toEqual([422, expect.stringContaining("age_encryption_recipients")]);
  });

  it("is removed when its time is over, which can be told at any time", async () => {
    const { model: id } = await server.train();
    const { path: first } = await save(id, 1, "first", { ttl_seconds: 3600 });
    await save(id, 2, "second");
    await save(id, 3, "third", { ttl_seconds: 3600 });
    const setTtl = (name: string, ttl_seconds: number | null): Promise<Response> =>
      fetch(`${server.url}/api/v1/training_runs/${id}/checkpoints/weights/${name}/ttl`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ttl_seconds }),
      });
    expect([(await setTtl("third", null)).status, (await setTtl("none", 3600)).status]).toEqual([204, 404]);
    const inHours = (hours: number): string => new Date(Date.now() + 3_600_000 * hours).toISOString();
    const kept = async (): Promise<unknown> => {
      const { body } = await server.send(`/training_runs/${id}/checkpoints`);
      return (body["checkpoints"] as ReadonlyArray<Json>).map(({ checkpoint_id }) => checkpoint_id);
    };
    const checkpoints = new Checkpoints(folder);
    checkpoints.sweep(inHours(0.9));
    expect(await kept()).toHaveLength(3);
    checkpoints.sweep(inHours(1.1));
    expect(await kept()).toEqual(["weights/second", "weights/third"]);
    expect((await server.send("/weights_info", { tinker_path: first })).status).toBe(404);
    await setTtl("second", 3600);
    checkpoints.sweep(inHours(1.1));
    expect(await kept()).toEqual(["weights/third"]);
  });

  it("keeps its name to itself, unless it may be overwritten", async () => {
    const { model: id } = await server.train();
    await save(id, 1, "once");
    expect(await save(id, 2, "once")).toMatchObject({
      category: "user",
      error: expect.stringContaining("exists already"),
    });
    expect(await save(id, 3, "once", { overwrite: true })).toHaveProperty("path");
    for (const path of ["../x", "a/b", ".hidden", "a b", "x".repeat(200)]) {
      const { status, body } = await server.send("/save_weights", { model_id: id, seq_id: 4, path });
      expect([status, body["detail"]]).toEqual([400, expect.stringContaining("cannot be a checkpoint's name")]);
    }
  });

  it("that finds no place fails alone, and the next is written", async () => {
    const { model: id } = await server.train();
    const blocked = join(folder, id.replaceAll(":", "."));
    writeFileSync(blocked, "");
    const failed = await save(id, 1, "a");
    expect(failed).toMatchObject({
      category: "server",
      name: "StorageError",
      error: expect.stringContaining("cannot write"),
    });
    rmSync(blocked);
    expect(await save(id, 2, "a")).toHaveProperty("path");
    expect(readdirSync(join(blocked, "weights"))).toEqual(["a"]);
  });

  it("of adapters belongs to its base model alone", async () => {
    const { model: id } = await server.train();
    const { path } = await save(id, 1, "mine");
    const another = await startTestServer({ folder, model: createTestModel(TEST_CONFIG, "another").folder });
    const session_id = await another.session();
    const { status, body } = await another.send("/load_weights", {
      session_id,
      model_seq_id: 0,
      path,
      optimizer: false,
    });
    expect([status, body["detail"]]).toEqual([400, expect.stringContaining("which is another model")]);
    await another.close();
  });
});

describe("what a killed server left", () => {
  it("is swept when the next one starts", async () => {
    const dead = join(folder, ".samplers-999999999-x");
    const half = join(folder, "abc.train.0", "weights", "x.coderlplus-new");
    for (const path of [dead, half, join(half, "..", "y")]) mkdirSync(path, { recursive: true });
    await (await startTestServer({ folder, model })).close();
    expect([existsSync(dead), existsSync(half)]).toEqual([false, false]);
  });
});
