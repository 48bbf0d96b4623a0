// The models that bench/engine.ts measures: shapes, how much work a round is, and the arithmetic of a token. Their
// weights are random.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { traitsOf } from "../../src/engines/embedded/families/families.js";
import type { DecoderConfig } from "../../src/engines/embedded/model/config.js";
import { createModel } from "../../src/engines/embedded/model/create-model.js";
import { testTokenizerJson } from "../../src/engines/embedded/test-model.js";

export interface BenchModel {
  readonly config: DecoderConfig;
  /** Sequences of a training step. */
  readonly trainingRows: number;
  /** Tokens of each. */
  readonly trainingLength: number;
  /** Tokens drawn for each sequence. */
  readonly sampledLength: number;
}

const COMMON = {
  contextLength: 512,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { kind: "none" } },
  tied: true,
} as const;

export const MODELS: Readonly<Record<string, BenchModel>> = {
  "3m": {
    config: {
      ...COMMON,
      vocabularySize: 512,
      hiddenSize: 256,
      layers: 4,
      heads: 4,
      keyValueHeads: 4,
      headSize: 64,
      feedForwardSize: 704,
      ...traitsOf("qwen2"),
    },
    trainingRows: 16,
    trainingLength: 256,
    sampledLength: 128,
  },
  "30m": {
    config: {
      ...COMMON,
      vocabularySize: 8192,
      hiddenSize: 512,
      layers: 8,
      heads: 8,
      keyValueHeads: 8,
      headSize: 64,
      feedForwardSize: 1408,
      ...traitsOf("qwen2"),
    },
    trainingRows: 8,
    trainingLength: 256,
    sampledLength: 64,
  },
  "135m": {
    config: {
      ...COMMON,
      vocabularySize: 49_152,
      hiddenSize: 576,
      layers: 30,
      heads: 9,
      keyValueHeads: 3,
      headSize: 64,
      feedForwardSize: 1536,
      ...traitsOf("llama"),
    },
    trainingRows: 4,
    trainingLength: 256,
    sampledLength: 24,
  },
};

/** Measured by bench/webgpu.ts only. */
export const DEVICE_MODELS: Readonly<Record<string, BenchModel>> = {
  /** Shows that the benchmark runs, on a software driver. */
  tiny: {
    config: {
      ...COMMON,
      vocabularySize: 288,
      hiddenSize: 32,
      layers: 2,
      heads: 4,
      keyValueHeads: 2,
      headSize: 8,
      feedForwardSize: 48,
      ...traitsOf("qwen2"),
    },
    trainingRows: 2,
    trainingLength: 32,
    sampledLength: 3,
  },
  /** Qwen2.5-Coder-0.5B's. */
  "0.5b": {
    config: {
      ...COMMON,
      vocabularySize: 151_936,
      hiddenSize: 896,
      layers: 24,
      heads: 14,
      keyValueHeads: 2,
      headSize: 64,
      feedForwardSize: 4864,
      ...traitsOf("qwen2"),
    },
    trainingRows: 4,
    trainingLength: 256,
    sampledLength: 24,
  },
};

/**
 * Writes the model's folder. No token ends a sequence, so that every one is as long as it was asked for.
 */
export function writeModel(folder: string, config: DecoderConfig): void {
  // Under their own names the engine would know them as ends whatever the settings say.
  const tokenizer = testTokenizerJson().replaceAll("<|im_end|>", "<|other|>").replaceAll("<|endoftext|>", "<|pad|>");
  createModel(folder, config, tokenizer, 1, { endToken: "<|pad|>" });
  for (const [file, key] of [
    ["config.json", "eos_token_id"],
    ["tokenizer_config.json", "eos_token"],
  ] as const) {
    const path = join(folder, file);
    const settings = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify({ ...settings, [key]: undefined }));
  }
}

/** Weights that a token is multiplied with: all matrices, the head among them, the embedding not. */
function matrixWeights(config: DecoderConfig): number {
  const { vocabularySize, hiddenSize, layers, heads, keyValueHeads, headSize, feedForwardSize } = config;
  const attention = (2 * heads + 2 * keyValueHeads) * headSize * hiddenSize;
  return layers * (attention + 3 * feedForwardSize * hiddenSize) + vocabularySize * hiddenSize;
}

/** Multiplications and additions of one token that sees `context` tokens, itself among them: 2 a weight, 4 a key. */
export function samplingFlops(config: DecoderConfig, context: number): number {
  return 2 * matrixWeights(config) + 4 * config.layers * config.heads * config.headSize * context;
}

/** Of one token in a sequence of this length, forward and backward; what a causal mask hides is not counted. */
export function trainingFlops(config: DecoderConfig, length: number): number {
  return 3 * samplingFlops(config, (length + 1) / 2);
}
