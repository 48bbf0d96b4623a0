// Draws completions for a shard of requests. Rows of one prompt share its keys and values, finished rows leave the
// batch at once, and a row's numbers do not depend on the other rows of the shard. It lives in a compute worker.

import { Tensor } from "onnxruntime-node";
import { Rng } from "../../../core/rng.js";
import type { Sample, Tokenizer } from "../../engine.js";
import type { Model } from "../decoder/graphs.js";
import type { Program, Runtime } from "../graph/program.js";
import { type LoadedWeights, PADDING } from "../weights.js";
import { drawToken } from "./draw.js";
import { type CachedRow, KeyValueCache } from "./key-value-cache.js";
import { LEAST_ROWS, PromptPass } from "./prompt-pass.js";
import { StepPrograms } from "./step-programs.js";
import { endsHere } from "./stop-texts.js";

export interface ShardPrompt {
  readonly tokens: readonly number[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** 1, the default, keeps all. */
  readonly topP?: number | undefined;
  /** One for each sequence to draw. */
  readonly seeds: readonly string[];
  /** Every id that ends a sequence. */
  readonly stopIds: readonly number[];
  /** Texts that end a sequence; none by default. */
  readonly stop?: readonly string[] | undefined;
}

/** What one step gave. */
export interface Drawn {
  /** Tokens. */
  readonly count: number;
  /** Rows that it ended, each at its place among its prompt's. */
  readonly finished: ReadonlyArray<{ readonly prompt: number; readonly row: number; readonly sample: Sample }>;
}

interface Row {
  readonly prompt: ShardPrompt;
  readonly place: { readonly prompt: number; readonly row: number };
  readonly cached: CachedRow;
  readonly rng: Rng;
  readonly tokens: number[];
  readonly logprobs: number[];
  stopReason: Sample["stopReason"] | undefined;
}

export class Sampler {
  readonly #model: Model;
  readonly #promptPass: PromptPass;
  readonly #stepPrograms: StepPrograms;
  #cache: KeyValueCache;
  /** Each cache reserves gigabytes of addresses: an unused one is kept. */
  #used = false;
  readonly #openTokenizer: () => Tokenizer;
  #tokenizer: Tokenizer | undefined;

  /** @param openTokenizer  only where texts end a sequence: it takes time and memory */
  constructor(model: Model, runtime: Runtime, openTokenizer: () => Tokenizer) {
    this.#openTokenizer = openTokenizer;
    this.#model = model;
    this.#promptPass = new PromptPass(model, runtime);
    this.#stepPrograms = new StepPrograms(model, runtime);
    this.#cache = new KeyValueCache(model.config);
  }

  /** @param onDrawn  called after each step */
  async sample(
    weights: LoadedWeights,
    prompts: readonly ShardPrompt[],
    onDrawn: (drawn: Drawn) => void,
  ): Promise<Sample[][]> {
    const programs = await this.#stepPrograms.of(weights);
    const rowCount = prompts.reduce((count, { seeds }) => count + seeds.length, 0);
    this.#used = true;
    this.#cache.reset(
      Math.max(rowCount, LEAST_ROWS),
      Math.max(...prompts.map(({ tokens, maxTokens }) => tokens.length + maxTokens)),
    );
    const rows = await this.#begin(weights, prompts);
    let alive = rows.flat();
    for (;;) {
      const ended = alive.filter(({ stopReason }) => stopReason);
      onDrawn({ count: alive.length, finished: ended.map((row) => ({ ...row.place, sample: toSample(row) })) });
      for (const { cached } of ended) this.#cache.release(cached);
      alive = alive.filter(({ stopReason }) => !stopReason);
      if (alive.length === 0) break;
      const probabilities = await this.#step(programs, weights, alive);
      const size = this.#model.config.vocabularySize;
      for (const [index, row] of alive.entries()) {
        this.#extend(row, probabilities.subarray(index * size, (index + 1) * size));
      }
    }
    return rows.map((ofPrompt) => ofPrompt.map(toSample));
  }

  /** Gives back what sampling holds between two calls: packed weights and the cache. */
  async release(): Promise<void> {
    await this.#stepPrograms.release();
    if (this.#used) this.#cache = new KeyValueCache(this.#model.config);
    this.#used = false;
  }

  /** Reads the prompts and draws the first token of each row. */
  async #begin(weights: LoadedWeights, prompts: readonly ShardPrompt[]): Promise<Row[][]> {
    const asked = prompts.map(({ tokens, seeds }) => ({ tokens, rows: seeds.length }));
    const read = await this.#promptPass.read(weights, asked, this.#cache);
    return read.map(({ probabilities, rows: cached }, index) => {
      const rows = prompts[index].seeds.map((seed, row) =>
        newRow(prompts[index], { prompt: index, row }, cached[row], Rng.of(seed)),
      );
      for (const row of rows) this.#extend(row, probabilities);
      return rows;
    });
  }

  /** Draws a row's next token. */
  #extend(row: Row, probabilities: Float32Array): void {
    const { temperature, topP, stopIds, maxTokens } = row.prompt;
    const token = drawToken(probabilities, temperature, row.rng.uniform(), topP);
    row.tokens.push(token);
    row.logprobs.push(Math.log(probabilities[token]));
    if (stopIds.includes(token) || this.#endsInText(row)) row.stopReason = "stop";
    else if (row.tokens.length >= maxTokens) row.stopReason = "length";
  }

  #endsInText({ tokens, prompt: { stop = [] } }: Row): boolean {
    if (stop.length === 0) return false;
    this.#tokenizer ??= this.#openTokenizer();
    return endsHere(tokens, stop, this.#tokenizer);
  }

  /** One more token for each row: [B, V], what it may be. */
  async #step(programs: readonly Program[], weights: LoadedWeights, alive: readonly Row[]): Promise<Float32Array> {
    const { hiddenSize, heads, headSize } = this.#model.config;
    const count = Math.max(alive.length, LEAST_ROWS);
    const tensor = (data: Float32Array, width: number): Tensor => new Tensor("float32", data, [count, width]);
    const feeds = { ...weights.feeds, position: positions(alive, count) };
    let stream = await weights.embed(lastTokens(alive, count));
    let outputs = await programs[0].run({ ...feeds, stream });
    this.#cache.beginToken(alive.map(({ cached }) => cached));
    for (const [layer, program] of programs.slice(1).entries()) {
      if (layer > 0) stream = tensor(outputs("next stream"), hiddenSize);
      const [query, keys, values] = [outputs("query"), outputs("keys"), outputs("values")];
      const read = tensor(this.#cache.attend(layer, { query, keys, values }), heads * headSize);
      outputs = await program.run({ ...feeds, stream, read });
    }
    return outputs("probabilities");
  }
}

function newRow(prompt: ShardPrompt, place: Row["place"], cached: CachedRow, rng: Rng): Row {
  return { prompt, place, cached, rng, tokens: [], logprobs: [], stopReason: undefined };
}

function toSample({ tokens, logprobs, stopReason = "length" }: Row): Sample {
  return { tokens, logprobs: Float32Array.from(logprobs), stopReason };
}

/** [B] that each row reads next. */
function lastTokens(alive: readonly Row[], count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => alive[index]?.tokens.at(-1) ?? PADDING);
}

/** [B, 1] of the token that each row reads. */
function positions(alive: readonly Row[], count: number): Tensor {
  const position = new BigInt64Array(count);
  for (const [index, { cached }] of alive.entries()) position[index] = BigInt(cached.length);
  return new Tensor("int64", position, [count, 1]);
}
