// The embedded engine: a model folder, trained and sampled on this machine's processor. This side plans: it cuts work
// into batches, hands them to compute workers and puts results back in order. What it cuts does not depend on how many
// workers there are, and sums have one order, so results are the same bits for any number of threads.

import { availableParallelism } from "node:os";
import { basename, resolve } from "node:path";
import { EngineError, ShapeError } from "../../core/errors.js";
import { sum } from "../../core/maths.js";
import type {
  Datum,
  Engine,
  HiddenStateRequest,
  Loss,
  LossOutput,
  ModelInfo,
  OptimStep,
  Sample,
  SampleRequest,
  Tokenizer,
} from "../engine.js";
import { type Layout, layoutOf } from "./decoder/layout.js";
import { lossFields } from "./decoder/losses.js";
import { cutHiddenBatches } from "./hidden-states.js";
import { CONTROL_BYTES, type SharedState, TURN, type WeightSource } from "./jobs.js";
import { type Companions, readCompanions, writeCompanions } from "./model/checkpoint.js";
import { type DecoderConfig, readConfig } from "./model/config.js";
import type { StoredType } from "./model/number-formats.js";
import { readTokenizer } from "./model/tokenizer.js";
import { cutShards } from "./sampling/shards.js";
import { type Batch, type BatchLimits, cutBatches, type Sequence } from "./training/batches.js";
import type { TokenScores, TrainingSequence } from "./training/trainer.js";
import { WorkerPool } from "./worker-pool.js";

export interface EmbeddedOptions {
  /** A model folder in Hugging Face's layout. */
  readonly model: string;
  /** Processor threads to use, all by default; the results' bits do not depend on it. */
  readonly threads?: number;
  /** Tokens of one training batch, padding included. */
  readonly microBatchTokens?: number;
  /** Sequences drawn at once by one worker. */
  readonly samplingRows?: number;
}

/** A model above this many weights is computed by one worker with several threads: copies would cost more. */
const ONE_WORKER_PARAMETERS = 20_000_000;
const DEFAULT_MICRO_BATCH_TOKENS = 1024;
const DEFAULT_SAMPLING_ROWS = 64;
const BATCH_FLOATS = 8_000_000;

/** @throws EngineError naming the file, key or tensor that cannot be used */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const folder = resolve(options.model);
  const config = readConfig(folder);
  const tokenizer = readTokenizer(folder);
  if (tokenizer.vocabularySize > config.vocabularySize) {
    throw new EngineError(
      `${folder}: tokenizer.json has ids up to ${tokenizer.vocabularySize - 1}, ` +
        `config.json a vocab_size of ${config.vocabularySize}: they belong to different models`,
    );
  }
  const engine = new EmbeddedEngine(config, tokenizer, options);
  try {
    await engine.start();
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

export class EmbeddedEngine implements Engine {
  readonly model: ModelInfo;
  readonly capabilities: Engine["capabilities"];
  readonly #config: DecoderConfig;
  readonly #layout: Layout;
  readonly #companions: Companions;
  readonly #folder: string;
  readonly #limits: BatchLimits;
  readonly #samplingRows: number;
  readonly #state: SharedState;
  readonly #workers: number;
  readonly #pool: WorkerPool;
  #reference: SharedArrayBuffer | undefined;
  #version = 0;
  #steps = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(config: DecoderConfig, tokenizer: Tokenizer, options: EmbeddedOptions) {
    this.#config = config;
    this.#layout = layoutOf(config);
    this.#folder = resolve(options.model);
    this.#companions = readCompanions(this.#folder);
    this.#limits = { tokens: options.microBatchTokens ?? DEFAULT_MICRO_BATCH_TOKENS, floats: BATCH_FLOATS };
    const mostRows = Math.max(1, Math.floor(BATCH_FLOATS / config.vocabularySize));
    this.#samplingRows = Math.min(options.samplingRows ?? DEFAULT_SAMPLING_ROWS, mostRows);
    const memory = (): SharedArrayBuffer => new SharedArrayBuffer(this.#layout.length * 4);
    this.#state = {
      weights: memory(),
      gradient: memory(),
      firstMoment: memory(),
      secondMoment: memory(),
      control: new SharedArrayBuffer(CONTROL_BYTES),
    };
    this.model = {
      name: basename(this.#folder),
      contextLength: config.contextLength,
      tokenizer,
      parameters: this.#layout.parameters,
    };
    const hiddenStates = { layers: config.layers, size: config.hiddenSize };
    this.capabilities = { dualClip: true, kl: true, entropy: true, hiddenStates };
    const threads = options.threads ?? availableParallelism();
    this.#workers = this.#layout.parameters > ONE_WORKER_PARAMETERS ? 1 : threads;
    this.#pool = new WorkerPool(this.#workers, { config, state: this.#state, threads: threads / this.#workers });
  }

  /** Reads the weights; nothing else may be called before. */
  async start(): Promise<void> {
    await this.#pool.run("load", { folder: this.#folder, optimizer: false });
  }

  sample(requests: readonly SampleRequest[], onTokens?: (count: number) => void): Promise<Sample[][]> {
    return this.#exclusive(async () => {
      for (const [index, { prompt }] of requests.entries()) checkTokens(`request ${index}`, prompt, this.#config);
      const source = this.#policy();
      let drawn = 0;
      const report = (count: number): void => {
        drawn += count;
        onTokens?.(drawn);
      };
      const results: Sample[][] = requests.map(() => []);
      const { endIds } = this.model.tokenizer;
      const shards = cutShards(requests, {
        rows: this.#samplingRows,
        workers: this.#workers,
        contextLength: this.#config.contextLength,
        endIds,
      });
      await Promise.all(
        shards.map(async ({ prompts, places }) => {
          const samples = await this.#pool.run("sample", { source, prompts }, report);
          for (const [index, { request, first }] of places.entries()) {
            for (const [offset, sample] of samples[index].entries()) results[request][first + offset] = sample;
          }
        }),
      );
      return results;
    });
  }

  logprobs(sequences: readonly Sequence[], weights: "policy" | "reference" = "policy"): Promise<Float32Array[]> {
    return this.#exclusive(async () => {
      const reference = weights === "reference" ? this.#reference : undefined;
      const source = reference ? { name: "reference" as const, memory: reference, version: 0 } : this.#policy();
      const scores = await this.#score(sequences, source);
      return scores.map(({ logprobs }) => logprobs);
    });
  }

  hiddenStates(sequences: readonly HiddenStateRequest[], layers: readonly number[]): Promise<Float32Array[][]> {
    return this.#exclusive(async () => {
      checkHiddenStates(sequences, layers, this.#config);
      const source = this.#policy();
      const results: Float32Array[][] = [];
      const batches = cutHiddenBatches(sequences, this.#limits.tokens);
      await Promise.all(
        batches.map(async (batch) => {
          const wanted = batch.map((index) => sequences[index]);
          const states = await this.#pool.run("hiddenStates", { source, sequences: wanted, layers });
          for (const [row, index] of batch.entries()) results[index] = states[row];
        }),
      );
      return results;
    });
  }

  forwardBackward(datums: readonly Datum[], loss: Loss): Promise<LossOutput> {
    return this.#exclusive(async () => {
      const items = datums.map((datum, index) => trainingSequence(datum, loss, index));
      this.#check(items);
      const live = items.map((item) => hasGradient(item, loss));
      const source = this.#policy();
      const at = (wanted: boolean): number[] => [...items.keys()].filter((index) => live[index] === wanted);
      const logprobs: Float32Array[] = [];
      const entropies: Float32Array[] = [];
      const losses: Float32Array[] = [];
      const training = this.#cut(items, at(true));
      new Int32Array(this.#state.control)[TURN] = 0;
      const jobs = training.map(async (batch, turn) => {
        const scores = await this.#pool.run("gradient", { source, batch: select(batch, items), loss, turn });
        for (const [row, index] of batch.groups.flat().entries()) {
          logprobs[index] = scores[row].logprobs;
          entropies[index] = scores[row].entropies;
          losses[index] = scores[row].losses;
        }
      });
      const rest = at(false);
      const scored = this.#score(
        rest.map((index) => items[index]),
        source,
      );
      const outcomes = await Promise.allSettled([...jobs, scored]);
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed) {
        new Float32Array(this.#state.gradient).fill(0);
        throw failed.reason;
      }
      for (const [row, { logprobs: known, entropies: entropy }] of (await scored).entries()) {
        logprobs[rest[row]] = known;
        entropies[rest[row]] = entropy;
      }
      return { loss: sum(losses.map((tokens) => (tokens ? sum(tokens) : 0))), logprobs, entropies };
    });
  }

  optimStep(options: OptimStep): Promise<{ readonly gradientNorm: number }> {
    return this.#exclusive(async () => {
      this.#keepReference();
      const gradientNorm = await this.#pool.run("optimStep", { options, step: this.#steps + 1 });
      this.#steps++;
      this.#version++;
      return { gradientNorm };
    });
  }

  /** @param options.type  how the weights are stored; BF16 and F16 halve the file and round the weights */
  save(folder: string, options: { readonly optimizer: boolean; readonly type?: StoredType }): Promise<void> {
    return this.#exclusive(async () => {
      const type = options.type ?? "F32";
      writeCompanions(folder, this.#companions, type);
      await this.#pool.run("save", { folder, type, step: options.optimizer ? this.#steps : undefined });
    });
  }

  load(folder: string, options: { readonly optimizer: boolean }): Promise<void> {
    return this.#exclusive(async () => {
      if (JSON.stringify(readConfig(folder)) !== JSON.stringify(this.#config)) {
        throw new EngineError(`${folder}: its config.json describes another model than ${this.#folder}`);
      }
      this.#keepReference();
      this.#steps = await this.#pool.run("load", { folder, optimizer: options.optimizer });
      if (!options.optimizer) {
        new Float32Array(this.#state.firstMoment).fill(0);
        new Float32Array(this.#state.secondMoment).fill(0);
      }
      new Float32Array(this.#state.gradient).fill(0);
      this.#version++;
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** One call at a time: a step must not change weights that a sample is drawn from. */
  #exclusive<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  #policy(): WeightSource {
    return { name: "policy", memory: this.#state.weights, version: this.#version };
  }

  /** The frozen starting weights take memory only once the policy leaves them. */
  #keepReference(): void {
    if (this.#reference) return;
    this.#reference = new SharedArrayBuffer(this.#layout.length * 4);
    new Float32Array(this.#reference).set(new Float32Array(this.#state.weights));
  }

  async #score(sequences: readonly Sequence[], source: WeightSource): Promise<TokenScores[]> {
    this.#check(sequences);
    const results: TokenScores[] = [];
    const bare = sequences.map(({ prompt, completion }) => ({ prompt, completion }));
    const batches = this.#cut(bare, [...bare.keys()]);
    await Promise.all(
      batches.map(async (batch) => {
        const scores = await this.#pool.run("logprobs", { source, batch: select(batch, bare) });
        for (const [row, index] of batch.groups.flat().entries()) results[index] = scores[row];
      }),
    );
    return results;
  }

  #cut(sequences: readonly Sequence[], wanted: readonly number[]): Array<Batch<number>> {
    return cutBatches(sequences, wanted, this.#limits, this.#config);
  }

  #check(sequences: readonly Sequence[]): void {
    for (const [index, { prompt, completion }] of sequences.entries()) {
      checkTokens(`sequence ${index}`, [...prompt, ...completion], this.#config);
      if (prompt.length === 0)
        throw new ShapeError(`sequence ${index}: its prompt is empty; it needs a token to start from`);
      if (completion.length === 0) throw new ShapeError(`sequence ${index}: its completion is empty`);
      const length = prompt.length + completion.length;
      if (length > this.#config.contextLength) {
        throw new EngineError(
          `sequence ${index}: ${length} tokens, the model's context is ${this.#config.contextLength}`,
        );
      }
    }
  }
}

function checkTokens(where: string, tokens: readonly number[], { vocabularySize }: DecoderConfig): void {
  const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
  if (wrong !== undefined)
    throw new EngineError(`${where}: token id ${wrong} is not in the vocabulary of ${vocabularySize}`);
}

/** @throws EngineError, ShapeError naming the sequence or layer */
function checkHiddenStates(
  sequences: readonly HiddenStateRequest[],
  layers: readonly number[],
  config: DecoderConfig,
): void {
  const layer = layers.find((wanted) => !Number.isInteger(wanted) || wanted < 0 || wanted > config.layers);
  if (layer !== undefined) throw new EngineError(`layer ${layer}: the model has layers 0 to ${config.layers}`);
  if (layers.length === 0) throw new ShapeError("no layer is asked for");
  for (const [index, { tokens, positions }] of sequences.entries()) {
    checkTokens(`sequence ${index}`, tokens, config);
    if (tokens.length > config.contextLength) {
      throw new EngineError(
        `sequence ${index}: ${tokens.length} tokens, the model's context is ${config.contextLength}`,
      );
    }
    const outside = positions.find((at) => !Number.isInteger(at) || at < 0 || at >= tokens.length);
    if (outside !== undefined || tokens.length === 0) {
      throw new ShapeError(`sequence ${index}: position ${outside ?? "?"} is not among its ${tokens.length} tokens`);
    }
  }
}

function trainingSequence(datum: Datum, loss: Loss, index: number): TrainingSequence {
  const { prompt, completion, weights } = datum;
  const check = (name: string, values: Float32Array | undefined): Float32Array => {
    if (values?.length === completion.length) return values;
    const found = values ? `${values.length} values` : "nothing";
    throw new ShapeError(`datum ${index}: ${name}: expected ${completion.length} values, found ${found}`);
  };
  const fields = Object.fromEntries(lossFields(loss).map((field) => [field, check(field, datum[field])]));
  return { prompt, completion, weights: check("weights", weights), fields };
}

/** False where the gradient is exactly zero, so that only logprobs are computed. */
function hasGradient({ weights, fields }: TrainingSequence, loss: Loss): boolean {
  const { advantages } = fields;
  const onlyAdvantages = loss.kind === "policy" && loss.klCoefficient <= 0;
  return weights.some((weight, index) => weight !== 0 && !(onlyAdvantages && advantages?.[index] === 0));
}

function select<Item>(batch: Batch<number>, items: readonly Item[]): Batch<Item> {
  return { ...batch, groups: batch.groups.map((group) => group.map((index) => items[index])) };
}
