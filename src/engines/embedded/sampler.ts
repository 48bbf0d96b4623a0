// Draws completions for a shard of requests whose prompts are equally long up to padding. Rows of one prompt share its
// keys and values, finished rows leave the batch at once, and a row's numbers do not depend on the other rows of the
// shard: the padded lengths that kernels see are the prompt's own bucket and the step. It lives in a compute worker.

import { Tensor } from "onnxruntime-node";
import { Rng } from "../../core/rng.js";
import type { Sample } from "../engine.js";
import { causalMask, MASKED } from "./decoder.js";
import { drawToken } from "./draw.js";
import { type Model, promptGraph, stepGraph } from "./graphs.js";
import { KeyValueCache } from "./key-value-cache.js";
import { compile, type Feeds, type Outputs, type Program } from "./program.js";
import { LEAST_ROWS, type LoadedWeights } from "./trainer.js";

export interface ShardPrompt {
  readonly tokens: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** One for each sequence to draw. */
  readonly seeds: readonly string[];
  /** Every id that ends a sequence. */
  readonly stopIds: readonly number[];
}

/** Prompts of one shard are padded to the same multiple of this. */
export const PROMPT_STEP = 32;

export function promptBucket(length: number): number {
  return Math.ceil(length / PROMPT_STEP) * PROMPT_STEP;
}

interface Row {
  readonly prompt: number;
  readonly sample: number;
  readonly rng: Rng;
  readonly tokens: number[];
  readonly logprobs: number[];
  stopReason: Sample["stopReason"] | undefined;
}

export class Sampler {
  readonly #model: Model;
  readonly #threads: number;
  #programs: Promise<[prompt: Program, step: Program]> | undefined;

  constructor(model: Model, threads: number) {
    this.#model = model;
    this.#threads = threads;
  }

  /** @param onTokens  called after each step with the tokens drawn in it */
  async sample(
    weights: LoadedWeights,
    prompts: readonly ShardPrompt[],
    onTokens: (count: number) => void,
  ): Promise<Sample[][]> {
    this.#programs ??= Promise.all([
      compile(promptGraph(this.#model), this.#threads),
      compile(stepGraph(this.#model), this.#threads),
    ]);
    const [promptProgram, stepProgram] = await this.#programs;
    const rows = prompts.flatMap((prompt, index) =>
      prompt.seeds.map((seed, sample) => newRow(index, sample, Rng.of(seed))),
    );
    const first = await promptProgram.run({ ...weights.feeds, ...promptFeeds(this.#model, weights, prompts) });
    const cache = new KeyValueCache(this.#model.config, prompts.length, promptBucket(longest(prompts)), rows.length);
    cache.setPrompts(first);
    const alive = [...rows];
    this.#extend(prompts, alive, first, (row) => row.prompt);
    onTokens(alive.length);
    retire(alive, cache);
    while (alive.length > 0) {
      const feeds = { ...weights.feeds, ...this.#stepFeeds(weights, prompts, alive, cache) };
      const outputs = await stepProgram.run(feeds, stepLengths(this.#model, feeds));
      cache.append(outputs, alive.length);
      this.#extend(prompts, alive, outputs, (_, index) => index);
      onTokens(alive.length);
      retire(alive, cache);
    }
    return prompts.map((_, index) => rows.filter((row) => row.prompt === index).map(toSample));
  }

  /** Draws one token for each row from its line of the outputs. */
  #extend(
    prompts: readonly ShardPrompt[],
    alive: readonly Row[],
    outputs: Outputs,
    line: (row: Row, index: number) => number,
  ): void {
    const size = this.#model.config.vocabularySize;
    const [logprobs, probabilities] = [outputs("logprobs"), outputs("probabilities")];
    for (const [index, row] of alive.entries()) {
      const prompt = prompts[row.prompt];
      const start = line(row, index) * size;
      const rowLogprobs = logprobs.subarray(start, start + size);
      const rowProbabilities = probabilities.subarray(start, start + size);
      const token = drawToken(rowProbabilities, rowLogprobs, prompt.temperature, row.rng.uniform());
      row.tokens.push(token);
      row.logprobs.push(rowLogprobs[token]);
      if (prompt.stopIds.includes(token)) row.stopReason = "stop";
      else if (row.tokens.length >= prompt.maxTokens) row.stopReason = "length";
    }
  }

  #stepFeeds(
    { flat }: LoadedWeights,
    prompts: readonly ShardPrompt[],
    alive: readonly Row[],
    cache: KeyValueCache,
  ): Feeds {
    const { hiddenSize } = this.#model.config;
    const count = Math.max(alive.length, LEAST_ROWS);
    const embedded = new Float32Array(count * hiddenSize);
    const position = new BigInt64Array(count);
    const { offset } = this.#model.layout.tensors[0];
    for (const [index, row] of alive.entries()) {
      const from = offset + (row.tokens.at(-1) as number) * hiddenSize;
      embedded.set(flat.subarray(from, from + hiddenSize), index * hiddenSize);
      position[index] = BigInt(prompts[row.prompt].tokens.length + row.tokens.length - 1);
    }
    return {
      embedded: new Tensor("float32", embedded, [count, 1, hiddenSize]),
      position: new Tensor("int64", position, [count, 1]),
      promptMask: promptMask(prompts),
      ...seating(prompts.length, alive, count),
      ...cache.feeds(count),
    };
  }
}

function newRow(prompt: number, sample: number, rng: Rng): Row {
  return { prompt, sample, rng, tokens: [], logprobs: [], stopReason: undefined };
}

function toSample(row: Row): Sample {
  return {
    tokens: row.tokens,
    logprobs: Float32Array.from(row.logprobs),
    stopReason: row.stopReason as Sample["stopReason"],
  };
}

function longest(prompts: readonly ShardPrompt[]): number {
  return Math.max(...prompts.map(({ tokens }) => tokens.length));
}

/** Removes the rows that have ended: the last row takes the place of each. */
function retire(alive: Row[], cache: KeyValueCache): void {
  for (let index = alive.length - 1; index >= 0; index--) {
    if (alive[index].stopReason === undefined) continue;
    const last = alive.length - 1;
    cache.move(last, index);
    alive[index] = alive[last];
    alive.pop();
  }
}

function promptFeeds(model: Model, { flat }: LoadedWeights, prompts: readonly ShardPrompt[]): Feeds {
  const { config } = model;
  const { offset } = model.layout.tensors[0];
  const width = promptBucket(longest(prompts));
  const embedded = new Float32Array(prompts.length * width * config.hiddenSize);
  const picks = new BigInt64Array(Math.max(prompts.length, LEAST_ROWS) * 2);
  for (const [row, { tokens }] of prompts.entries()) {
    for (const [at, token] of tokens.entries()) {
      const from = offset + token * config.hiddenSize;
      embedded.set(flat.subarray(from, from + config.hiddenSize), (row * width + at) * config.hiddenSize);
    }
    picks[row * 2] = BigInt(row);
    picks[row * 2 + 1] = BigInt(tokens.length - 1);
  }
  return {
    embedded: new Tensor("float32", embedded, [prompts.length, width, config.hiddenSize]),
    mask: new Tensor("float32", causalMask(config, width), [(config.heads / config.keyValueHeads) * width, width]),
    picks: new Tensor("int64", picks, [picks.length / 2, 2]),
  };
}

/** [P, 1, 1, S] */
function promptMask(prompts: readonly ShardPrompt[]): Tensor {
  const width = promptBucket(longest(prompts));
  const mask = new Float32Array(prompts.length * width);
  for (const [row, { tokens }] of prompts.entries()) mask.fill(MASKED, row * width + tokens.length, (row + 1) * width);
  return new Tensor("float32", mask, [prompts.length, 1, 1, width]);
}

/** Which rows continue which prompt: `grid` [P, R] and each row's place in it, `places` [B, 2]. */
function seating(prompts: number, alive: readonly Row[], count: number): Feeds {
  const taken = new Int32Array(prompts);
  const places = new BigInt64Array(count * 2);
  for (const [index, { prompt }] of alive.entries()) {
    places[index * 2] = BigInt(prompt);
    places[index * 2 + 1] = BigInt(taken[prompt]++);
  }
  const seats = Math.max(LEAST_ROWS, ...taken);
  const grid = new Int32Array(prompts * seats);
  for (const index of alive.keys()) {
    grid[Number(places[index * 2]) * seats + Number(places[index * 2 + 1])] = index;
  }
  return {
    grid: new Tensor("int32", grid, [prompts, seats]),
    places: new Tensor("int64", places, [count, 2]),
  };
}

/** Rows of a prompt's query heads that share a key-value head, stacked. */
function stepLengths({ config }: Model, feeds: Feeds): Record<string, number> {
  return { stackedR: feeds.grid.dims[1] * (config.heads / config.keyValueHeads) };
}
