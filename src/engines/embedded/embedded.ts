// The embedded engine: a model folder, trained and sampled on this machine. This side plans: it cuts work
// into batches, hands them to compute workers and puts results back in order. What it cuts does not depend on how many
// workers there are, and sums have one order, so results are the same bits for any number of threads.

import { basename, resolve } from "node:path";
import { klEstimators } from "../../algorithms/kl.js";
import { objectives } from "../../algorithms/policy-loss.js";
import { DivergenceError, EngineError } from "../../core/errors.js";
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
  SampleEvent,
  SampleRequest,
  Tokenizer,
} from "../engine.js";
import { type Layout, layoutOf } from "./decoder/layout.js";
import { trainedLayout } from "./decoder/weight-inputs.js";
import type { Device } from "./devices.js";
import { cutHiddenBatches } from "./hidden-states.js";
import { CONTROL_BYTES, TURN, type WeightSource } from "./jobs.js";
import { newSharedState, stampOf } from "./memory.js";
import type { MemoryPlan } from "./memory-model.js";
import { type Companions, readCompanions, writeCompanions } from "./model/checkpoint.js";
import { type DecoderConfig, readConfig } from "./model/config.js";
import type { StoredType } from "./model/number-formats.js";
import { readTokenizer } from "./model/tokenizer.js";
import { type EmbeddedOptions, planEmbedded } from "./options.js";
import { checkHiddenStates, checkSequences, checkTokens, hasGradient, trainingSequence } from "./requests.js";
import { mostRows } from "./sampling/key-value-cache.js";
import { cutShards } from "./sampling/shards.js";
import { tinyConfig } from "./self-test/tiny-model.js";
import { cutBatches, pickBatch, type Sequence } from "./training/batches.js";
import { type Stretch, stretches } from "./training/optimizer.js";
import type { TokenScores } from "./training/trainer.js";
import { type Placement, placementText } from "./webgpu/placement.js";
import { WorkerPool } from "./worker-pool.js";

/** What the self-tests of this process found, by device and tiny model. */
const tested = new Map<string, Placement | null>();

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
  readonly model: ModelInfo & { readonly parameters: number; readonly trainedParameters: number };
  readonly capabilities: Engine["capabilities"];
  readonly #device: Device;
  readonly #config: DecoderConfig;
  readonly #layout: Layout;
  readonly #companions: Companions;
  readonly #folder: string;
  readonly #plan: MemoryPlan;
  readonly #seed: string | number;
  readonly #control = new SharedArrayBuffer(CONTROL_BYTES);
  readonly #pool: WorkerPool;
  /** Of what is trained, one for each worker. */
  readonly #stretches: readonly Stretch[];
  #placement: Placement | null = null;
  #version = 0;
  #steps = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(config: DecoderConfig, tokenizer: Tokenizer, options: EmbeddedOptions) {
    this.#device = options.device ?? "cpu";
    this.#config = config;
    this.#layout = layoutOf(config);
    this.#folder = resolve(options.model);
    this.#companions = readCompanions(this.#folder);
    const { lora = null } = options;
    this.#seed = lora?.seed ?? 0;
    const { model, plan } = planEmbedded(config, options);
    this.#plan = plan;
    const trained = trainedLayout(model);
    this.model = {
      name: basename(this.#folder),
      contextLength: config.contextLength,
      tokenizer,
      parameters: this.#layout.parameters,
      trainedParameters: trained.parameters,
    };
    const hiddenStates = { layers: config.layers, size: config.hiddenSize };
    this.capabilities = {
      objectives,
      dualClip: true,
      klEstimators,
      reference: true,
      entropy: true,
      gradientNorm: true,
      untemperedLogprobs: true,
      topP: this.#device === "cpu",
      concurrent: false,
      hiddenStates,
    };
    const { workers, threads } = plan;
    this.#stretches = stretches(trained.length, workers);
    this.#pool = new WorkerPool(workers, {
      config,
      device: this.#device,
      folder: this.#folder,
      stamp: stampOf(this.#folder),
      lora,
      state: workers > 1 ? newSharedState(trained.length) : undefined,
      control: this.#control,
      threads,
    });
  }

  /** As a run's records have it: "cpu", or "webgpu: 0 of 879 nodes run on the CPU". */
  get device(): string {
    return this.#placement ? `${this.#device}: ${placementText(this.#placement)}` : this.#device;
  }

  /** Tests the device, once a process, and reads the weights; nothing else may be called before. */
  async start(): Promise<void> {
    const key = JSON.stringify([this.#device, tinyConfig(this.#config)]);
    const known = tested.get(key);
    this.#placement = known === undefined ? await this.#pool.run("selfTest", {}) : known;
    tested.set(key, this.#placement);
    await this.#pool.run("start", { seed: this.#seed });
  }

  sample(requests: readonly SampleRequest[], onEvent?: (event: SampleEvent) => void): Promise<Sample[][]> {
    return this.#exclusive(async () => {
      for (const [index, { prompt, topP = 1 }] of requests.entries()) {
        checkTokens(`request ${index}`, prompt, this.#config);
        if (topP < 1 && !this.capabilities.topP)
          throw new EngineError(`request ${index}: topP ${topP} is not to be had on ${this.#device}; use the cpu`);
      }
      const version = this.#version;
      let tokens = 0;
      const results: Sample[][] = requests.map(() => []);
      const { endIds } = this.model.tokenizer;
      const shards = cutShards(requests, {
        rows: this.#samplingRows(requests),
        workers: this.#plan.workers,
        bucketed: this.#device !== "cpu",
        contextLength: this.#config.contextLength,
        endIds,
      });
      await Promise.all(
        shards.map(async ({ prompts, places }) => {
          const samples = await this.#pool.run("sample", { version, prompts }, ({ count, finished }) => {
            tokens += count;
            onEvent?.({ kind: "tokens", count: tokens });
            for (const { prompt, row, sample } of finished) {
              const { request, first } = places[prompt];
              onEvent?.({ kind: "finished", request, sequence: first + row, sample });
            }
          });
          for (const [index, { request, first }] of places.entries()) {
            for (const [offset, sample] of samples[index].entries()) {
              checkFinite(`request ${request}`, sample.logprobs);
              results[request][first + offset] = sample;
            }
          }
        }),
      );
      return results;
    });
  }

  /** The processor's cache of a shard has a limit of its own. */
  #samplingRows(requests: readonly SampleRequest[]): number {
    const { samplingRows } = this.#plan;
    if (this.#device !== "cpu") return samplingRows;
    const longest = Math.max(...requests.map(({ prompt, maxTokens }) => prompt.length + maxTokens));
    return Math.min(samplingRows, mostRows(this.#config, Math.min(longest, this.#config.contextLength)));
  }

  logprobs(sequences: readonly Sequence[], weights: "policy" | "reference" = "policy"): Promise<Float32Array[]> {
    return this.#exclusive(async () => {
      const source = weights === "reference" ? ({ kind: "reference" } as const) : this.#policy();
      const scores = await this.#score(sequences, source);
      return scores.map(({ logprobs }) => logprobs);
    });
  }

  hiddenStates(sequences: readonly HiddenStateRequest[], layers: readonly number[]): Promise<Float32Array[][]> {
    return this.#exclusive(async () => {
      checkHiddenStates(sequences, layers, this.#config);
      const results: Float32Array[][] = [];
      const batches = cutHiddenBatches(sequences, this.#plan.limits.tokens);
      await Promise.all(
        batches.map(async (batch) => {
          const wanted = batch.map((index) => sequences[index]);
          const states = await this.#pool.run("hiddenStates", { version: this.#version, sequences: wanted, layers });
          for (const [row, index] of batch.entries()) results[index] = states[row];
        }),
      );
      return results;
    });
  }

  forwardBackward(
    datums: readonly Datum[],
    loss: Loss,
  ): Promise<LossOutput & { readonly entropies: readonly Float32Array[] }> {
    return this.#exclusive(async () => {
      const items = datums.map((datum, index) => trainingSequence(datum, loss, index));
      checkSequences(items, this.#config);
      const live = items.map((item) => hasGradient(item, loss));
      const at = (wanted: boolean): number[] => [...items.keys()].filter((index) => live[index] === wanted);
      const logprobs: Float32Array[] = [];
      const entropies: Float32Array[] = [];
      const losses: Float32Array[] = [];
      const training = cutBatches(items, at(true), this.#plan.limits);
      new Int32Array(this.#control)[TURN] = 0;
      const jobs = training.map(async (batch, turn) => {
        const scores = await this.#pool.run("gradient", {
          version: this.#version,
          batch: pickBatch(batch, items),
          loss,
          turn,
        });
        for (const [row, index] of batch.groups.flat().entries()) {
          logprobs[index] = scores[row].logprobs;
          entropies[index] = scores[row].entropies;
          losses[index] = scores[row].losses;
        }
      });
      const rest = at(false);
      const scored = this.#score(
        rest.map((index) => items[index]),
        this.#policy(),
      );
      const outcomes = await Promise.allSettled([...jobs, scored]);
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed) {
        await this.#pool.run("clear", {});
        throw failed.reason;
      }
      for (const [row, { logprobs: known, entropies: entropy }] of (await scored).entries()) {
        logprobs[rest[row]] = known;
        entropies[rest[row]] = entropy;
      }
      // Those without a gradient have none, and map would leave holes for them.
      return { loss: sum(Array.from(losses, (tokens) => (tokens ? sum(tokens) : 0))), logprobs, entropies };
    });
  }

  /** @throws DivergenceError where the gradient is not finite; only the gradient has changed then, which is cleared */
  optimStep(options: OptimStep): Promise<{ readonly gradientNorm: number }> {
    return this.#exclusive(async () => {
      const step = this.#steps + 1;
      const each = <Result>(run: (stretch: Stretch) => Promise<Result>): Promise<Result[]> =>
        Promise.all(this.#stretches.map(run));
      const squares = await each((stretch) => this.#pool.run("squares", { stretch }));
      const norm = Math.sqrt(sum(squares.flat()));
      if (!Number.isFinite(norm)) {
        await this.#pool.run("clear", {});
        throw new DivergenceError(
          `the gradient's norm is ${norm} at optimizer step ${step}: the weights were left as they are; lower the learning rate`,
        );
      }
      await each((stretch) => this.#pool.run("optimStep", { stretch, adam: { options, step, norm } }));
      this.#steps = step;
      this.#version++;
      return { gradientNorm: norm };
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
      this.#steps = await this.#pool.run("load", { folder, optimizer: options.optimizer });
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
    return { kind: "policy", version: this.#version };
  }

  async #score(sequences: readonly Sequence[], source: WeightSource): Promise<TokenScores[]> {
    checkSequences(sequences, this.#config);
    const results: TokenScores[] = [];
    const bare = sequences.map(({ prompt, completion }) => ({ prompt, completion }));
    const batches = cutBatches(bare, [...bare.keys()], this.#plan.limits);
    await Promise.all(
      batches.map(async (batch) => {
        const scores = await this.#pool.run("logprobs", { source, batch: pickBatch(batch, bare) });
        for (const [row, index] of batch.groups.flat().entries()) results[index] = scores[row];
      }),
    );
    for (const [index, { logprobs }] of results.entries()) checkFinite(`sequence ${index}`, logprobs);
    return results;
  }
}

/** @throws DivergenceError where the model gave no probabilities */
function checkFinite(where: string, logprobs: Float32Array): void {
  const wrong = logprobs.find((logprob) => !Number.isFinite(logprob));
  if (wrong === undefined) return;
  throw new DivergenceError(
    `${where}: a token's logprob is ${wrong}: the weights hold numbers that are not finite or far too large; ` +
      "take another checkpoint, or train with a lower learning rate",
  );
}
