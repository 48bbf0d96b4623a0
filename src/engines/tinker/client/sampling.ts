// Sampling from one set of weights: a sampling session on the server.

import { createSamplingSessionResponse } from "../protocol/messages.js";
import type { WireSampleRequest, WireSampleResponse } from "../protocol/records.js";
import { decodeSampleResponse, encodeSampleRequest } from "../protocol/sampling.js";
import { ask, pendingOf, readAnswer } from "./answers.js";
import type { SamplingClient } from "./client.js";
import { droppable } from "./droppable.js";
import { either } from "./either.js";
import { TinkerError, TinkerLostError } from "./errors.js";
import { resultOf } from "./futures.js";
import { submissionPauseMs } from "./reaction.js";
import type { Session } from "./session.js";
import type { Reply } from "./transport.js";

/** A result that expires so often is never there in time. */
const RESUBMISSIONS = 10;
const operation = { name: "sampling" };

class RemoteSampler implements SamplingClient {
  readonly #session: Session;
  readonly #id: string;
  #next = 0;

  constructor(session: Session, samplingSessionId: string) {
    this.#session = session;
    this.#id = samplingSessionId;
  }

  sample(request: WireSampleRequest, signal?: AbortSignal): Promise<WireSampleResponse> {
    return droppable(this.#sample(request, signal));
  }

  async #sample(request: WireSampleRequest, signal?: AbortSignal): Promise<WireSampleResponse> {
    const { link, dispatch } = this.#session;
    const ends = either(link.closed, signal);
    try {
      const leave = await dispatch.begin(ends.signal);
      try {
        const reply = await this.#reply(this.#known(request), ends.signal);
        return readAnswer(link, operation, reply, ({ body, contentType }) => decodeSampleResponse(body, contentType));
      } finally {
        leave();
      }
    } finally {
      ends.release();
    }
  }

  async #reply(request: WireSampleRequest, signal: AbortSignal): Promise<Reply> {
    const { link, dispatch } = this.#session;
    for (let n = 0; ; n++) {
      // A request anew has a number anew: under the old one a server finds the result that has expired.
      const source = { kind: "session", samplingSessionId: this.#id, sequenceId: this.#next++ } as const;
      const body = encodeSampleRequest(request, source);
      const headers = { "X-Tinker-Sampling-Backpressure": "1" };
      const startMs = link.transport.clock.nowMs();
      const call = { method: "POST", path: "asample", body, headers } as const;
      const taken = await dispatch.send(link, operation, call, request.prompt.length, signal);
      try {
        const pending = pendingOf(link, operation, taken, "Sample", startMs);
        return await resultOf(link, operation, { ...pending, limitBytes: longestAnswer(request) }, signal);
      } catch (error) {
        if (!(error instanceof TinkerLostError && error.status === 410) || n === RESUBMISSIONS) throw error;
        await link.transport.clock.pause(submissionPauseMs(n), signal);
      }
    }
  }

  /** Texts as seeds are an extension that strict servers would refuse. */
  #known(request: WireSampleRequest): WireSampleRequest {
    if (request.parameters.seeds === undefined || this.#session.flags.coderlplus) return request;
    const { seeds: _, ...parameters } = request.parameters;
    return { ...request, parameters };
  }
}

/** A token in JSON: its id, a logprob of many digits, and what stands between them. */
const BYTES_PER_TOKEN = 64;

/** In bytes; hundreds of requests are under way at once, so none may fill the memory. */
function longestAnswer({ prompt, count, parameters, promptLogprobs, topkPromptLogprobs }: WireSampleRequest): number {
  const scored = promptLogprobs || topkPromptLogprobs > 0 ? prompt.length * (1 + topkPromptLogprobs) : 0;
  return (1 << 20) + BYTES_PER_TOKEN * (count * parameters.maxTokens + scored);
}

/** @param from  a sampling session that is there, or weights to open one for */
export async function openSampler(
  session: Session,
  from: {
    readonly samplingSessionId?: string | null | undefined;
    readonly path?: string | null | undefined;
    readonly baseModel?: string | undefined;
  },
): Promise<SamplingClient> {
  if (from.samplingSessionId) return new RemoteSampler(session, from.samplingSessionId);
  const { link } = session;
  const opening = { name: "create_sampling_session", creates: true };
  if (!from.path && !from.baseModel) {
    const words = { status: 200, says: "neither a sampling session nor a path to sample from", requestId: null };
    throw new TinkerError("malformed", `${link.transport.url}: save_weights_for_sampler: ${words.says}`, words);
  }
  const body = {
    session_id: session.id,
    sampling_session_seq_id: session.nextSampler(),
    ...(from.path ? { model_path: from.path } : { base_model: from.baseModel }),
    type: "create_sampling_session",
  };
  const call = { method: "POST", path: "create_sampling_session", body } as const;
  const opened = await ask(link, opening, call, createSamplingSessionResponse);
  return new RemoteSampler(session, opened.sampling_session_id);
}
