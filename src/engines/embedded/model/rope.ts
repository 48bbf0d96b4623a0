// How config.json stretches rotary positions beyond the lengths a model was first trained on: read in both spellings,
// `rope_scaling` (beside rope_theta) and `rope_parameters` (with it inside), written in the first, which every version
// of `transformers` reads. What the scalings do to the angles is in decoder/rotary-tables.ts.

import { z } from "zod";
import { explain } from "../../../core/schema.js";

export type RopeScaling =
  | { readonly kind: "none" }
  /** Every position divided by `factor`: DeepSeek-Coder. */
  | { readonly kind: "linear"; readonly factor: number }
  /** Slow rotations divided by `factor`, fast ones left as they are: Llama 3.1 and later. */
  | {
      readonly kind: "llama3";
      readonly factor: number;
      /** Rotations that turn fewer times than `low` in the original context are slow, more than `high` fast. */
      readonly low: number;
      readonly high: number;
      readonly originalContextLength: number;
    }
  /** The same idea with a ramp over dimensions, and attention scaled: Qwen2.5 and Qwen3 beyond 32,768 tokens. */
  | {
      readonly kind: "yarn";
      readonly factor: number;
      readonly originalContextLength: number;
      /** Turns in the original context from which a rotation is fast, and up to which it is slow. */
      readonly betaFast: number;
      readonly betaSlow: number;
      /** Whether the ramp starts and ends at whole dimensions. */
      readonly truncate: boolean;
      /** Queries and keys are both multiplied by it. */
      readonly attentionFactor: number;
    };

export interface Rope {
  readonly theta: number;
  readonly scaling: RopeScaling;
}

const DEFAULT_THETA = 10_000;
const positive = z.number().positive();
const factor = z.number().min(1);
const original = z.int().positive();

const none = z.strictObject({}).transform(() => ({ kind: "none" as const }));
const linear = z.strictObject({ factor }).transform((file) => ({ kind: "linear" as const, ...file }));

const llama3 = z
  .strictObject({
    factor,
    low_freq_factor: positive,
    high_freq_factor: positive,
    original_max_position_embeddings: original,
  })
  .refine(({ low_freq_factor: low, high_freq_factor: high }) => low < high, {
    path: ["high_freq_factor"],
    error: "expected more than low_freq_factor",
  })
  .transform((file) => ({
    kind: "llama3" as const,
    factor: file.factor,
    low: file.low_freq_factor,
    high: file.high_freq_factor,
    originalContextLength: file.original_max_position_embeddings,
  }));

const yarn = z
  .strictObject({
    factor: factor.nullish(),
    original_max_position_embeddings: original,
    max_position_embeddings: original,
    beta_fast: positive.nullish(),
    beta_slow: positive.nullish(),
    truncate: z.boolean().default(true),
    attention_factor: positive.nullish(),
    mscale: z.number().nullish(),
    mscale_all_dim: z.number().nullish(),
  })
  .transform((file) => {
    const stretched = file.factor ?? file.max_position_embeddings / file.original_max_position_embeddings;
    return {
      kind: "yarn" as const,
      factor: stretched,
      originalContextLength: file.original_max_position_embeddings,
      betaFast: file.beta_fast ?? 32,
      betaSlow: file.beta_slow ?? 1,
      truncate: file.truncate,
      attentionFactor: file.attention_factor ?? attentionFactor(stretched, file.mscale, file.mscale_all_dim),
    };
  });

/** 0.1 ln(factor) + 1      (Peng et al. 2023, "YaRN", eq. 22; with mscale the ratio of two such, as DeepSeek has it) */
function attentionFactor(stretched: number, scale: number | null = 0, allScale: number | null = 0): number {
  const of = (by: number): number => (stretched <= 1 ? 1 : 0.1 * by * Math.log(stretched) + 1);
  return scale && allScale ? of(scale) / of(allScale) : of(1);
}

/** A cached key keeps the angle it was turned by, so these cannot be right for every length. */
const BY_LENGTH = ["dynamic", "longrope"];

/**
 * @param json  the whole config.json
 * @param fail  told the key, what was found and what was expected
 */
export function readRope(json: Readonly<Record<string, unknown>>, fail: (what: string) => never): Rope {
  const key = json.rope_scaling ? "rope_scaling" : "rope_parameters";
  const file = json[key] ?? {};
  if (typeof file !== "object" || Array.isArray(file)) return fail(`${key}: expected an object or null`);
  const { type, rope_type: kind = type ?? "default", rope_theta: own, ...rest } = file as Record<string, unknown>;
  const { partial_rotary_factor: part = json.partial_rotary_factor ?? 1, ...keys } = rest;
  if (part !== 1) fail(`partial_rotary_factor: not supported, expected 1, found ${JSON.stringify(part)}`);
  const theta = positive.safeParse(own ?? json.rope_theta ?? DEFAULT_THETA);
  if (!theta.success) return fail(`rope_theta: ${explain(theta.error, own ?? json.rope_theta, positive)}`);
  const read = <Result>(schema: z.ZodType<Result>, given: object = keys): Result => {
    const parsed = schema.safeParse(given);
    return parsed.success ? parsed.data : fail(`${key}: ${explain(parsed.error, given, schema)}`);
  };
  const { max_position_embeddings: context, original_max_position_embeddings: trained } = json;
  const stretched = {
    ...keys,
    original_max_position_embeddings: trained ?? keys.original_max_position_embeddings ?? context,
  };
  switch (kind) {
    case "default":
      return { theta: theta.data, scaling: read(none) };
    case "linear":
      return { theta: theta.data, scaling: read(linear) };
    case "llama3":
      return { theta: theta.data, scaling: read(llama3, stretched) };
    case "yarn":
      return { theta: theta.data, scaling: read(yarn, { ...stretched, max_position_embeddings: context }) };
    default: {
      const why = BY_LENGTH.includes(String(kind)) ? "its angles change with the length of a sequence; " : "";
      return fail(`${key}: rope_type ${JSON.stringify(kind)}: ${why}expected default, linear, llama3 or yarn`);
    }
  }
}

/** The keys of config.json that say this. */
export function ropeKeys({ theta, scaling }: Rope): Readonly<Record<string, unknown>> {
  return { rope_theta: theta, rope_scaling: scalingKeys(scaling) };
}

function scalingKeys(scaling: RopeScaling): Readonly<Record<string, unknown>> | null {
  switch (scaling.kind) {
    case "none":
      return null;
    case "linear":
      return { rope_type: "linear", factor: scaling.factor };
    case "llama3":
      return {
        rope_type: "llama3",
        factor: scaling.factor,
        low_freq_factor: scaling.low,
        high_freq_factor: scaling.high,
        original_max_position_embeddings: scaling.originalContextLength,
      };
    case "yarn":
      return {
        rope_type: "yarn",
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalContextLength,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        truncate: scaling.truncate,
        attention_factor: scaling.attentionFactor,
      };
    default:
      return scaling satisfies never;
  }
}
