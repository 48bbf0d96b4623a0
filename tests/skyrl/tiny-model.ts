// A tiny random Qwen3 for servers that are not ours: a folder that `transformers`, SkyRL and the embedded engine read
// alike. Weights have some life in them, so that a shifted token or a wrong mask shows.

import { layoutOf } from "../../src/engines/embedded/decoder/layout.js";
import { traitsOf } from "../../src/engines/embedded/families/families.js";
import { writeWeights } from "../../src/engines/embedded/model/checkpoint.js";
import type { DecoderConfig } from "../../src/engines/embedded/model/config.js";
import { createModel } from "../../src/engines/embedded/model/create-model.js";
import { livelyWeights } from "../../src/engines/embedded/self-test/tiny-model.js";
import { testTokenizerJson } from "../../src/engines/embedded/test-model.js";

/** Makes questions and answers of the toy task short: every length that a server meets anew is compiled. */
const WORDS = [
  "def",
  "return",
  "add",
  "variables",
  "output",
  "call",
  "f",
  "x",
  "y",
  "(",
  ")",
  ":",
  "=",
  "+",
  "\n",
  " ",
];

const CONFIG: DecoderConfig = {
  ...traitsOf("qwen3"),
  vocabularySize: 512,
  hiddenSize: 64,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 16,
  feedForwardSize: 128,
  contextLength: 256,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { kind: "none" } },
  tied: true,
};

export function writeTinyQwen3(folder: string, seed = "skyrl"): void {
  createModel(folder, CONFIG, testTokenizerJson(WORDS), seed, {
    endToken: "<|im_end|>",
    padToken: "<|endoftext|>",
    chatTemplate:
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}",
  });
  const layout = layoutOf(CONFIG);
  writeWeights(folder, layout, livelyWeights(layout, seed), "F32");
}
