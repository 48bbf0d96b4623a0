// Draws completions for a shard of requests, keys and values resident on the device: what comes back of a step is each
// row's token and its logprob. Unlike the processor's sampler it gives every row its own copy of its prompt's keys,
// and drops finished rows only when a quarter of them is done, for dropping copies what stays.

import { Tensor } from "onnxruntime-node";
import { Rng } from "../../../core/rng.js";
import type { Sample } from "../../engine.js";
import { MASKED, stackedLengths } from "../decoder/attention.js";
import { type Model, promptGraph } from "../decoder/graphs.js";
import { compile, type Feeds, type Program, type Runtime } from "../graph/program.js";
import { paddedTokens, readingFeeds } from "../hidden-states.js";
import type { Drawn, ShardPrompt } from "../sampling/sampler.js";
import { promptBucket } from "../training/batches.js";
import type { WeightFeeds } from "../weights.js";
import { drawGraph, linesGraph, residentStepGraph } from "./sampling-graphs.js";

type Programs = Record<"prompt" | "step" | "lines" | "draw", Program>;

interface Row {
  readonly prompt: number;
  /** Its place among its prompt's. */
  readonly row: number;
  readonly rng: Rng;
  readonly tokens: number[];
  readonly logprobs: number[];
  stopReason: Sample["stopReason"] | undefined;
}

/** Keys and values by layer, on the device. */
type Cache = Map<string, Tensor>;

const KEPT_SHARE = 0.75;
/** Stands for a temperature of 0: all but the likeliest token have no mass left. */
const GREEDY_INVERSE = 1e6;
/** The largest f32 below 1 whose product with a total stays below it. */
const LARGEST_UNIFORM = 1 - 2 ** -23;

export class ResidentSampler {
  readonly #model: Model;
  readonly #runtime: Runtime;
  readonly #cacheNames: readonly string[];
  #programs: Promise<Programs> | undefined;

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
    const layers = Array.from({ length: model.config.layers }, (_, layer) => layer);
    this.#cacheNames = layers.flatMap((layer) => [`keys ${layer}`, `values ${layer}`]);
  }

  /** @param onDrawn  called after each step */
  async sample(
    weights: WeightFeeds,
    prompts: readonly ShardPrompt[],
    onDrawn: (drawn: Drawn) => void,
  ): Promise<Sample[][]> {
    this.#programs ??= this.#compile();
    const programs = await this.#programs;
    const rows = prompts.flatMap(({ seeds }, prompt) => seeds.map((seed, row) => newRow(prompt, row, Rng.of(seed))));
    const first = await this.#readPrompts(programs, weights, prompts);
    let batch = rows;
    const lines = rows.map(({ prompt }) => prompt);
    onDrawn(await draw(programs.draw, prompts, batch, first.logprobs, lines));
    let cache = await this.#select(programs.lines, first.cache, lines);
    for (;;) {
      const alive = [...batch.keys()].filter((line) => batch[line].stopReason === undefined);
      if (alive.length === 0) break;
      if (alive.length <= KEPT_SHARE * batch.length) {
        cache = await this.#select(programs.lines, cache, alive);
        batch = alive.map((line) => batch[line]);
      }
      const next = await this.#step(programs.step, weights, prompts, batch, cache);
      cache = next.cache;
      onDrawn(await draw(programs.draw, prompts, batch, next.logprobs, [...batch.keys()]));
    }
    for (const tensor of cache.values()) tensor.dispose();
    return prompts.map((_, index) => rows.filter(({ prompt }) => prompt === index).map(toSample));
  }

  async #compile(): Promise<Programs> {
    const next = this.#cacheNames.map((name) => `next ${name}`);
    return {
      prompt: await compile(promptGraph(this.#model), this.#runtime, ["logprobs", ...this.#cacheNames]),
      step: await compile(residentStepGraph(this.#model), this.#runtime, ["logprobs", ...next]),
      lines: await compile(linesGraph(), this.#runtime, ["result"]),
      draw: await compile(drawGraph(this.#model.config.vocabularySize), this.#runtime),
    };
  }

  async #readPrompts(
    { prompt: program }: Programs,
    weights: WeightFeeds,
    prompts: readonly ShardPrompt[],
  ): Promise<{ logprobs: Tensor; cache: Cache }> {
    const { config } = this.#model;
    const promptLength = promptWidth(prompts);
    const asked = prompts.map(({ tokens }) => ({ tokens, positions: [tokens.length - 1] }));
    const embedded = await weights.embed(paddedTokens(asked, promptLength));
    const size = { prompts: prompts.length, promptLength, seats: 1, ownLength: 1 };
    const results = await program.runTensors(
      { ...weights.feeds, ...readingFeeds(config, asked, promptLength), embedded },
      { ...stackedLengths(config, size), P: prompts.length },
    );
    embedded.dispose();
    return { logprobs: results.logprobs, cache: new Map(this.#cacheNames.map((name) => [name, results[name]])) };
  }

  /** One more token for each row; the old cache is disposed of. */
  async #step(
    program: Program,
    weights: WeightFeeds,
    prompts: readonly ShardPrompt[],
    batch: readonly Row[],
    cache: Cache,
  ): Promise<{ logprobs: Tensor; cache: Cache }> {
    const embedded = await weights.embed(Int32Array.from(batch, ({ tokens }) => tokens.at(-1) ?? 0));
    const places = BigInt64Array.from(batch, ({ prompt, tokens }) =>
      BigInt(prompts[prompt].tokens.length + tokens.length - 1),
    );
    const results = await program.runTensors({
      ...weights.feeds,
      ...Object.fromEntries(cache),
      embedded,
      position: new Tensor("int64", places, [batch.length, 1]),
      mask: maskOf(prompts, batch),
    });
    for (const tensor of [embedded, ...cache.values()]) tensor.dispose();
    return {
      logprobs: results.logprobs,
      cache: new Map(this.#cacheNames.map((name) => [name, results[`next ${name}`]])),
    };
  }

  /** The cache of these lines; the old one is disposed of. */
  async #select(program: Program, cache: Cache, lines: readonly number[]): Promise<Cache> {
    const selected: Cache = new Map();
    for (const [name, x] of cache) {
      const { result } = await program.runTensors({
        x,
        lines: new Tensor("int32", Int32Array.from(lines), [lines.length]),
      });
      x.dispose();
      selected.set(name, result);
    }
    return selected;
  }
}

/** Draws one token for each row that goes on; disposes of the logprobs. */
async function draw(
  program: Program,
  prompts: readonly ShardPrompt[],
  batch: readonly Row[],
  logprobs: Tensor,
  lines: readonly number[],
): Promise<Drawn> {
  const temperatures = batch.map(({ prompt }) => prompts[prompt].temperature);
  const column = (values: readonly number[]): Tensor =>
    new Tensor("float32", Float32Array.from(values), [values.length, 1]);
  const feeds: Feeds = {
    logprobs,
    lines: new Tensor("int32", Int32Array.from(lines), [lines.length]),
    uniform: column(batch.map(({ rng, prompt }) => (prompts[prompt].temperature === 0 ? 0 : uniform(rng)))),
    inverse: column(temperatures.map((temperature) => (temperature === 0 ? GREEDY_INVERSE : 1 / temperature))),
  };
  const { tokens, drawn } = await program.runTensors(feeds);
  logprobs.dispose();
  let count = 0;
  const finished: Array<Drawn["finished"][number]> = [];
  for (const [index, row] of batch.entries()) {
    if (row.stopReason !== undefined) continue;
    const token = (tokens.data as Int32Array)[index];
    const { stopIds, maxTokens } = prompts[row.prompt];
    row.tokens.push(token);
    row.logprobs.push((drawn.data as Float32Array)[index]);
    if (stopIds.includes(token)) row.stopReason = "stop";
    else if (row.tokens.length >= maxTokens) row.stopReason = "length";
    if (row.stopReason) finished.push({ prompt: row.prompt, row: row.row, sample: toSample(row) });
    count++;
  }
  return { count, finished };
}

function uniform(rng: Rng): number {
  return Math.min(rng.uniform(), LARGEST_UNIFORM);
}

function newRow(prompt: number, row: number, rng: Rng): Row {
  return { prompt, row, rng, tokens: [], logprobs: [], stopReason: undefined };
}

function toSample({ tokens, logprobs, stopReason = "length" }: Row): Sample {
  return { tokens, logprobs: Float32Array.from(logprobs), stopReason };
}

/** S of the shard, whose prompts have one bucket. */
function promptWidth(prompts: readonly ShardPrompt[]): number {
  return promptBucket(prompts[0].tokens.length);
}

/** [B, 1, 1, T + 1]: hides each prompt's padding. Rows of a shard are equally many steps behind their prompts. */
function maskOf(prompts: readonly ShardPrompt[], batch: readonly Row[]): Tensor {
  const width = promptWidth(prompts);
  const steps = Math.max(...batch.map(({ tokens }) => tokens.length));
  const length = width + steps;
  const mask = new Float32Array(batch.length * length);
  for (const [line, { prompt }] of batch.entries()) {
    mask.fill(MASKED, line * length + prompts[prompt].tokens.length, line * length + width);
  }
  return new Tensor("float32", mask, [batch.length, 1, 1, length]);
}
