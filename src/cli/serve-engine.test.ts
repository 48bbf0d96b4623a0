import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { moduleArguments } from "../core/worker.js";
import { createTestModel, removeTestModels } from "../engines/embedded/test-model.js";

const main = moduleArguments(new URL("./main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "coderlplus-serve-engine-"));
const { folder: model } = createTestModel();
afterAll(removeTestModels);

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Under a shell's limits, which are inherited. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}, limits = ":"): Child {
  const command = [process.execPath, ...main, "serve-engine", "--model", model, "--port", "0", ...args];
  return spawn("bash", ["-c", `${limits}; exec "$@"`, "bash", ...command], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function firstLine({ stdout }: Child): Promise<string> {
  const lines = createInterface(stdout);
  const [line] = (await once(lines, "line")) as [string];
  lines.close();
  return line;
}

type Json = Readonly<Record<string, unknown>>;

async function post(url: string, path: string, body: Json, key = ""): Promise<Json> {
  const headers = { "content-type": "application/json", "x-api-key": key };
  const response = await fetch(`${url}/api/v1/${path}`, { method: "POST", body: JSON.stringify(body), headers });
  return { status: response.status, ...((await response.json()) as Json) };
}

async function outcome(url: string, path: string, body: Json): Promise<Json> {
  const { request_id } = await post(url, path, body);
  for (;;) {
    const found = await post(url, "retrieve_future", { request_id: request_id as string });
    if (found["status"] !== 408) return found;
  }
}

describe("serve-engine", () => {
  it("serves until it is told to stop, with the key of its environment, which it shows nowhere", async () => {
    const key = "tml-a-secret-key";
    const child = start(["--json", "--verbose", "--host", "0.0.0.0"], { CODERLPLUS_ENGINE_KEY: key });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const facts = JSON.parse(await firstLine(child)) as { url: string; model: string; folder: string };
    expect(facts).toMatchObject({ model: "tiny", folder: join(folder, "tinker-checkpoints") });
    const url = facts.url.replace("0.0.0.0", "127.0.0.1");
    expect((await post(url, "create_session", {}))["status"]).toBe(401);
    const config = await post(url, "client/config", { sdk_version: "0.38.0" }, key);
    expect(config["coderlplus"]).toHaveProperty("version");
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(said).toMatch(/POST \/api\/v1\/client\/config 200 \d+ ms\nstopping: /);
    expect(said + JSON.stringify(facts)).not.toContain(key);
    expect(readdirSync(facts.folder)).toEqual([]);
  });

  it("says how to train on it, and lives on where there is no room for a checkpoint", async () => {
    // Files of more than 40 kB have no room: the model's do not fit, what the engine is started with does.
    const child = start([], {}, "ulimit -f 40");
    const line = await firstLine(child);
    const [, url] = /^tiny at (http:\/\/127\.0\.0\.1:\d+), checkpoints in /.exec(line) ?? [];
    expect(url).toBeDefined();
    const { session_id } = await post(url, "create_session", {});
    const { model_id } = await outcome(url, "create_model", { session_id, model_seq_id: 0, base_model: "tiny" });
    const failed = await outcome(url, "save_weights", { model_id, seq_id: 1, path: "a" });
    expect(failed).toMatchObject({
      name: "StorageError",
      error: expect.stringMatching(/larger than this process may write/),
    });
    expect(existsSync(join(folder, "tinker-checkpoints", String(model_id).replaceAll(":", "."), "weights", "a"))).toBe(
      false,
    );
    const stepped = await outcome(url, "optim_step", { model_id, seq_id: 2, adam_params: {} });
    expect(stepped).toHaveProperty("metrics");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("refuses to be reached by others without a key", async () => {
    const child = start(["--host", "0.0.0.0"], { CODERLPLUS_ENGINE_KEY: "" });
    const [error] = (await once(child.stderr, "data")) as [Buffer];
    expect(error.toString()).toContain("set CODERLPLUS_ENGINE_KEY");
    expect(await once(child, "exit")).toEqual([2, null]);
  });
});
