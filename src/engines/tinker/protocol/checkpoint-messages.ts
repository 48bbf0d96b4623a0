// JSON messages about what is kept: checkpoints and their archives.

import { z } from "zod";
import { tinkerPath } from "./session-messages.js";

export const weightsInfoRequest = z.object({ tinker_path: tinkerPath });

export const weightsInfoResponse = z.object({
  base_model: z.string(),
  is_lora: z.boolean(),
  lora_rank: z.int().nullish(),
  train_unembed: z.boolean().nullish(),
  train_mlp: z.boolean().nullish(),
  train_attn: z.boolean().nullish(),
});

/** From now on; null: for ever. */
export const checkpointTtlRequest = z.object({ ttl_seconds: z.int().positive().nullable() });

const checkpoint = z.object({
  /** `weights/name` or `sampler_weights/name`; some servers give the name alone. */
  checkpoint_id: z.string(),
  /** training, sampler, or what else a server keeps. */
  checkpoint_type: z.string(),
  time: z.string(),
  tinker_path: z.string(),
  size_bytes: z.number().nonnegative().nullish(),
  public: z.boolean().nullish(),
  expires_at: z.string().nullish(),
});

const cursor = z.object({ offset: z.int(), limit: z.int(), total_count: z.int() });

export const checkpointsResponse = z.object({ checkpoints: z.array(checkpoint), cursor: cursor.nullish() });

/** Where an archive lies, and until when. */
export const archiveResponse = z.object({ url: z.string(), expires: z.string().nullish() });
