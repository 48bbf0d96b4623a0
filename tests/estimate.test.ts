// The estimate of memory against what a process takes. Only the engine's part: a process that samples and trains.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { moduleArguments } from "../src/core/worker.js";
import { estimateEmbedded } from "../src/engines/embedded/estimate.js";
import type { DecoderConfig } from "../src/engines/embedded/model/config.js";
import { createModel } from "../src/engines/embedded/model/create-model.js";
import type { EmbeddedOptions } from "../src/engines/embedded/options.js";
import { TEST_CONFIG, testTokenizerJson } from "../src/engines/embedded/test-model.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-estimate-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MIDDLE: DecoderConfig = {
  ...TEST_CONFIG,
  vocabularySize: 512,
  hiddenSize: 256,
  layers: 4,
  headSize: 64,
  feedForwardSize: 1024,
  contextLength: 2048,
};
const WORKLOAD = { prompts: 9, promptTokens: 128, completionTokens: 48, groupSize: 8, reference: false };

interface Setting {
  readonly config: DecoderConfig;
  readonly options: Omit<EmbeddedOptions, "model">;
  readonly workload?: Partial<typeof WORKLOAD>;
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  "two workers": { config: MIDDLE, options: { threads: 2 } },
  "large batches": { config: MIDDLE, options: { threads: 1, microBatchTokens: 4096 } },
  "large batches, layers computed again": {
    config: MIDDLE,
    options: { threads: 1, microBatchTokens: 4096, recompute: "always" },
  },
  "long sequences and a vocabulary in parts": {
    config: { ...MIDDLE, vocabularySize: 40_000, layers: 2 },
    options: { threads: 1 },
    workload: { prompts: 2, promptTokens: 1500, completionTokens: 24, groupSize: 2 },
  },
};

for (const [name, { config, options, workload }] of Object.entries(SETTINGS)) {
  // Resident memory is counted otherwise elsewhere, and other allocators keep other amounts.
  it.skipIf(process.platform !== "linux")(`is within 20 % of the measured peak: ${name}`, () => {
    const model = join(root, name);
    createModel(model, config, testTokenizerJson(), "estimate", { endToken: "<|endoftext|>", chatTemplate: "" });
    const work = { ...WORKLOAD, ...workload };
    const { memory } = estimateEmbedded({ model, ...options }, work);
    const expected = memory.reduce((sum, { bytes }) => sum + bytes, 0);
    const child = moduleArguments(new URL("./estimate-child.js", import.meta.url));
    const asked = JSON.stringify({ options: { model, ...options }, workload: work });
    const { stdout, stderr } = spawnSync(process.execPath, [...child, asked], { encoding: "utf8" });
    const measured = Number(stdout);
    expect(measured, stderr).toBeGreaterThan(0);
    const parts = memory.map((part) => `${part.name} ${(part.bytes / 1e6).toFixed(0)}`).join(", ");
    const told = `${(expected / 1e6).toFixed(0)} MB for ${(measured / 1e6).toFixed(0)}: ${parts}`;
    expect(expected / measured, told).toBeGreaterThan(0.8);
    expect(expected / measured, told).toBeLessThan(1.2);
  });
}
