// Llama 2 and 3 and what is built like them, DeepSeek-Coder among others: no biases unless config.json asks for them.

import { z } from "zod";
import { type Family, LLAMA_MODULES, type Traits } from "./family.js";

export const llama = {
  modelType: "llama",
  architecture: "LlamaForCausalLM",
  traits: z
    .object({ attention_bias: z.boolean().default(false), mlp_bias: z.boolean().default(false) })
    .transform(({ attention_bias: bias, mlp_bias: feedForwardBias }) => ({
      bias,
      outputBias: bias,
      feedForwardBias,
      queryKeyNorm: false,
    })),
  configKeys: ({ bias, feedForwardBias }: Traits) => ({ attention_bias: bias, mlp_bias: feedForwardBias }),
  headSize: null,
  modules: LLAMA_MODULES,
} as const satisfies Family;
