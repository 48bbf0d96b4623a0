// JSON messages about servers and sessions, as they are on the wire. Readers pass over keys they do not know: servers and
// clients of other versions have more of them.

import { z } from "zod";

/** Ids of models, sessions and requests; they become parts of paths, of files and of URLs. */
export const id = z.string().min(1).max(512);
/** A checkpoint or weights: `tinker://run/weights/name`. */
export const tinkerPath = z.string().min(1).max(2048);
/** A counter that whoever submits keeps. */
export const sequence = z.int().nonnegative();
export const metadata = z.record(z.string(), z.unknown());

export const capabilitiesResponse = z.object({
  supported_models: z.array(
    z.object({
      model_name: z.string().nullish(),
      /** Tokens. */
      max_context_length: z.int().positive().nullish(),
      trainable: z.boolean().nullish(),
      sampleable: z.boolean().nullish(),
    }),
  ),
});

export const clientConfigRequest = z.object({ sdk_version: z.string().max(200).nullish() });

/** What is missing has the protocol's default; a server that lacks the endpoint has them all. */
export const clientConfigResponse = z.object({
  pjwt_auth_enabled: z.boolean().default(false),
  parallel_fwdbwd_chunks: z.boolean().default(true),
  /** Whether bodies of forward_backward may be compressed by zstd. */
  proto_compress_fwdbwd: z.boolean().default(false),
  /** Datums. */
  fwdbwd_max_chunk_len: z.int().positive().default(1024),
  /** Of the body before it is compressed. */
  fwdbwd_max_chunk_bytes_count: z.int().positive().default(5_000_000),
  fwdbwd_dispatch_bytes_semaphore_size: z.int().positive().default(50_000_000),
  sample_dispatch_bytes_semaphore_size: z
    .int()
    .positive()
    .default(10 * 2 ** 20),
  inflight_response_bytes_semaphore_size: z
    .int()
    .positive()
    .default(50 * 2 ** 20),
  sample_max_concurrent_requests: z.int().positive().default(2000),
  billing_exception_max_pause_duration_sec: z.number().nonnegative().default(3600),
  create_model_via_load_weights: z.boolean().default(false),
  /** Servers of this project only. */
  coderlplus: z.object({ version: z.string() }).nullish(),
});

export const authTokenResponse = z.object({ jwt: z.string().min(1) });

export const createSessionRequest = z.object({
  tags: z.array(z.string()).nullish(),
  user_metadata: metadata.nullish(),
  sdk_version: z.string().max(200).nullish(),
});

export const createSessionResponse = z.object({
  session_id: id,
  /** For people. */
  info_message: z.string().nullish(),
  warning_message: z.string().nullish(),
  error_message: z.string().nullish(),
});

export const sessionHeartbeatRequest = z.object({ session_id: id });

export const createSamplingSessionRequest = z.object({
  session_id: id,
  sampling_session_seq_id: sequence,
  base_model: z.string().max(2048).nullish(),
  model_path: tinkerPath.nullish(),
});

export const createSamplingSessionResponse = z.object({ sampling_session_id: id });
