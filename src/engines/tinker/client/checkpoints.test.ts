// What a server keeps: saved under a name even where an acknowledgement is lost, listed, deleted, fetched as an archive.

import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StorageError } from "../../../core/errors.js";
import { connected, testKey, training } from "./test-client.js";
import { openTestServer, type Script } from "./test-server.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "coderlplus-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a name that an unanswered attempt has taken is this call's own", async () => {
  const { model, server } = await training({
    fault: ({ path, nth, headers }) => {
      if (!path.startsWith("save_weights") || nth > 0) return undefined;
      // As a server that does not know repetitions.
      headers["x-idempotency-key"] = "another";
      return "cut after taking";
    },
  });
  expect(await model.saveWeights("a")).toBe("tinker://model-0/weights/a");
  expect(await model.saveWeightsForSampler("b")).toBe("tinker://model-0/sampler_weights/b");
  await expect(model.saveWeights("a")).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringMatching(/use another name/) as string,
  });
  expect(server.taken).toHaveLength(2);
});

test("a sampler whose acknowledgement was lost is asked for under another number", async () => {
  const { model, server } = await training({
    fault: ({ path, nth, headers }) => {
      if (path !== "save_weights_for_sampler" || nth > 0) return undefined;
      headers["x-idempotency-key"] = "another";
      return "cut after taking";
    },
  });
  await model.sampler();
  expect(server.to("save_weights_for_sampler").map(({ json }) => json["sampling_session_seq_id"])).toEqual([0, 0, 1]);
});

test("lists and deletes", async () => {
  const { client, model, server } = await training();
  await model.saveWeights("a");
  await model.saveWeightsForSampler("b");
  expect(await client.checkpoints(model.modelId)).toEqual([
    {
      id: "weights/a",
      kind: "training",
      path: "tinker://model-0/weights/a",
      time: "2026-01-01T00:00:00Z",
      bytes: null,
    },
    {
      id: "sampler_weights/b",
      kind: "sampler",
      path: "tinker://model-0/sampler_weights/b",
      time: "2026-01-01T00:00:00Z",
      bytes: null,
    },
  ]);
  await client.deleteCheckpoint("tinker://model-0/weights/a");
  await client.deleteCheckpoint("tinker://model-0/b");
  expect(server.received.filter(({ method }) => method === "DELETE").map(({ path }) => path)).toEqual([
    "training_runs/model-0/checkpoints/weights/a",
    "training_runs/model-0/checkpoints/sampler_weights/b",
  ]);
  await expect(client.deleteCheckpoint("a")).rejects.toThrow(/expected a checkpoint such as tinker:/);
});

const archive = randomBytes(300_000);
const path = "tinker://model-0/sampler_weights/b";

/** Another party's server, which keeps archives. */
async function store(script: Script = {}) {
  return openTestServer({
    fault: async (received) =>
      (await script.fault?.(received)) ?? { body: archive, headers: { "content-length": String(archive.length) } },
  });
}

function leadingTo(url: string, form: "json" | "redirect"): Script {
  return {
    fault: (received) => {
      if (!received.path.endsWith("/archive")) return undefined;
      // SkyRL's: named without its kind.
      if (form === "redirect" && received.path.includes("sampler_weights/"))
        return { status: 404, body: { detail: "Not Found" } };
      if (received.nth < 2) return { status: 503, body: { detail: "packing" } };
      return form === "json" ? { body: { url } } : { status: 302, body: "", headers: { location: url } };
    },
  };
}

test.each(["json", "redirect"] as const)(
  "fetches an archive that is being packed, by %s, without showing the key",
  async (form) => {
    const other = await store();
    const { client } = await connected(leadingTo(`${other.url}/archives/b?signature=s`, form));
    const file = join(folder, "b.tar.gz");
    const progress: Array<readonly [number, number | null]> = [];
    await client.downloadCheckpoint(path, file, (done, total) => void progress.push([done, total]));
    expect(readFileSync(file).equals(archive)).toBe(true);
    expect(progress.at(-1)).toEqual([archive.length, archive.length]);
    expect(other.received).toHaveLength(1);
    expect(JSON.stringify(other.received[0].headers)).not.toContain(testKey);
    await other.close();
  },
);

test("an archive that breaks off is fetched again, and what was there stays until all of it is", async () => {
  const file = join(folder, "b.tar.gz");
  writeFileSync(file, "before");
  const during: string[] = [];
  const other = await store({
    fault: ({ nth }) => {
      during.push(readFileSync(file, "utf8"));
      if (nth === 0) return "cut";
      return nth === 1 ? { status: 403, body: "expired" } : undefined;
    },
  });
  const { client } = await connected(leadingTo(`${other.url}/b`, "json"));
  await client.downloadCheckpoint(path, file);
  expect(during).toEqual(["before", "before", "before"]);
  expect(readFileSync(file).equals(archive)).toBe(true);
  expect(readdirSync(folder)).toEqual(["b.tar.gz"]);
  await other.close();
});

test("an archive that never comes whole, or has no place on the disk, is one clear error", async () => {
  const other = await store({ fault: () => "cut" });
  const { client } = await connected(leadingTo(`${other.url}/b?signature=secret`, "json"));
  const error = (await client.downloadCheckpoint(path, join(folder, "b")).catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toMatch(/^127\.0\.0\.1:\d+: archive of tinker:.*gave up after 5 attempts/);
  expect(error.message).not.toContain("secret");
  expect(readdirSync(folder)).toEqual([]);
  await other.close();
  const good = await store();
  const second = await connected(leadingTo(`${good.url}/b`, "json"));
  writeFileSync(join(folder, "file"), "");
  await expect(second.client.downloadCheckpoint(path, join(folder, "file", "b"))).rejects.toBeInstanceOf(StorageError);
  await good.close();
});

test("an archive that is still packed after six looks is given up", async () => {
  const { client, server } = await connected({
    fault: (received) =>
      received.path.endsWith("/archive") ? { status: 503, body: { detail: "packing" } } : undefined,
  });
  await expect(client.downloadCheckpoint(path, join(folder, "b"))).rejects.toMatchObject({
    kind: "failed",
    status: 503,
  });
  expect(server.received.filter((received) => received.path.endsWith("/archive"))).toHaveLength(6);
});
