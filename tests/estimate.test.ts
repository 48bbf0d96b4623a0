// The estimate of memory against what a process takes. Only the engine's part: a process that samples and trains, and
// nothing else.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { compiledModule } from "../src/core/worker.js";
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
  "long sequences and a vocabulary in parts": {
    config: { ...MIDDLE, vocabularySize: 40_000, layers: 2 },
    options: { threads: 1 },
    workload: { prompts: 2, promptTokens: 1500, completionTokens: 24, groupSize: 2 },
  },
  ...(process.env["CODERLPLUS_NIGHTLY"] === "1" && {
    "large batches, layers computed again": {
      config: MIDDLE,
      options: { threads: 1, microBatchTokens: 4096, recompute: "always" },
    },
  }),
};

const CHILD = fileURLToPath(new URL("estimate-child.mjs", import.meta.url));
const ENGINE = compiledModule(new URL("../src/engines/embedded/embedded.js", import.meta.url));
/** Of the estimate to the measured peak. */
const LEAST = 0.8;
const MOST = 1.2;
const PROCESSES = 3;

/**
 * The peak of a process, in bytes. Where memory is short the system takes pages of files back that are not in use, some
 * tens of megabytes here: a peak may show too low, never too high. So where one is, others are asked, and the highest holds.
 */
function measuredPeak(asked: string, enough: number): number {
  let highest = 0;
  for (let n = 0; n < PROCESSES && highest < enough; n++) {
    const { stdout, stderr } = spawnSync(process.execPath, [CHILD, ENGINE?.href ?? "", asked], { encoding: "utf8" });
    expect(Number(stdout), stderr).toBeGreaterThan(0);
    highest = Math.max(highest, Number(stdout));
  }
  return highest;
}

for (const [name, { config, options, workload }] of Object.entries(SETTINGS)) {
  // Resident memory is counted otherwise elsewhere, and other allocators keep other amounts.
  it.skipIf(process.platform !== "linux")(`is within 20 % of the measured peak: ${name}`, () => {
    const model = join(root, name);
    createModel(model, config, testTokenizerJson(), "estimate", { endToken: "<|endoftext|>", chatTemplate: "" });
    const work = { ...WORKLOAD, ...workload };
    const { memory } = estimateEmbedded({ model, ...options }, work);
    const expected = memory.reduce((sum, { bytes }) => sum + bytes, 0);
    const asked = JSON.stringify({ options: { model, ...options }, workload: work });
    const measured = measuredPeak(asked, expected / MOST);
    const parts = memory.map((part) => `${part.name} ${(part.bytes / 1e6).toFixed(0)}`).join(", ");
    const told = `${(expected / 1e6).toFixed(0)} MB for ${(measured / 1e6).toFixed(0)}: ${parts}`;
    expect(expected / measured, told).toBeGreaterThan(LEAST);
    expect(expected / measured, told).toBeLessThan(MOST);
  });
}
