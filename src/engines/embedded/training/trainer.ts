// Runs batches of whole sequences: gradients of a loss, or logprobs alone. It lives in a compute worker, keeps one
// program for each loss, and owns no weights.

import { Tensor } from "onnxruntime-node";
import type { Loss } from "../../engine.js";
import { type BlockCounts, causalMask, MASKED, stackedLengths } from "../decoder/attention.js";
import { EMBEDDED_GRADIENT, gradientName, logprobGraph, lossGraph, type Model } from "../decoder/graphs.js";
import { type LossField, lossFields } from "../decoder/losses.js";
import { trainedLayout } from "../decoder/weight-inputs.js";
import { compile, type Feeds, type Outputs, type Program, type Runtime } from "../graph/program.js";
import { embeddingRow, type LoadedWeights } from "../weights.js";
import { type Batch, promptBlocks, type Sequence, seatsOf } from "./batches.js";

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
  async logprobs(weights: LoadedWeights, batch: Batch<Sequence>): Promise<TokenScores[]> {
    const program = await this.#scoreProgram(blockCounts(batch));
    const feeds = { ...weights.feeds, ...this.#feeds(weights, batch) };
    const outputs = await program.run(feeds, this.#lengths(batch));
    const [logprobs, entropies] = ["logprobs", "entropies"].map((name) => unpack(outputs(name), batch.groups.flat()));
    return logprobs.map((_, index) => ({ logprobs: logprobs[index], entropies: entropies[index] }));
  }

  async gradient(
    weights: LoadedWeights,
    batch: Batch<TrainingSequence>,
    loss: Loss,
    add: AddGradient,
  ): Promise<TokenLosses[]> {
    const { program, weights: names } = await this.#lossProgram(loss, blockCounts(batch));
    const sequences = batch.groups.flat();
    const feeds: Feeds = { ...weights.feeds, ...this.#feeds(weights, batch) };
    feeds.tokenWeights = pack(sequences, (sequence) => sequence.weights);
    for (const field of lossFields(loss)) {
      feeds[field] = pack(sequences, (sequence) => sequence.fields[field] ?? new Float32Array());
    }
    const outputs = await program.run(feeds, this.#lengths(batch));
    this.#addGradients(outputs, names, batch, add);
    const [losses, logprobs, entropies] = ["losses", "logprobs", "entropies"].map((name) =>
      unpack(outputs(name), sequences),
    );
    return losses.map((_, index) => ({
      losses: losses[index],
      logprobs: logprobs[index],
      entropies: entropies[index],
    }));
  }

  #scoreProgram(counts: BlockCounts): Promise<Program> {
    const key = JSON.stringify(counts);
    const known = this.#scores.get(key) ?? compile(logprobGraph(this.#model, counts), this.#runtime);
    this.#scores.set(key, known);
    return known;
  }

  #lossProgram(loss: Loss, counts: BlockCounts): Promise<LossProgram> {
    const key = JSON.stringify([loss, counts]);
    let known = this.#losses.get(key);
    if (!known) {
      const { graph, weights } = lossGraph(this.#model, loss, counts);
      known = compile(graph, this.#runtime).then((program) => ({ program, weights }));
      this.#losses.set(key, known);
    }
    return known;
  }

  #addGradients(outputs: Outputs, names: readonly string[], batch: Batch<Sequence>, add: AddGradient): void {
    for (const { name, offset } of trainedLayout(this.#model).tensors) {
      if (names.includes(name)) add(offset, outputs(gradientName(name)));
    }
    if (this.#model.adapters) return;
    const { hiddenSize } = this.#model.config;
    const rows = outputs(EMBEDDED_GRADIENT);
    for (const { token, row } of placedTokens(batch)) {
      add(embeddingRow(this.#model, token), rows.subarray(row * hiddenSize, (row + 1) * hiddenSize));
    }
  }

  #lengths(batch: Batch<unknown>): Record<string, number> {
    const { groups, promptLength, ownLength } = batch;
    const seats = seatsOf(batch);
    const sizes = { prompts: groups.length, promptLength, seats, ownLength };
    return { ...stackedLengths(this.#model.config, sizes, promptBlocks(batch)), P: groups.length, R: seats };
  }

  /** What every batch feeds, by the names in graphs.ts. */
  #feeds({ flat }: LoadedWeights, batch: Batch<Sequence>): Feeds {
    const { hiddenSize } = this.#model.config;
    const { groups, promptLength, ownLength } = batch;
    const count = groups.length * (promptLength + seatsOf(batch) * ownLength);
    const embedded = new Float32Array(count * hiddenSize);
    const position = new BigInt64Array(count);
    for (const { token, row, place } of placedTokens(batch)) {
      const from = embeddingRow(this.#model, token);
      embedded.set(flat.subarray(from, from + hiddenSize), row * hiddenSize);
      position[row] = BigInt(place);
    }
    return {
      ...pickFeeds(batch),
      ...(ownLength === 0 ? {} : this.#ownMasks(batch)),
      embedded: new Tensor("float32", embedded, [count, hiddenSize]),
      position: new Tensor("int64", position, [count, 1]),
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

function blockCounts(batch: Batch<unknown>): BlockCounts {
  return { promptBlocks: promptBlocks(batch), ownBlocks: batch.ownLength === 0 ? 0 : 1 };
}

interface PlacedToken {
  readonly token: number;
  /** In the batch's list of tokens. */
  readonly row: number;
  /** In its sequence. */
  readonly place: number;
}

/** Every token that is read: of each prompt once, of each completion all but the last. */
function* placedTokens(batch: Batch<Sequence>): Generator<PlacedToken> {
  const { groups, promptLength } = batch;
  for (const [index, [{ prompt }]] of groups.entries()) {
    for (const [place, token] of prompt.entries()) yield { token, row: index * promptLength + place, place };
  }
  for (const { sequence, row } of placedCompletions(batch)) {
    const { prompt, completion } = sequence;
    for (let at = 0; at < completion.length - 1; at++) {
      yield { token: completion[at], row: row + at, place: prompt.length + at };
    }
  }
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

/** Which rows predict, and what. The first tokens of all completions come first, then the others. */
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

/** [K] in the order of {@link pickFeeds}. */
function pack<Item extends Sequence>(sequences: readonly Item[], of: (sequence: Item) => Float32Array): Tensor {
  const others = sequences.reduce((sum, { completion }) => sum + completion.length - 1, 0);
  const packed = new Float32Array(sequences.length + Math.max(1, others));
  let next = sequences.length;
  for (const [index, sequence] of sequences.entries()) {
    const values = of(sequence);
    packed[index] = values[0];
    packed.set(values.subarray(1), next);
    next += values.length - 1;
  }
  return new Tensor("float32", packed, [packed.length]);
}

function unpack(packed: Float32Array, sequences: readonly Sequence[]): Float32Array[] {
  let next = sequences.length;
  return sequences.map(({ completion }, index) => {
    const values = new Float32Array(completion.length);
    values[0] = packed[index];
    values.set(packed.subarray(next, next + completion.length - 1), 1);
    next += completion.length - 1;
    return values;
  });
}
