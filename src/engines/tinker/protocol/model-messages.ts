// JSON messages about one model in training, as they are on the wire.

import { z } from "zod";
import type { AdamParameters, LoraConfig } from "./records.js";
import { id, metadata, sequence, tinkerPath } from "./session-messages.js";

/** A checkpoint's own name; what else may be in it is the server's to say. */
const name = z.string().min(1).max(512);
const seconds = z.int().positive();
/** Training calls of one model count from 1; some clients leave the number out. */
const step = { model_id: id, seq_id: sequence.nullish() };

const loraConfig = z.object({
  rank: z.int().nonnegative(),
  seed: z.int().nullish(),
  train_unembed: z.boolean().nullish(),
  train_mlp: z.boolean().nullish(),
  train_attn: z.boolean().nullish(),
});
/** Newer clients say which optimizer a model is to have: `adamw`, the only one known here. */
const optimizerConfig = z.object({ type: z.string() });

export const createModelRequest = z.object({
  session_id: id,
  model_seq_id: sequence,
  base_model: z.string().min(1).max(2048),
  user_metadata: metadata.nullish(),
  lora_config: loraConfig.nullish(),
  optimizer_config: optimizerConfig.nullish(),
});

export const createModelResponse = z.object({ model_id: id });

/** What is not said is left out: the server's defaults train all three. */
export function loraToWire(lora: LoraConfig): z.input<typeof loraConfig> {
  return {
    rank: lora.rank,
    ...(lora.seed !== undefined && { seed: lora.seed }),
    ...(lora.trainUnembed !== undefined && { train_unembed: lora.trainUnembed }),
    ...(lora.trainMlp !== undefined && { train_mlp: lora.trainMlp }),
    ...(lora.trainAttention !== undefined && { train_attn: lora.trainAttention }),
  };
}

export function loraFromWire(lora: z.output<typeof loraConfig>): Required<Omit<LoraConfig, "seed">> & LoraConfig {
  return {
    rank: lora.rank,
    ...(typeof lora.seed === "number" && { seed: lora.seed }),
    trainUnembed: lora.train_unembed ?? true,
    trainMlp: lora.train_mlp ?? true,
    trainAttention: lora.train_attn ?? true,
  };
}

export const modelRequest = z.object({ model_id: id });

export const getInfoResponse = z.object({
  model_id: id,
  model_data: z.object({
    arch: z.string().nullish(),
    model_name: z.string().nullish(),
    tokenizer_id: z.string().nullish(),
    /** SkyRL's word for model_name. */
    base_model: z.string().nullish(),
  }),
  is_lora: z.boolean().nullish(),
  lora_rank: z.int().nullish(),
  model_name: z.string().nullish(),
});

const adamParams = z.object({
  learning_rate: z.number().nonnegative().default(1e-4),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  eps: z.number().nonnegative().default(1e-12),
  weight_decay: z.number().nonnegative().default(0),
  grad_clip_norm: z.number().nonnegative().default(0),
});

export const optimStepRequest = z.object({ ...step, adam_params: adamParams });

export function adamToWire(parameters: AdamParameters): z.output<typeof adamParams> {
  return {
    learning_rate: parameters.learningRate,
    beta1: parameters.beta1,
    beta2: parameters.beta2,
    eps: parameters.epsilon,
    weight_decay: parameters.weightDecay,
    grad_clip_norm: parameters.gradientClip,
  };
}

export function adamFromWire(parameters: z.output<typeof adamParams>): AdamParameters {
  return {
    learningRate: parameters.learning_rate,
    beta1: parameters.beta1,
    beta2: parameters.beta2,
    epsilon: parameters.eps,
    weightDecay: parameters.weight_decay,
    gradientClip: parameters.grad_clip_norm,
  };
}

export const optimStepResponse = z.object({ metrics: z.record(z.string(), z.number().nullable()).nullish() });

export const saveWeightsRequest = z.object({
  ...step,
  /** Absent: the server finds one. */
  path: name.nullish(),
  ttl_seconds: seconds.nullish(),
  overwrite: z.boolean().nullish(),
});

/** As files that other programs read, to be downloaded one by one. */
export const saveWeightsExternalRequest = z.object({
  ...step,
  path: name,
  ttl_seconds: seconds.nullish(),
  age_encryption_recipients: z.array(z.string()).max(0, "encryption is not supported").nullish(),
});

export const saveWeightsResponse = z.object({ path: tinkerPath });

/** With a path: to keep and download. With a number: a sampling session from the weights as they are. */
export const saveWeightsForSamplerRequest = z.object({
  ...step,
  path: name.nullish(),
  sampling_session_seq_id: sequence.nullish(),
  /** `inflight` would change under those who sample from it. */
  kind: z.string().nullish(),
  ttl_seconds: seconds.nullish(),
});

export const saveWeightsForSamplerResponse = z.object({
  path: tinkerPath.nullish(),
  sampling_session_id: id.nullish(),
});

/** Onto a model that is there (model_id), or as a new one (session_id and model_seq_id). */
export const loadWeightsRequest = z.object({
  model_id: id.nullish(),
  seq_id: sequence.nullish(),
  session_id: id.nullish(),
  model_seq_id: sequence.nullish(),
  base_model: z.string().max(2048).nullish(),
  user_metadata: metadata.nullish(),
  path: tinkerPath,
  /** Whether the optimizer's state is loaded too. */
  optimizer: z.boolean(),
});

export const loadWeightsResponse = z.object({ path: z.string().nullish(), model_id: z.string().nullish() });
