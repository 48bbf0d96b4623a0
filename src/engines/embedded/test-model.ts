// A tiny model folder for the tests of this room: a byte tokenizer with a few words, and weights with some life in
// them, so that differences between two ways of computing would show.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Layout, layoutOf } from "./decoder/layout.js";
import { traitsOf } from "./families/families.js";
import { writeWeights } from "./model/checkpoint.js";
import type { DecoderConfig } from "./model/config.js";
import { createModel } from "./model/create-model.js";
import { livelyWeights } from "./self-test/tiny-model.js";

export const TEST_CONFIG: DecoderConfig = {
  ...traitsOf("qwen2"),
  vocabularySize: 288,
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 8,
  feedForwardSize: 48,
  contextLength: 128,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { kind: "none" } },
  tied: true,
};

const WORDS = ["def", "return", "for", "in", "range", "print", "(", ")", ":", "=", "+", "\n", " ", "x", "y", "42"];

/** A BPE without merges: whole words or bytes, so that any text survives a round trip. */
export function testTokenizerJson(words: readonly string[] = WORDS): string {
  const special = ["<|endoftext|>", "<|im_end|>"];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const vocabulary = Object.fromEntries([...special, ...bytes, ...words].map((token, id) => [token, id]));
  const pattern = "[A-Za-z]+|[0-9]+|\\s|[^A-Za-z0-9\\s]";
  return JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    post_processor: null,
    decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }, { type: "Fuse" }] },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: true,
      ignore_merges: true,
      vocab: vocabulary,
      merges: [],
    },
  });
}

export interface TestModel {
  readonly folder: string;
  readonly layout: Layout;
  readonly weights: Float32Array;
}

/** A model folder in a new temporary folder; remove it with {@link removeTestModels}. */
export function createTestModel(config: DecoderConfig = TEST_CONFIG, seed = "test"): TestModel {
  const folder = join(mkdtempSync(join(tmpdir(), "coderlplus-engine-")), "tiny");
  created.push(join(folder, ".."));
  createModel(folder, config, testTokenizerJson(), seed, {
    endToken: "<|endoftext|>",
    chatTemplate: "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant: ",
  });
  const layout = layoutOf(config);
  const weights = livelyWeights(layout, seed);
  writeWeights(folder, layout, weights, "F32");
  return { folder, layout, weights };
}

const created: string[] = [];

export function removeTestModels(): void {
  for (const folder of created.splice(0)) rmSync(folder, { recursive: true, force: true });
}
