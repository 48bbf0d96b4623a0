// A folder that is no model, or one the engine cannot run, is one line that says what is wrong.

import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { EngineError, UsageError } from "../../core/errors.js";
import { openEmbedded } from "./embedded.js";
import { createTestModel, removeTestModels, testTokenizerJson } from "./test-model.js";

afterAll(removeTestModels);

async function failure(folder: string, kind: typeof EngineError | typeof UsageError = EngineError): Promise<string> {
  const error: unknown = await openEmbedded({ model: folder, threads: 1 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(kind);
  const { message } = error as Error;
  expect(message).not.toContain("\n");
  return message;
}
function edited(change: (config: Record<string, unknown>) => Record<string, unknown>): string {
  const { folder } = createTestModel();
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>)));
  return folder;
}

it("names the architecture that it does not know", async () => {
  const folder = edited((config) => ({ ...config, model_type: "mamba" }));
  expect(await failure(folder)).toContain('model_type: expected one of "qwen2", "llama", "qwen3", found "mamba"');
});

it("names the key that is missing or not supported", async () => {
  expect(await failure(edited((config) => ({ ...config, hidden_size: undefined })))).toContain("hidden_size");
  expect(await failure(edited((config) => ({ ...config, rope_scaling: { factor: 4 } })))).toContain("rope_scaling");
});

it("names the tensor that is missing or has another shape", async () => {
  expect(await failure(edited((config) => ({ ...config, num_hidden_layers: 3 })))).toContain(
    'tensor "model.layers.2.input_layernorm.weight" is missing',
  );
  expect(await failure(edited((config) => ({ ...config, intermediate_size: 40 })))).toContain(
    'tensor "model.layers.0.mlp.gate_proj.weight": expected shape [40, 32], found [48, 32]',
  );
});

it("says in one line that the weights are cut off, missing or nonsense", async () => {
  const { folder } = createTestModel();
  const path = join(folder, "model.safetensors");
  truncateSync(path, 5000);
  expect(await failure(folder)).toMatch(/model\.safetensors: cut off/);
  writeFileSync(path, "not a model, but long enough to look like one");
  expect(await failure(folder)).toMatch(/model\.safetensors: cut off or no safetensors file/);
  rmSync(path);
  expect(await failure(folder)).toContain("model.safetensors: no such file");
  expect(await failure(join(createTestModel().folder, "nowhere"), UsageError)).toContain("config.json: no such file");
});

it("says that a tokenizer is of another model", async () => {
  const { folder } = createTestModel();
  writeFileSync(join(folder, "tokenizer.json"), testTokenizerJson(Array.from({ length: 90 }, (_, i) => `word${i}`)));
  expect(await failure(folder)).toContain("they belong to different models");
  writeFileSync(join(folder, "tokenizer.json"), "{}");
  expect(await failure(folder)).toContain("tokenizer.json: cannot be used");
});
