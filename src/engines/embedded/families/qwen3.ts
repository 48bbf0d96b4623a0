// Qwen3: queries and keys are normalised head by head, the size of a head does not follow from the hidden size, and
// biases are gone unless config.json asks for them. Not its mixture of experts (qwen3_moe).

import { z } from "zod";
import { type Family, LLAMA_MODULES, type Traits } from "./family.js";
import { readsAll, WINDOW_REFUSED, windowKeys } from "./sliding-window.js";

export const qwen3 = {
  modelType: "qwen3",
  architecture: "Qwen3ForCausalLM",
  traits: z
    .object({ ...windowKeys, attention_bias: z.boolean().default(false) })
    .refine(readsAll, WINDOW_REFUSED)
    .transform(({ attention_bias: bias }) => ({ bias, outputBias: bias, feedForwardBias: false, queryKeyNorm: true })),
  configKeys: ({ bias }: Traits) => ({ attention_bias: bias, use_sliding_window: false }),
  headSize: 128,
  modules: LLAMA_MODULES,
} as const satisfies Family;
