// How sampling requests are cut into shards that are drawn at once. What is drawn does not depend on it.

import { EngineError, ShapeError } from "../../../core/errors.js";
import type { SampleRequest } from "../../engine.js";
import { promptBucket } from "../training/batches.js";
import type { ShardPrompt } from "./sampler.js";

export interface Shard {
  readonly prompts: readonly ShardPrompt[];
  /** Where each prompt's samples belong: the request, and the first of its samples that is here. */
  readonly places: ReadonlyArray<{ readonly request: number; readonly first: number }>;
}

export interface ShardLimits {
  /** Sequences of a shard. */
  readonly rows: number;
  /** Who take shards: each gets as many, where there are enough sequences. */
  readonly workers: number;
  /** Whether prompts of a shard must have one padded length. */
  readonly bucketed: boolean;
  readonly contextLength: number;
  readonly endIds: readonly number[];
}

/** Prompts' tokens of a shard, padding included, unless one prompt is longer: it keeps their keys and values. */
export const SHARD_TOKENS = 16_384;

/** Largest shards first. @throws EngineError where a prompt leaves no room for a token */
export function cutShards(requests: readonly SampleRequest[], limits: ShardLimits): Shard[] {
  for (const [index, request] of requests.entries()) check(request, index, limits.contextLength);
  const all = [...requests.keys()];
  const bucketOf = (index: number): number => promptBucket(requests[index].prompt.length);
  const buckets = limits.bucketed ? [...new Set(all.map(bucketOf))] : [];
  const parts = limits.bucketed ? buckets.map((bucket) => all.filter((index) => bucketOf(index) === bucket)) : [all];
  return parts.flatMap((indices) => cut(requests, indices, limits)).toSorted((a, b) => rowCount(b) - rowCount(a));
}

function check(request: SampleRequest, index: number, contextLength: number): void {
  const { prompt, count, seeds, maxTokens, topP = 1 } = request;
  if (seeds.length !== count) throw new ShapeError(`request ${index}: ${count} sequences but ${seeds.length} seeds`);
  if (!(maxTokens >= 1)) throw new ShapeError(`request ${index}: maxTokens is ${maxTokens}, expected at least 1`);
  if (!(topP > 0 && topP <= 1))
    throw new ShapeError(`request ${index}: topP is ${topP}, expected more than 0 and at most 1`);
  if (prompt.length === 0)
    throw new ShapeError(`request ${index}: its prompt is empty; it needs a token to start from`);
  if (prompt.length >= contextLength) {
    throw new EngineError(`request ${index}: a prompt of ${prompt.length} tokens leaves no room in ${contextLength}`);
  }
}

/** Shards of about the same number of rows; a request may go on in the next. */
function cut(requests: readonly SampleRequest[], indices: readonly number[], limits: ShardLimits): Shard[] {
  const { rows, workers, contextLength, endIds } = limits;
  const total = indices.reduce((sum, index) => sum + requests[index].count, 0);
  const room = Math.ceil(total / (workers * Math.ceil(total / (workers * rows))));
  const shards: Array<{ prompts: ShardPrompt[]; places: Array<{ request: number; first: number }> }> = [];
  let free = 0;
  for (const index of indices) {
    const { prompt, maxTokens, temperature, topP, seeds, stopIds = [], stop } = requests[index];
    for (let first = 0; first < seeds.length; ) {
      const full = (shards.at(-1)?.prompts.length ?? 0) * promptBucket(prompt.length) >= SHARD_TOKENS;
      if (free === 0 || full) {
        shards.push({ prompts: [], places: [] });
        free = room;
      }
      const taken = seeds.slice(first, first + free);
      const shard = shards[shards.length - 1];
      shard.prompts.push({
        tokens: prompt,
        maxTokens: Math.min(maxTokens, contextLength - prompt.length),
        temperature,
        topP,
        seeds: taken,
        stopIds: [...endIds, ...stopIds],
        stop,
      });
      shard.places.push({ request: index, first });
      first += taken.length;
      free -= taken.length;
    }
  }
  return shards;
}

function rowCount({ prompts }: Shard): number {
  return prompts.reduce((sum, { seeds }) => sum + seeds.length, 0);
}
