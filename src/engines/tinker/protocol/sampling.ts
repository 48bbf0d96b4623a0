// Sampling on the wire, both ways: requests in JSON, answers in both encodings.

import { z } from "zod";
import { checkTokens } from "./datum.js";
import { fit, floatsFrom, numbersOf, parseBody } from "./json.js";
import { ProtocolError } from "./protocol-error.js";
import type { SamplingParameters, WireSampleRequest, WireSampleResponse } from "./records.js";
import { inputFromJson, inputToJson, modelInputSchema } from "./request-json.js";
import { sampleResponseFromProtobuf, sampleResponseToProtobuf } from "./sampling-protobuf.js";
import { checkSequence, sampleLimits } from "./sequence.js";
import { contentTypes, type Encoded, encodingOf, type Wire } from "./wire.js";

/** What is sampled from. */
export type SampleSource =
  | { readonly kind: "session"; readonly samplingSessionId: string; readonly sequenceId: number }
  | { readonly kind: "base"; readonly baseModel: string }
  | { readonly kind: "path"; readonly path: string };

/** The body of POST asample. What is not asked for is left out: strict servers refuse what they do not know. */
export function encodeSampleRequest(request: WireSampleRequest, source: SampleSource): Record<string, unknown> {
  return {
    ...sourceToJson(source),
    num_samples: request.count,
    prompt: inputToJson(request.prompt),
    sampling_params: parametersToJson(request.parameters),
    ...(request.promptLogprobs && { prompt_logprobs: true }),
    topk_prompt_logprobs: request.topkPromptLogprobs,
    type: "sample",
  };
}

function sourceToJson(source: SampleSource): Record<string, unknown> {
  switch (source.kind) {
    case "session":
      return { sampling_session_id: source.samplingSessionId, seq_id: source.sequenceId };
    case "base":
      return { base_model: source.baseModel };
    case "path":
      return { model_path: source.path };
    default:
      return source satisfies never;
  }
}

function parametersToJson({ maxTokens, topK, topP, ...same }: SamplingParameters): Record<string, unknown> {
  return {
    max_tokens: maxTokens,
    ...same,
    ...(topK !== undefined && { top_k: topK }),
    ...(topP !== undefined && { top_p: topP }),
  };
}

const stopSchema = z.union([
  z.string().transform((stop) => [stop]),
  z.array(z.int().nonnegative()).max(sampleLimits.stops),
  z.array(z.string()).max(sampleLimits.stops),
]);
const parametersSchema = z.object({
  max_tokens: z.int().positive(),
  temperature: z.number().nonnegative().nullish(),
  top_p: z.number().positive().max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  stop: stopSchema.nullish(),
  seed: z.int().nullish(),
  seeds: z.array(z.string()).max(sampleLimits.seeds).nullish(),
});
const requestSchema = z.object({
  sampling_session_id: z.string().nullish(),
  seq_id: z.int().nonnegative().nullish(),
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
  num_samples: z.int().positive().max(sampleLimits.sequences).default(1),
  prompt: modelInputSchema,
  sampling_params: parametersSchema,
  prompt_logprobs: z.boolean().nullish(),
  topk_prompt_logprobs: z.int().nonnegative().nullish(),
  // Asked for in vain here: better refused than left out of the answer without a word.
  topk_sample_logprobs: z.literal(0, "not supported").nullish(),
  prompt_alt_tokens_k: z.literal(0, "not supported").nullish(),
  target_prompt_logprobs: z.null("not supported").optional(),
});

/** @param body as it was parsed. @throws ProtocolError */
export function decodeSampleRequest(body: unknown): {
  readonly request: WireSampleRequest;
  readonly source: SampleSource;
} {
  const parsed = fit(requestSchema, body, "asample");
  const prompt = inputFromJson(parsed.prompt, "prompt");
  if (prompt.length === 0) throw new ProtocolError("prompt", "no tokens");
  return {
    request: {
      prompt,
      count: parsed.num_samples,
      parameters: parametersFromJson(parsed.sampling_params),
      promptLogprobs: parsed.prompt_logprobs ?? false,
      topkPromptLogprobs: parsed.topk_prompt_logprobs ?? 0,
    },
    source: sourceFromJson(parsed),
  };
}

function parametersFromJson(parsed: z.output<typeof parametersSchema>): SamplingParameters {
  const { max_tokens, temperature, top_p, top_k, stop, seed, seeds } = parsed;
  return {
    maxTokens: max_tokens,
    ...(isSaid(temperature) && { temperature }),
    ...(isSaid(top_p) && { topP: top_p }),
    ...(isSaid(top_k) && { topK: top_k }),
    ...(isSaid(stop) && { stop }),
    ...(isSaid(seed) && { seed }),
    ...(isSaid(seeds) && { seeds }),
  };
}

function isSaid<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

function sourceFromJson(parsed: z.output<typeof requestSchema>): SampleSource {
  const { sampling_session_id, seq_id, base_model, model_path } = parsed;
  if (isSaid(sampling_session_id)) {
    return { kind: "session", samplingSessionId: sampling_session_id, sequenceId: seq_id ?? 0 };
  }
  if (isSaid(model_path)) return { kind: "path", path: model_path };
  if (isSaid(base_model)) return { kind: "base", baseModel: base_model };
  throw new ProtocolError("asample", "expected sampling_session_id, model_path or base_model");
}

export function encodeSampleResponse(response: WireSampleResponse, wire: Wire): Encoded {
  const body = wire === "json" ? sampleResponseToJson(response) : sampleResponseToProtobuf(response);
  return { body, contentType: contentTypes[wire] };
}

/** @throws ProtocolError */
export function decodeSampleResponse(body: Uint8Array, contentType: string): WireSampleResponse {
  return encodingOf(contentType) === "json" ? sampleResponseFromJson(body) : sampleResponseFromProtobuf(body);
}

function sampleResponseToJson({ sequences, promptLogprobs, topkPromptLogprobs }: WireSampleResponse): Buffer {
  const answer = {
    type: "sample",
    sequences: sequences.map(({ stopReason, tokens, logprobs }) => ({
      stop_reason: stopReason,
      tokens,
      ...(logprobs !== null && { logprobs: numbersOf(logprobs) }),
    })),
    ...(promptLogprobs !== null && { prompt_logprobs: numbersOf(promptLogprobs) }),
    ...(topkPromptLogprobs !== null && { topk_prompt_logprobs: topkPromptLogprobs }),
  };
  return Buffer.from(JSON.stringify(answer));
}

const list = z.custom<readonly unknown[]>(Array.isArray, "expected a list");
const responseSchema = z.object({
  sequences: z
    .array(z.object({ stop_reason: z.enum(["stop", "length"]), tokens: list, logprobs: list.nullish() }))
    .max(sampleLimits.sequences),
  prompt_logprobs: list.nullish(),
  topk_prompt_logprobs: z.array(z.array(z.tuple([z.int(), z.number()])).nullable()).nullish(),
});

function sampleResponseFromJson(body: Uint8Array): WireSampleResponse {
  const answer = fit(responseSchema, parseBody(body, "sample"), "sample");
  return {
    sequences: answer.sequences.map(({ stop_reason, tokens, logprobs }, at) =>
      checkSequence(
        {
          stopReason: stop_reason,
          tokens: checkTokens(tokens as readonly number[], `sequences[${at}].tokens`),
          logprobs: isSaid(logprobs) ? floatsFrom(logprobs, `sequences[${at}].logprobs`) : null,
        },
        `sequences[${at}]`,
      ),
    ),
    promptLogprobs: isSaid(answer.prompt_logprobs) ? floatsFrom(answer.prompt_logprobs, "prompt_logprobs") : null,
    topkPromptLogprobs: answer.topk_prompt_logprobs ?? null,
  };
}
