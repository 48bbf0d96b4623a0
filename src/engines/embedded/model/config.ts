// The shape of a decoder, read from and written as Hugging Face's config.json. It knows no weights.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EngineError, messageOf, UsageError } from "../../../core/errors.js";
import { readText } from "../../../core/files.js";
import { explain } from "../../../core/schema.js";
import { FAMILY_NAMES, type FamilyName, familyOf } from "../families/families.js";
import type { Traits } from "../families/family.js";
import { type Rope, readRope, ropeKeys } from "./rope.js";

export interface DecoderConfig extends Traits {
  readonly family: FamilyName;
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
  readonly rope: Rope;
  /** The embedding is the output head too. */
  readonly tied: boolean;
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
  hidden_act: z.literal("silu", 'expected "silu"').default("silu"),
  tie_word_embeddings: z.boolean().default(false),
  quantization_config: z.null("quantised weights are not supported, expected a model in F32, BF16 or F16").optional(),
});

/** The JSON object in a model folder's file. @throws UsageError where it is missing, EngineError where it is none */
export function readModelJson(folder: string, name: string): Record<string, unknown> {
  const path = join(folder, name);
  if (!existsSync(path)) throw new UsageError(`${path}: no such file; a model folder needs it`);
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
  const read = <Result>(schema: z.ZodType<Result>): Result => {
    const parsed = schema.safeParse(json);
    return parsed.success ? parsed.data : fail(explain(parsed.error, json, schema));
  };
  const name = FAMILY_NAMES.find((known) => known === json.model_type);
  if (!name) {
    const known = FAMILY_NAMES.map((family) => `"${family}"`).join(", ");
    return fail(`model_type: expected one of ${known}, found ${JSON.stringify(json.model_type) ?? "nothing"}`);
  }
  const family = familyOf(name);
  const file = read(fileSchema);
  const traits = read(family.traits);
  const rope = readRope(json, fail);
  const heads = file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? heads;
  const headSize = file.head_dim ?? family.headSize ?? file.hidden_size / heads;
  if (!Number.isInteger(headSize)) {
    fail(`num_attention_heads: ${heads} heads do not divide hidden_size ${file.hidden_size} into equal parts`);
  }
  if (headSize % 2 !== 0)
    fail(`head_dim: ${headSize} numbers a head cannot be rotated in pairs, expected an even size`);
  if (heads % keyValueHeads !== 0) fail(`num_key_value_heads: ${keyValueHeads} does not divide ${heads} heads`);
  return {
    family: name,
    vocabularySize: file.vocab_size,
    hiddenSize: file.hidden_size,
    layers: file.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    feedForwardSize: file.intermediate_size,
    contextLength: contextLength(file.max_position_embeddings, rope),
    normEpsilon: file.rms_norm_eps,
    rope,
    tied: file.tie_word_embeddings,
    ...traits,
  };
}

/** Qwen says to add YaRN to config.json and to leave max_position_embeddings as it was. */
function contextLength(positions: number, { scaling }: Rope): number {
  if (scaling.kind !== "yarn") return positions;
  return Math.max(positions, Math.floor(scaling.factor * scaling.originalContextLength));
}

/** config.json as `transformers` reads it. */
export function configJson(config: DecoderConfig, ids: { readonly end: number; readonly pad: number }): string {
  const family = familyOf(config.family);
  const file = {
    architectures: [family.architecture],
    model_type: family.modelType,
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    intermediate_size: config.feedForwardSize,
    max_position_embeddings: config.contextLength,
    rms_norm_eps: config.normEpsilon,
    ...ropeKeys(config.rope),
    hidden_act: "silu",
    tie_word_embeddings: config.tied,
    attention_dropout: 0,
    ...family.configKeys(config),
    initializer_range: 0.02,
    use_cache: true,
    bos_token_id: null,
    eos_token_id: ids.end,
    pad_token_id: ids.pad,
    torch_dtype: "float32",
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
