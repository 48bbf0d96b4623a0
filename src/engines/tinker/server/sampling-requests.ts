// What is asked of weights that are not trained: sampling sessions, and requests to sample and to score.

import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { badRequest, RequestError } from "../../../core/request-error.js";
import type { SampleRequest } from "../../engine.js";
import type { createSamplingSessionRequest } from "../protocol/messages.js";
import type { SamplingParameters, WireSampleRequest } from "../protocol/records.js";
import { decodeSampleRequest, type SampleSource } from "../protocol/sampling.js";
import { checkTokens, type ModelLimits } from "./datums.js";
import type { Host } from "./host.js";
import type { Draw, Lend } from "./sampling.js";
import type { SamplingSession, Weights } from "./sessions.js";

/** @throws RequestError */
export function createSamplingSession(
  host: Host,
  request: z.output<typeof createSamplingSessionRequest>,
): SamplingSession {
  const session = host.sessions.get(request.session_id);
  return host.sessions.addSampler(session, request.sampling_session_seq_id, namedWeights(host, request));
}

function namedWeights(
  host: Host,
  {
    model_path,
    base_model,
  }: { readonly model_path?: string | null | undefined; readonly base_model?: string | null | undefined },
): Weights {
  if (model_path) {
    const { folder, note } = host.checkpointAt(model_path);
    return { kind: "stored", stored: { folder, lora: note.lora, written: note.time }, path: model_path };
  }
  if (!base_model) throw badRequest("expected model_path or base_model");
  host.checkBaseModel(base_model);
  return { kind: "base" };
}

/** What asample is answered with. */
export interface SubmittedSample {
  readonly request_id: string;
  readonly sample_sequence_ids: readonly string[];
}

/** @param body  parsed JSON @throws RequestError, ProtocolError */
export function submitSample(host: Host, body: unknown, digest: string): SubmittedSample {
  const { request, source } = decodeSampleRequest(body);
  const answer = (id: string): SubmittedSample => ({
    request_id: id,
    sample_sequence_ids: Array.from({ length: request.count }, (_, index) => `${id}:${index}`),
  });
  if (source.kind !== "session")
    return answer(submit(host, weightsOf(host, source), drawOf(request, body, host.limits)));
  const sampler = host.sessions.sampler(source.samplingSessionId);
  const known = sampler.requests.get(source.sequenceId);
  if (known && host.futures.has(known.id)) {
    if (known.digest === digest) return answer(known.id);
    throw new RequestError(409, `seq_id ${source.sequenceId} of this sampling session was used already`);
  }
  const id = submit(host, sampler.weights, drawOf(request, body, host.limits));
  remember(sampler, source.sequenceId, { digest, id });
  return answer(id);
}

const MOST_REMEMBERED = 8192;

function remember({ requests }: SamplingSession, number: number, request: { digest: string; id: string }): void {
  requests.set(number, request);
  for (const oldest of requests.keys()) {
    if (requests.size <= MOST_REMEMBERED) return;
    requests.delete(oldest);
  }
}

function weightsOf(host: Host, source: Exclude<SampleSource, { kind: "session" }>): Weights {
  return source.kind === "path"
    ? namedWeights(host, { model_path: source.path })
    : namedWeights(host, { base_model: source.baseModel });
}

function submit(host: Host, weights: Weights, draw: Draw): string {
  const { lane, lend } = lending(host, weights);
  return host.sampling.submit(lane, lend, draw, () => host.futures.create()).id;
}

const lanes = new WeakMap<object, string>();

/** Which requests can be drawn together, and what with. @throws RequestError 410 for weights that are no more */
function lending(host: Host, weights: Weights): { readonly lane: string; readonly lend: Lend } {
  switch (weights.kind) {
    case "base":
      return { lane: "base", lend: (use) => host.engines.useBase(use) };
    case "stored":
      return {
        lane: `${weights.stored.folder} ${weights.stored.written}`,
        lend: (use) => host.engines.useStored(weights.stored, use),
      };
    case "snapshot": {
      const { snapshot } = weights;
      const gone = (): RequestError =>
        new RequestError(410, `this sampling session's weights are gone: ${snapshot.lost}`);
      if (snapshot.lost) throw gone();
      const lane = lanes.get(snapshot) ?? randomUUID();
      lanes.set(snapshot, lane);
      const lend: Lend = async (use) => {
        let result: { readonly value: Awaited<ReturnType<typeof use>> } | undefined;
        await snapshot.model.useSnapshot(snapshot, async (engine) => {
          result = { value: await use(engine) };
        });
        if (result) return result.value;
        if (!snapshot.stored || snapshot.lost) throw gone();
        return await host.engines.useStored(snapshot.stored, use);
      };
      return { lane, lend };
    }
    default:
      return weights satisfies never;
  }
}

/** @throws RequestError naming the parameter that cannot be used */
function drawOf(request: WireSampleRequest, body: unknown, limits: ModelLimits): Draw {
  const { prompt, count, parameters } = request;
  checkTokens("prompt", prompt, limits);
  if (request.topkPromptLogprobs > 0)
    throw badRequest("topk_prompt_logprobs: not to be had here; ask for prompt_logprobs");
  if (prompt.length >= limits.contextLength) {
    throw badRequest(`prompt: ${prompt.length} tokens leave no room in the model's context of ${limits.contextLength}`);
  }
  const { stop = [] } = parameters;
  const stopIds = stop.filter((each): each is number => typeof each === "number");
  checkTokens("sampling_params.stop", stopIds, limits);
  const drawn: SampleRequest = {
    prompt,
    count,
    maxTokens: parameters.maxTokens,
    temperature: temperatureOf(parameters, limits),
    topP: parameters.topP ?? 1,
    seeds: seedsOf(parameters, count),
    stopIds,
    stop: stop.filter((each): each is string => typeof each === "string"),
  };
  return { request: drawn, prompt, scored: request.promptLogprobs ? scoredOf(body, prompt.length) : null };
}

/** The likeliest token alone is what temperature 0 draws. */
function temperatureOf({ temperature = 1, topK = -1 }: SamplingParameters, { vocabularySize }: ModelLimits): number {
  if (topK === 1) return 0;
  if (topK === -1 || topK === 0 || topK >= vocabularySize) return temperature;
  throw badRequest(
    `sampling_params.top_k: ${topK} is not to be had here: expected -1 (all) or 1 (the likeliest); use top_p`,
  );
}

function seedsOf({ seeds, seed }: SamplingParameters, count: number): readonly string[] {
  if (seeds) {
    if (seeds.length === count) return seeds;
    throw badRequest(`sampling_params.seeds: ${seeds.length} for num_samples ${count}`);
  }
  const start = seed === undefined ? randomUUID() : `seed ${seed}`;
  return Array.from({ length: count }, (_, index) => `${start} ${index}`);
}

/** How many of the prompt's tokens; its first has nothing before it. */
function scoredOf(body: unknown, length: number): number {
  const last = (body as { readonly prompt_logprobs_last_n?: unknown }).prompt_logprobs_last_n ?? length - 1;
  if (Number.isInteger(last) && (last as number) >= 0 && (last as number) < length) return last as number;
  throw badRequest(`prompt_logprobs_last_n: expected 1 to ${length - 1}, one less than the prompt's tokens`);
}
