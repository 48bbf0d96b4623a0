// Qwen2, Qwen2.5 and Qwen2.5-Coder: q, k and v have biases, nothing else does.

import { z } from "zod";
import { type Family, LLAMA_MODULES } from "./family.js";
import { readsAll, WINDOW_REFUSED, windowKeys } from "./sliding-window.js";

export const qwen2 = {
  modelType: "qwen2",
  architecture: "Qwen2ForCausalLM",
  traits: z
    .object(windowKeys)
    .refine(readsAll, WINDOW_REFUSED)
    .transform(() => ({ bias: true, outputBias: false, feedForwardBias: false, queryKeyNorm: false })),
  configKeys: () => ({ use_sliding_window: false }),
  headSize: null,
  modules: LLAMA_MODULES,
} as const satisfies Family;
