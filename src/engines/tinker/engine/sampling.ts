// Sampling through a server: requests cut into pieces, many under way at once, each answer checked before anything is
// made of it. Which weights are sampled from is the engine's affair.

import { DivergenceError, EngineError } from "../../../core/errors.js";
import { sha256 } from "../../../core/files.js";
import type { Sample, SampleEvent, SampleRequest } from "../../engine.js";
import type { SamplingClient } from "../client/client.js";
import type { SampledSequence, WireSampleRequest } from "../protocol/records.js";
import { eachInFlight } from "./in-flight.js";

export interface SamplingOptions {
  readonly requestsInFlight: number;
  /** Null: all of a prompt's. */
  readonly sequencesPerRequest: number | null;
  readonly endIds: readonly number[];
  readonly vocabularySize: number;
  readonly contextLength: number;
  /** Whether the server takes seeds as texts, one a sequence. */
  readonly textSeeds: boolean;
  /** Told of a sequence that ends without any of the ids that were to end it. */
  readonly onEndless: (token: number) => void;
}

/** Some of a request's sequences. */
interface Piece {
  readonly request: number;
  readonly first: number;
  readonly wire: WireSampleRequest;
}

/** @throws EngineError for an answer that does not fit its request, DivergenceError for logprobs that are not finite */
export async function sampleAll(
  sampler: SamplingClient,
  requests: readonly SampleRequest[],
  options: SamplingOptions,
  onEvent?: (event: SampleEvent) => void,
): Promise<Sample[][]> {
  const results = requests.map((): Sample[] => []);
  const pieces = requests.flatMap((request, index) => piecesOf(request, index, options));
  let tokens = 0;
  await eachInFlight(pieces, options.requestsInFlight, async ({ request, first, wire }, signal) => {
    const { sequences } = await sampler.sample(wire, signal);
    const where = `the answer to sampling request ${request}`;
    if (sequences.length !== wire.count) {
      throw new EngineError(`${where}: expected ${wire.count} sequences, found ${sequences.length}`);
    }
    for (const [offset, sequence] of sequences.entries()) {
      const sample = checkedSample(`${where}, sequence ${first + offset}`, sequence, wire, options);
      results[request][first + offset] = sample;
      tokens += sample.tokens.length;
      onEvent?.({ kind: "tokens", count: tokens });
      onEvent?.({ kind: "finished", request, sequence: first + offset, sample });
    }
  });
  return results;
}

function piecesOf(request: SampleRequest, index: number, options: SamplingOptions): Piece[] {
  const { prompt, count, temperature, topP, seeds, stopIds = [] } = request;
  const maxTokens = Math.min(request.maxTokens, options.contextLength - prompt.length);
  if (maxTokens < 1) {
    throw new EngineError(
      `request ${index}: its prompt of ${prompt.length} tokens leaves no room in the context of ${options.contextLength}`,
    );
  }
  const size = options.sequencesPerRequest ?? count;
  // Not every server ends a sequence by itself.
  const stop = [...new Set([...options.endIds, ...stopIds])];
  return Array.from({ length: Math.ceil(count / size) }, (_, piece): Piece => {
    const first = piece * size;
    const texts = seeds.slice(first, first + size);
    const parameters = {
      maxTokens,
      temperature,
      stop,
      ...(topP !== undefined && topP < 1 && { topP }),
      ...(options.textSeeds ? { seeds: texts } : { seed: seedOf(texts[0]) }),
    };
    const wire = { prompt, count: texts.length, parameters, promptLogprobs: false, topkPromptLogprobs: 0 };
    return { request: index, first, wire };
  });
}

/** 30 bits of a text: servers add a sequence's place in its request, and have 31. */
function seedOf(text: string): number {
  return Number.parseInt(sha256(text).slice(0, 8), 16) & 0x3fffffff;
}

/** Models have more rows than tokens, up to a round number; those that nothing taught may be drawn. */
const PADDED_TO = 1024;

function checkedSample(
  where: string,
  { tokens, logprobs, stopReason }: SampledSequence,
  { parameters }: WireSampleRequest,
  { vocabularySize, onEndless }: SamplingOptions,
): Sample {
  const fail = (what: string): never => {
    throw new EngineError(`${where}: ${what}`);
  };
  if (tokens.length === 0) fail("it has no tokens, not even one that ends it");
  if (tokens.length > parameters.maxTokens)
    fail(`expected at most ${parameters.maxTokens} tokens, found ${tokens.length}`);
  const rows = Math.ceil(vocabularySize / PADDED_TO) * PADDED_TO;
  const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= rows);
  if (wrong !== undefined) {
    fail(`token id ${wrong} is not in the vocabulary of ${vocabularySize}: the tokenizer is not this model's`);
  }
  if (logprobs === null) return fail("the server gives no logprobs, which training needs");
  if (logprobs.length !== tokens.length) fail(`expected ${tokens.length} logprobs, found ${logprobs.length}`);
  const unfit = logprobs.find((logprob) => !Number.isFinite(logprob));
  if (unfit !== undefined) throw new DivergenceError(`${where}: a token's logprob is ${unfit}`);
  const ends = (parameters.stop ?? []) as readonly number[];
  const end = tokens.findIndex((token) => ends.includes(token));
  if (end >= 0 && end < tokens.length - 1) fail(`it goes on behind token id ${tokens[end]}, which was to end it`);
  if (end < 0 && stopReason === "stop") onEndless(tokens[tokens.length - 1]);
  return { tokens, logprobs, stopReason };
}
