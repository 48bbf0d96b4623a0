import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testTokenizerJson } from "../engines/embedded/test-model.js";
import type { Hub } from "../problems/hub/request.js";
import { openTestHub, type TestHub } from "../problems/hub/test-hub.js";
import { isTokenizerThere, openTokenizer, tokenizerHash } from "./tokenizer.js";

const files = {
  "model-00001-of-00004.safetensors": Buffer.alloc(4000),
  "tokenizer.json": Buffer.from(testTokenizerJson()),
  "tokenizer_config.json": Buffer.from(
    JSON.stringify({ eos_token: "<|im_end|>", chat_template: "{{ messages[0].content }}" }),
  ),
};
const named = { model: "owner/name:variant", tokenizer: null };

let server: TestHub;
let folder: string;
const hub = (): Hub => ({ url: server.url, token: null, silenceMs: 2000, pauseMs: 1 });
const silent = (): void => {};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "coderlplus-tokenizer-"));
  vi.stubEnv("CODERLPLUS_CACHE", folder);
  server = await openTestHub(files, { among: "models" });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const stored = (): string[] => server.requests.flatMap(({ server, path }) => (server === "store" ? [path] : []));

it("fetches a tokenizer from the hub once, without the weights beside it", async () => {
  expect(isTokenizerThere(named)).toBe(false);
  const notices: string[] = [];
  const tokenizer = await openTokenizer(named, (line) => notices.push(line), hub);
  expect(tokenizer.decode(tokenizer.encode("return x"))).toBe("return x");
  expect(tokenizer.chat?.([{ role: "user", content: "hello" }])).toBe("hello");
  expect(stored().sort()).toEqual(["tokenizer.json", "tokenizer_config.json"]);
  expect(notices).toEqual([expect.stringMatching(/^fetching the tokenizer of owner\/name from http/)]);
  expect(isTokenizerThere(named)).toBe(true);
  await openTokenizer({ model: "other", tokenizer: "owner/name" }, silent, hub);
  expect(stored()).toHaveLength(2);
});

it("takes a folder, or the bundled one, without any hub", async () => {
  const bundled = await openTokenizer({ model: "owner/name", tokenizer: "bundled" }, silent, hub);
  const same = await openTokenizer({ model: "assets/model", tokenizer: null }, silent, hub);
  expect(same.encode("def f(x):")).toEqual(bundled.encode("def f(x):"));
  expect(server.requests).toEqual([]);
  expect(tokenizerHash({ model: "x", tokenizer: "bundled" })).toBe(
    tokenizerHash({ model: "assets/model", tokenizer: null }),
  );
});

it("says without a hub that a folder would do", async () => {
  const { url } = server;
  await server.close();
  const offline = (): Hub => ({ url, token: null, silenceMs: 100, pauseMs: 1 });
  await expect(openTokenizer(named, silent, offline)).rejects.toThrow(
    /cannot fetch the tokenizer of owner\/name: .*gave up after 6 attempts.*set engine\.tokenizer to a folder with/,
  );
  expect(isTokenizerThere(named)).toBe(false);
  server = await openTestHub(files, { among: "models" });
});

it("refuses what is no tokenizer: a name of nothing, a file without end, a model that has none", async () => {
  await expect(openTokenizer({ model: "my-model", tokenizer: null }, silent, hub)).rejects.toThrow(
    /engine\.tokenizer is my-model: expected a folder with tokenizer\.json, or owner\/name/,
  );
  vi.stubEnv("CODERLPLUS_CACHE", "off");
  await expect(openTokenizer(named, silent, hub)).rejects.toThrow(/CODERLPLUS_CACHE must not be off/);
  vi.stubEnv("CODERLPLUS_CACHE", folder);
  await server.close();
  server = await openTestHub(files, { among: "models", listedBytes: 2e9 });
  await expect(openTokenizer(named, silent, hub)).rejects.toThrow(/lists tokenizer\.json with 2\.\d+ GB; expected/);
  await server.close();
  server = await openTestHub({ "config.json": Buffer.from("{}") }, { among: "models" });
  await expect(openTokenizer(named, silent, hub)).rejects.toThrow(/the hub has no tokenizer\.json of it; set engine/);
  expect(stored()).toEqual(["config.json"]);
});
