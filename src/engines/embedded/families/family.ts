// The seam between the one decoder (decoder.ts) and the model families that Hugging Face folders hold: what a family's
// config.json says, what its layers have that others lack, and what its tensors are called. A family is one file that
// fills in this record, and a line in families.ts. It holds no weights and no mathematics.

import type { z } from "zod";

/** What tells the layers of one model from those of another, beside their sizes. */
export interface Traits {
  /** Whether q, k and v have biases. */
  readonly bias: boolean;
  /** Whether the projection of what the heads read has one. */
  readonly outputBias: boolean;
  /** Whether gate, up and down have biases. */
  readonly feedForwardBias: boolean;
  /** Whether each head's query and key pass an RMS norm of their own before they are rotated. */
  readonly queryKeyNorm: boolean;
}

/** Hugging Face's names of the modules that hold the weights; those of layers without the layer's prefix. */
export interface ModuleNames {
  readonly embedding: string;
  /** Before a layer's number. */
  readonly layers: string;
  readonly norm: string;
  readonly head: string;
  readonly inputNorm: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly queryNorm: string;
  readonly keyNorm: string;
  readonly attentionOutput: string;
  readonly feedForwardNorm: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

export interface Family {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** In `architectures` of config.json: the class of `transformers`. */
  readonly architecture: string;
  /** From config.json to the traits; what the engine cannot run is an issue at its key. */
  readonly traits: z.ZodType<Traits>;
  /** The keys of config.json that say these traits. */
  readonly configKeys: (traits: Traits) => Readonly<Record<string, unknown>>;
  /** The size of a head where config.json has no `head_dim`; null for hidden_size / num_attention_heads. */
  readonly headSize: number | null;
  readonly modules: ModuleNames;
}

/** Llama's names, which most families have kept. */
export const LLAMA_MODULES: ModuleNames = {
  embedding: "model.embed_tokens",
  layers: "model.layers",
  norm: "model.norm",
  head: "lm_head",
  inputNorm: "input_layernorm",
  query: "self_attn.q_proj",
  key: "self_attn.k_proj",
  value: "self_attn.v_proj",
  queryNorm: "self_attn.q_norm",
  keyNorm: "self_attn.k_norm",
  attentionOutput: "self_attn.o_proj",
  feedForwardNorm: "post_attention_layernorm",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};
