// Runs batches of whole sequences: gradients of a loss, or logprobs alone. It lives in a compute worker, keeps one
// program for each loss, and owns no weights.

import { Tensor } from "onnxruntime-node";
import type { Loss } from "../../engine.js";
import { type BlockCounts, causalMask, MASKED, stackedLengths } from "../decoder/attention.js";
import { EMBEDDED_GRADIENT, gradientName, logprobGraph, lossGraph, type Model } from "../decoder/graphs.js";
import { type LossField, lossFields, readsSequences } from "../decoder/losses.js";
import { trainedTensors } from "../decoder/weight-inputs.js";
import { compile, type Feeds, type Program, type Runtime } from "../graph/program.js";
import { embeddingRow, PADDING, type WeightFeeds } from "../weights.js";
import { type Batch, blockCounts, promptBlocks, type Sequence, seatsOf } from "./batches.js";
import { pack, sequenceFeeds, unpack } from "./packing.js";

/** A sequence with what the loss reads of it, [completion] each. */
export interface TrainingSequence extends Sequence {
  readonly weights: Float32Array;
  readonly fields: Readonly<Partial<Record<LossField, Float32Array>>>;
}

/** Of one sequence, [completion] each. */
export interface TokenScores {
  readonly logprobs: Float32Array;
  readonly entropies: Float32Array;
}

export interface TokenLosses extends TokenScores {
  /** The token's loss times its weight. */
  readonly losses: Float32Array;
}

/** Takes a piece of the gradient: where in the flat array it starts, and its numbers. */
export type AddGradient = (offset: number, gradient: Float32Array) => void;

export interface BatchGradient {
  /** One a sequence, in the order of `batch.groups.flat()`. */
  readonly losses: TokenLosses[];
  /** Of each trained weight that has one, by its name. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** [M] the tokens that were read, {@link PADDING} among them. */
  readonly tokens: Int32Array;
  /** [M, D] of their embeddings; undefined where these are not trained. */
  readonly rows: Tensor | undefined;
}

interface LossProgram {
  readonly program: Program;
  readonly weights: readonly string[];
}

export class Trainer {
  readonly #model: Model;
  readonly #runtime: Runtime;
  readonly #losses = new Map<string, Promise<LossProgram>>();
  readonly #scores = new Map<string, Promise<Program>>();
  readonly #masks = new Map<string, Tensor>();

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** One result a sequence, in the order of `batch.groups.flat()`. */
  async logprobs(weights: WeightFeeds, batch: Batch<Sequence>): Promise<TokenScores[]> {
    const program = await this.#scoreProgram(blockCounts(batch));
    const tokens = placedTokens(batch);
    const embedded = await weights.embed(tokens.ids);
    const feeds = { ...weights.feeds, ...this.#feeds(tokens, batch), embedded };
    const outputs = await program.run(feeds, this.#lengths(batch));
    embedded.dispose();
    const [logprobs, entropies] = ["logprobs", "entropies"].map((name) => unpack(outputs(name), batch.groups.flat()));
    return logprobs.map((_, index) => ({ logprobs: logprobs[index], entropies: entropies[index] }));
  }

  async gradient(
    weights: WeightFeeds,
    batch: Batch<TrainingSequence>,
    loss: Loss,
    add: AddGradient,
  ): Promise<TokenLosses[]> {
    const { losses, weights: gradients, tokens, rows } = await this.gradientTensors(weights, batch, loss);
    for (const { name, offset } of trainedTensors(this.#model)) {
      const gradient = gradients.get(name);
      if (gradient) add(offset, gradient.data as Float32Array);
    }
    if (!rows) return losses;
    const { hiddenSize } = this.#model.config;
    for (const [row, token] of tokens.entries()) {
      if (token === PADDING) continue;
      const gradient = (rows.data as Float32Array).subarray(row * hiddenSize, (row + 1) * hiddenSize);
      add(embeddingRow(this.#model, token), gradient);
    }
    return losses;
  }

  /** The gradient as tensors, which are the caller's to dispose of where the runtime leaves them on a device. */
  async gradientTensors(weights: WeightFeeds, batch: Batch<TrainingSequence>, loss: Loss): Promise<BatchGradient> {
    const { program, weights: names } = await this.#lossProgram(loss, blockCounts(batch), batch.recompute);
    const sequences = batch.groups.flat();
    const tokens = placedTokens(batch);
    const embedded = await weights.embed(tokens.ids);
    const feeds: Feeds = { ...weights.feeds, ...this.#feeds(tokens, batch), embedded };
    feeds.tokenWeights = pack(sequences, (sequence) => sequence.weights);
    for (const field of lossFields(loss)) {
      feeds[field] = pack(sequences, (sequence) => sequence.fields[field] ?? new Float32Array());
    }
    if (readsSequences(loss)) Object.assign(feeds, sequenceFeeds(sequences));
    const results = await program.runTensors(feeds, this.#lengths(batch));
    embedded.dispose();
    const [losses, logprobs, entropies] = ["losses", "logprobs", "entropies"].map((name) =>
      unpack(results[name].data as Float32Array, sequences),
    );
    const found = names.filter((name) => gradientName(name) in results);
    return {
      losses: losses.map((_, index) => ({
        losses: losses[index],
        logprobs: logprobs[index],
        entropies: entropies[index],
      })),
      weights: new Map(found.map((name) => [name, results[gradientName(name)]])),
      tokens: tokens.ids,
      rows: results[EMBEDDED_GRADIENT],
    };
  }

  #scoreProgram(counts: BlockCounts): Promise<Program> {
    const key = JSON.stringify(counts);
    const known = this.#scores.get(key) ?? compile(logprobGraph(this.#model, counts), this.#runtime);
    this.#scores.set(key, known);
    return known;
  }

  #lossProgram(loss: Loss, counts: BlockCounts, recompute: boolean): Promise<LossProgram> {
    const key = JSON.stringify([loss, counts, recompute]);
    let known = this.#losses.get(key);
    if (!known) {
      const { graph, weights } = lossGraph(this.#model, loss, counts, recompute);
      const resident = [EMBEDDED_GRADIENT, ...weights.map(gradientName)];
      known = compile(graph, this.#runtime, resident).then((program) => ({ program, weights }));
      this.#losses.set(key, known);
    }
    return known;
  }

  #lengths(batch: Batch<unknown>): Record<string, number> {
    const { groups, promptLength, ownLength } = batch;
    const seats = seatsOf(batch);
    const sizes = { prompts: groups.length, promptLength, seats, ownLength };
    return { ...stackedLengths(this.#model.config, sizes, promptBlocks(batch)), P: groups.length, R: seats };
  }

  /** What every batch feeds beside its embedded tokens, by the names in graphs.ts. */
  #feeds({ ids, places }: PlacedTokens, batch: Batch<Sequence>): Feeds {
    const { promptLength, ownLength } = batch;
    return {
      ...pickFeeds(batch),
      ...(ownLength === 0 ? {} : this.#ownMasks(batch)),
      position: new Tensor("int64", places, [ids.length, 1]),
      promptCausal: this.#causal(promptLength, promptLength / promptBlocks(batch)),
    };
  }

  #ownMasks({ groups, promptLength, ownLength }: Batch<Sequence>): Feeds {
    const mask = new Float32Array(groups.length * promptLength);
    for (const [index, [{ prompt }]] of groups.entries()) {
      mask.fill(MASKED, index * promptLength + prompt.length, (index + 1) * promptLength);
    }
    return {
      ownCausal: this.#causal(ownLength, ownLength),
      promptMask: new Tensor("float32", mask, [groups.length, 1, 1, 1, promptLength]),
    };
  }

  /** Of the last `rows` of so many tokens. */
  #causal(length: number, rows: number): Tensor {
    const { config } = this.#model;
    const key = `${length} ${rows}`;
    const known =
      this.#masks.get(key) ??
      new Tensor("float32", causalMask(config, length, rows), [(config.heads / config.keyValueHeads) * rows, length]);
    this.#masks.set(key, known);
    return known;
  }
}

/** The list of tokens that a batch reads, [M]. */
interface PlacedTokens {
  readonly ids: Int32Array;
  /** Each one's place in its sequence. */
  readonly places: BigInt64Array;
}

/** Every token that is read: of each prompt once, of each completion all but the last. */
function placedTokens(batch: Batch<Sequence>): PlacedTokens {
  const { groups, promptLength, ownLength } = batch;
  const count = groups.length * (promptLength + seatsOf(batch) * ownLength);
  const ids = new Int32Array(count).fill(PADDING);
  const places = new BigInt64Array(count);
  const put = (row: number, tokens: readonly number[], first: number): void => {
    ids.set(tokens, row);
    for (let at = 0; at < tokens.length; at++) places[row + at] = BigInt(first + at);
  };
  for (const [index, [{ prompt }]] of groups.entries()) put(index * promptLength, prompt, 0);
  for (const { sequence, row } of placedCompletions(batch)) {
    put(row, sequence.completion.slice(0, -1), sequence.prompt.length);
  }
  return { ids, places };
}

/** The row where each completion's first token is read: behind all prompts, or behind its own in a whole sequence. */
function* placedCompletions(batch: Batch<Sequence>): Generator<{ sequence: Sequence; row: number; prompt: number }> {
  const { groups, promptLength, ownLength } = batch;
  const seats = seatsOf(batch);
  for (const [prompt, group] of groups.entries()) {
    for (const [seat, sequence] of group.entries()) {
      const behind = groups.length * promptLength + (prompt * seats + seat) * ownLength;
      const row = ownLength === 0 ? prompt * promptLength + sequence.prompt.length : behind;
      yield { sequence, row, prompt };
    }
  }
}

/** Which rows predict, and what, in the order of packing.ts. */
function pickFeeds(batch: Batch<Sequence>): Feeds {
  const { groups, promptLength, ownLength } = batch;
  const sequences = groups.flat();
  const last = groups.map(([{ prompt }], index) => index * promptLength + prompt.length - 1);
  const firsts = new Float32Array(sequences.length * groups.length);
  const picks: number[] = ownLength === 0 ? [...last] : [];
  const targets = sequences.map(({ completion }) => completion[0]);
  let next = 0;
  for (const { sequence, row, prompt } of placedCompletions(batch)) {
    firsts[next++ * groups.length + prompt] = 1;
    for (let at = 1; at < sequence.completion.length; at++) {
      picks.push(row + at - 1);
      targets.push(sequence.completion[at]);
    }
  }
  if (targets.length === sequences.length) {
    const spare = last[0] === 0 ? 1 : 0;
    picks.push(ownLength === 0 ? spare : groups.length * promptLength);
    targets.push(0);
  }
  return {
    lastPicks: new Tensor("int64", BigInt64Array.from(last, BigInt), [last.length, 1]),
    firsts: new Tensor("float32", firsts, [sequences.length, groups.length]),
    picks: new Tensor("int64", BigInt64Array.from(picks, BigInt), [picks.length, 1]),
    targets: new Tensor("int32", Int32Array.from(targets), [targets.length, 1]),
  };
}
