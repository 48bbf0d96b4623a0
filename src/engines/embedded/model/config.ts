// The shape of a decoder, read from and written as Hugging Face's config.json. It knows no weights.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EngineError, messageOf } from "../../../core/errors.js";
import { readText } from "../../../core/files.js";
import { explain } from "../../../core/schema.js";

export interface DecoderConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Fewer than `heads` is grouped-query attention. */
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly feedForwardSize: number;
  readonly contextLength: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  /** The embedding is the output head too. */
  readonly tied: boolean;
  /** Whether q, k and v have biases. */
  readonly bias: boolean;
}

const size = z.int().positive();

const fileSchema = z.looseObject({
  model_type: z.string(),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.optional(),
  head_dim: size.nullish(),
  intermediate_size: size,
  max_position_embeddings: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().optional(),
  rope_parameters: z.looseObject({ rope_theta: z.number().positive(), rope_type: z.string().optional() }).nullish(),
  rope_scaling: z.unknown(),
  hidden_act: z.string().default("silu"),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().default(false),
});

/** The JSON object in a model folder's file. @throws EngineError where it is missing or not one */
export function readModelJson(folder: string, name: string): Record<string, unknown> {
  const path = join(folder, name);
  if (!existsSync(path)) throw new EngineError(`${path}: no such file; a model folder needs it`);
  try {
    const value: unknown = JSON.parse(readText(path));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new EngineError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  throw new EngineError(`${path}: expected a JSON object`);
}

/** @throws EngineError naming the key where the engine cannot run this architecture */
export function readConfig(folder: string): DecoderConfig {
  const path = join(folder, "config.json");
  const json = readModelJson(folder, "config.json");
  const fail = (what: string): never => {
    throw new EngineError(`${path}: ${what}`);
  };
  const type = json.model_type;
  if (type !== "qwen2" && type !== "llama") {
    fail(`model_type: expected "qwen2" or "llama", found ${JSON.stringify(type) ?? "nothing"}`);
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) return fail(explain(parsed.error, json, fileSchema));
  const file = parsed.data;
  const scaling = file.rope_parameters?.rope_type ?? "default";
  if (file.rope_scaling != null || scaling !== "default") fail("rope_scaling: not supported, expected null");
  if (file.use_sliding_window) fail("use_sliding_window: not supported, expected false");
  if (file.hidden_act !== "silu") fail(`hidden_act: expected "silu", found "${file.hidden_act}"`);
  const heads = file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? heads;
  const headSize = file.head_dim ?? file.hidden_size / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    fail(`num_attention_heads: ${heads} heads do not divide hidden_size ${file.hidden_size} into even parts`);
  }
  if (heads % keyValueHeads !== 0) fail(`num_key_value_heads: ${keyValueHeads} does not divide ${heads} heads`);
  return {
    vocabularySize: file.vocab_size,
    hiddenSize: file.hidden_size,
    layers: file.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    feedForwardSize: file.intermediate_size,
    contextLength: file.max_position_embeddings,
    normEpsilon: file.rms_norm_eps,
    ropeTheta: file.rope_parameters?.rope_theta ?? file.rope_theta ?? 10_000,
    tied: file.tie_word_embeddings,
    bias: type === "qwen2" || file.attention_bias,
  };
}

/** config.json of a Qwen2 model, as `transformers` reads it. */
export function configJson(config: DecoderConfig, ids: { readonly end: number; readonly pad: number }): string {
  const file = {
    architectures: ["Qwen2ForCausalLM"],
    model_type: "qwen2",
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    intermediate_size: config.feedForwardSize,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeTheta,
    rope_scaling: null,
    hidden_act: "silu",
    tie_word_embeddings: config.tied,
    attention_dropout: 0,
    use_sliding_window: false,
    initializer_range: 0.02,
    use_cache: true,
    bos_token_id: null,
    eos_token_id: ids.end,
    pad_token_id: ids.pad,
    torch_dtype: "float32",
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
