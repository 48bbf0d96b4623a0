// Sliding windows as Qwen's config.json describes them. The engine's attention always reads the whole context, so a
// window is refused where it would cut anything off; the published models leave it switched off.

import { z } from "zod";

export const windowKeys = {
  num_hidden_layers: z.int().positive().optional(),
  max_position_embeddings: z.int().positive().optional(),
  use_sliding_window: z.boolean().default(false),
  sliding_window: z.int().positive().nullish(),
  /** Layers from this one on have the window. */
  max_window_layers: z.int().nonnegative().nullish(),
  layer_types: z.array(z.string()).nullish(),
};

type WindowKeys = z.infer<z.ZodObject<typeof windowKeys>>;

/** For `refine`: whether every layer reads the whole context. */
export function readsAll(file: WindowKeys): boolean {
  const { num_hidden_layers: layers = 0, max_window_layers: first, layer_types: types } = file;
  if (types) return types.every((type) => type === "full_attention");
  if (!file.use_sliding_window || file.sliding_window == null) return true;
  return (first ?? 0) >= layers || file.sliding_window >= (file.max_position_embeddings ?? Number.POSITIVE_INFINITY);
}

export const WINDOW_REFUSED = {
  path: ["use_sliding_window"],
  error: "layers with a sliding window are not supported, expected full attention in every layer",
};
