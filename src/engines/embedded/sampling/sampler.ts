// Draws completions for a shard of requests whose prompts have the same padded length. Rows of one prompt share its
// keys and values, finished rows leave the batch at once, and a row's numbers do not depend on the other rows of the
// shard: the lengths that kernels see are the prompt's bucket and the step. It lives in a compute worker.

import { Tensor } from "onnxruntime-node";
import { Rng } from "../../../core/rng.js";
import type { Sample } from "../../engine.js";
import { causalMask, MASKED, stackedLengths } from "../decoder/attention.js";
import { type Model, promptGraph, stepGraphs } from "../decoder/graphs.js";
import { compile, type Feeds, type Outputs, type Program, type Runtime } from "../graph/program.js";
import { passBlocks, promptBucket } from "../training/batches.js";
import { embeddingRow, type LoadedWeights } from "../weights.js";
import { drawToken } from "./draw.js";
import { KeyValueCache } from "./key-value-cache.js";

export interface ShardPrompt {
  readonly tokens: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** One for each sequence to draw. */
  readonly seeds: readonly string[];
  /** Every id that ends a sequence. */
  readonly stopIds: readonly number[];
}

interface Row {
  readonly prompt: number;
  readonly rng: Rng;
  readonly tokens: number[];
  readonly logprobs: number[];
  stopReason: Sample["stopReason"] | undefined;
}

type Programs = Record<"enter" | "advance" | "leave", Program>;

/** A product with a single row takes another kernel, whose last bits differ: a spare row avoids it. */
const LEAST_ROWS = 2;

export class Sampler {
  readonly #model: Model;
  readonly #runtime: Runtime;
  readonly #passes = new Map<number, Promise<Program>>();
  #programs: Promise<Programs> | undefined;

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** @param onTokens  called after each step with the tokens drawn in it */
  async sample(
    weights: LoadedWeights,
    prompts: readonly ShardPrompt[],
    onTokens: (count: number) => void,
  ): Promise<Sample[][]> {
    this.#programs ??= this.#compile();
    const programs = await this.#programs;
    const rows = prompts.flatMap(({ seeds }, prompt) => seeds.map((seed) => newRow(prompt, Rng.of(seed))));
    const cache = new KeyValueCache(this.#model.config, Math.max(rows.length, LEAST_ROWS));
    const first = await this.#readPrompts(weights, prompts, cache);
    const alive = [...rows];
    this.#extend(prompts, alive, first, ({ prompt }) => prompt);
    for (;;) {
      onTokens(alive.length);
      retire(alive, cache);
      if (alive.length === 0) break;
      const outputs = await this.#step(programs, weights, prompts, alive, cache);
      this.#extend(prompts, alive, outputs, (_, index) => index);
    }
    return prompts.map((_, index) => rows.filter(({ prompt }) => prompt === index).map(toSample));
  }

  async #compile(): Promise<Programs> {
    const { enter, advance, leave } = stepGraphs(this.#model);
    const graphs = [enter, advance, leave];
    const compiled = await Promise.all(graphs.map((graph) => compile(graph, this.#runtime)));
    return { enter: compiled[0], advance: compiled[1], leave: compiled[2] };
  }

  /** The prompts' pass, which fills the cache and gives what follows each prompt. */
  async #readPrompts(weights: LoadedWeights, prompts: readonly ShardPrompt[], cache: KeyValueCache): Promise<Outputs> {
    const width = promptWidth(prompts);
    const blocks = passBlocks(width);
    const pass = this.#passes.get(blocks) ?? compile(promptGraph(this.#model, blocks), this.#runtime);
    this.#passes.set(blocks, pass);
    const program = await pass;
    const feeds = { ...weights.feeds, ...promptFeeds(this.#model, weights, prompts) };
    const size = { prompts: prompts.length, promptLength: width, seats: 1, ownLength: 1 };
    const lengths = { ...stackedLengths(this.#model.config, size, blocks), P: prompts.length };
    const outputs = await program.run(feeds, lengths);
    cache.setPrompts(outputs, prompts.length, width, promptMask(prompts));
    return outputs;
  }

  /** One more token for each row: layer by layer, so that its keys and values are in the cache for its attention. */
  async #step(
    programs: Programs,
    weights: LoadedWeights,
    prompts: readonly ShardPrompt[],
    alive: readonly Row[],
    cache: KeyValueCache,
  ): Promise<Outputs> {
    const { layers, hiddenSize, heads, keyValueHeads, headSize } = this.#model.config;
    const count = Math.max(alive.length, LEAST_ROWS);
    const seating = seatRows(prompts.length, alive, count);
    const lengths = { RG: (seating.grid.dims[1] * heads) / keyValueHeads };
    const position = positions(prompts, alive, count);
    let stream = new Tensor("float32", this.#embed(weights, alive, count), [count, hiddenSize]);
    let outputs = await programs.enter.run({ ...weights.enterFeeds, position, stream });
    cache.beginToken(count);
    for (let layer = 0; layer < layers; layer++) {
      cache.append(layer, outputs("keys"), outputs("values"), alive.length);
      const query = new Tensor("float32", outputs("next query"), [count, heads * headSize]);
      const last = layer === layers - 1;
      const feeds = { ...weights.layerFeeds[layer], ...seating, ...cache.feeds(layer, count), position, stream, query };
      outputs = await (last ? programs.leave : programs.advance).run(feeds, lengths);
      if (!last) stream = new Tensor("float32", outputs("next stream"), [count, hiddenSize]);
    }
    return outputs;
  }

  #embed({ flat }: LoadedWeights, alive: readonly Row[], count: number): Float32Array {
    const { hiddenSize } = this.#model.config;
    const embedded = new Float32Array(count * hiddenSize);
    for (const [index, { tokens }] of alive.entries()) {
      const from = embeddingRow(this.#model, tokens[tokens.length - 1]);
      embedded.set(flat.subarray(from, from + hiddenSize), index * hiddenSize);
    }
    return embedded;
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
      const { temperature, stopIds, maxTokens } = prompts[row.prompt];
      const start = line(row, index) * size;
      const rowLogprobs = logprobs.subarray(start, start + size);
      const rowProbabilities = probabilities.subarray(start, start + size);
      const token = drawToken(rowProbabilities, rowLogprobs, temperature, row.rng.uniform());
      row.tokens.push(token);
      row.logprobs.push(rowLogprobs[token]);
      if (stopIds.includes(token)) row.stopReason = "stop";
      else if (row.tokens.length >= maxTokens) row.stopReason = "length";
    }
  }
}

function newRow(prompt: number, rng: Rng): Row {
  return { prompt, rng, tokens: [], logprobs: [], stopReason: undefined };
}

function toSample({ tokens, logprobs, stopReason = "length" }: Row): Sample {
  return { tokens, logprobs: Float32Array.from(logprobs), stopReason };
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

/** S of the shard, whose prompts have one bucket. */
function promptWidth(prompts: readonly ShardPrompt[]): number {
  return promptBucket(prompts[0].tokens.length);
}

function promptFeeds(model: Model, { flat }: LoadedWeights, prompts: readonly ShardPrompt[]): Feeds {
  const { config } = model;
  const width = promptWidth(prompts);
  const count = prompts.length * width;
  const embedded = new Float32Array(count * config.hiddenSize);
  const picks = prompts.map(({ tokens }, row) => row * width + tokens.length - 1);
  // A spare: any token that is not picked.
  if (picks.length < LEAST_ROWS) picks.push(picks[0] === 0 ? 1 : 0);
  for (const [row, { tokens }] of prompts.entries()) {
    for (const [at, token] of tokens.entries()) {
      const from = embeddingRow(model, token);
      embedded.set(flat.subarray(from, from + config.hiddenSize), (row * width + at) * config.hiddenSize);
    }
  }
  const position = BigInt64Array.from({ length: count }, (_, row) => BigInt(row % width));
  const rows = width / passBlocks(width);
  return {
    embedded: new Tensor("float32", embedded, [count, config.hiddenSize]),
    position: new Tensor("int64", position, [count, 1]),
    promptCausal: new Tensor("float32", causalMask(config, width, rows), [
      (config.heads / config.keyValueHeads) * rows,
      width,
    ]),
    picks: new Tensor("int64", BigInt64Array.from(picks, BigInt), [picks.length, 1]),
  };
}

/** [P, 1, 1, S] */
function promptMask(prompts: readonly ShardPrompt[]): Tensor {
  const width = promptWidth(prompts);
  const mask = new Float32Array(prompts.length * width);
  for (const [row, { tokens }] of prompts.entries()) mask.fill(MASKED, row * width + tokens.length, (row + 1) * width);
  return new Tensor("float32", mask, [prompts.length, 1, 1, width]);
}

/** [B, 1] of the token that each row reads. */
function positions(prompts: readonly ShardPrompt[], alive: readonly Row[], count: number): Tensor {
  const position = new BigInt64Array(count);
  for (const [index, { prompt, tokens }] of alive.entries()) {
    position[index] = BigInt(prompts[prompt].tokens.length + tokens.length - 1);
  }
  return new Tensor("int64", position, [count, 1]);
}

/** Which rows continue which prompt: `grid` [P, R], and each row's place in it, `places` [B, 2]. */
function seatRows(prompts: number, alive: readonly Row[], count: number): { grid: Tensor; places: Tensor } {
  const taken = new Int32Array(prompts);
  const seat = alive.map(({ prompt }) => taken[prompt]++);
  const seats = Math.max(...taken);
  const grid = new Int32Array(prompts * seats);
  const places = new BigInt64Array(count * 2);
  for (const [index, { prompt }] of alive.entries()) {
    grid[prompt * seats + seat[index]] = index;
    places[index * 2] = BigInt(prompt);
    places[index * 2 + 1] = BigInt(seat[index]);
  }
  return {
    grid: new Tensor("int32", grid, [prompts, seats]),
    places: new Tensor("int64", places, [count, 2]),
  };
}
