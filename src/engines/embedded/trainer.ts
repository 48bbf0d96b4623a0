// Runs batches of whole sequences: gradients of a loss, or logprobs alone. It lives in a compute worker, keeps one
// program for each loss, and owns no weights.

import { Tensor } from "onnxruntime-node";
import type { Loss } from "../engine.js";
import { inputLength, paddedLength, type Sequence } from "./batches.js";
import { causalMask } from "./decoder.js";
import { EMBEDDED_GRADIENT, gradientName, logprobGraph, lossGraph, type Model } from "./graphs.js";
import { type LossField, lossFields } from "./losses.js";
import { compile, type Feeds, type Outputs, type Program } from "./program.js";

/** A product with a single row takes another kernel, whose last bits differ: a spare row, of weight 0, avoids it. */
export const LEAST_ROWS = 2;

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

/** Weights as tensors over the flat array, and the array itself. */
export interface LoadedWeights {
  readonly flat: Float32Array;
  readonly feeds: Feeds;
}

export function loadedWeights(model: Model, flat: Float32Array): LoadedWeights {
  const feeds = Object.fromEntries(
    model.layout.tensors.map(({ name, shape, offset, length }) => [
      name,
      new Tensor("float32", flat.subarray(offset, offset + length), shape),
    ]),
  );
  return { flat, feeds };
}

export class Trainer {
  readonly #model: Model;
  readonly #threads: number;
  readonly #losses = new Map<string, Promise<{ program: Program; weights: readonly string[] }>>();
  readonly #masks = new Map<number, Tensor>();
  #scores: Promise<Program> | undefined;

  constructor(model: Model, threads: number) {
    this.#model = model;
    this.#threads = threads;
  }

  async logprobs(weights: LoadedWeights, batch: readonly Sequence[]): Promise<TokenScores[]> {
    this.#scores ??= compile(logprobGraph(this.#model), this.#threads);
    const program = await this.#scores;
    const outputs = await program.run({ ...weights.feeds, ...this.#feeds(weights, batch) });
    const [logprobs, entropies] = [unpack(outputs("logprobs"), batch), unpack(outputs("entropies"), batch)];
    return batch.map((_, index) => ({
      logprobs: logprobs[index],
      entropies: entropies[index],
    }));
  }

  /** @param add  takes the gradient in pieces: where in the flat array each starts, and its numbers */
  async gradient(
    weights: LoadedWeights,
    batch: readonly TrainingSequence[],
    loss: Loss,
    add: (offset: number, gradient: Float32Array) => void,
  ): Promise<TokenLosses[]> {
    const { program, weights: names } = await this.#lossProgram(loss);
    const feeds: Feeds = { ...weights.feeds, ...this.#feeds(weights, batch) };
    feeds.tokenWeights = pack(batch, (sequence) => sequence.weights);
    for (const field of lossFields(loss)) {
      feeds[field] = pack(batch, (sequence) => sequence.fields[field] ?? new Float32Array(sequence.completion.length));
    }
    const outputs = await program.run(feeds);
    this.#addGradients(outputs, names, batch, add);
    const [losses, logprobs, entropies] = ["losses", "logprobs", "entropies"].map((name) =>
      unpack(outputs(name), batch),
    ) as [Float32Array[], Float32Array[], Float32Array[]];
    return batch.map((_, index) => ({
      losses: losses[index],
      logprobs: logprobs[index],
      entropies: entropies[index],
    }));
  }

  #lossProgram(loss: Loss): Promise<{ program: Program; weights: readonly string[] }> {
    const key = JSON.stringify(loss);
    let known = this.#losses.get(key);
    if (!known) {
      const { graph, weights } = lossGraph(this.#model, loss);
      known = compile(graph, this.#threads).then((program) => ({ program, weights }));
      this.#losses.set(key, known);
    }
    return known;
  }

  #addGradients(
    outputs: Outputs,
    names: readonly string[],
    batch: readonly Sequence[],
    add: (offset: number, gradient: Float32Array) => void,
  ): void {
    for (const { name, offset } of this.#model.layout.tensors) {
      if (names.includes(name)) add(offset, outputs(gradientName(name)));
    }
    const { hiddenSize } = this.#model.config;
    const { offset } = this.#model.layout.tensors[0];
    const rows = outputs(EMBEDDED_GRADIENT);
    const width = paddedLength(inputLength(batch[0]));
    for (const [row, sequence] of batch.entries()) {
      for (let at = 0; at < inputLength(sequence); at++) {
        const start = (row * width + at) * hiddenSize;
        add(offset + tokenAt(sequence, at) * hiddenSize, rows.subarray(start, start + hiddenSize));
      }
    }
  }

  /** What every batch feeds. Rows are as wide as the first sequence, the longest. */
  #feeds({ flat }: LoadedWeights, batch: readonly Sequence[]): Feeds {
    const { hiddenSize } = this.#model.config;
    const width = paddedLength(inputLength(batch[0]));
    const embedded = new Float32Array(batch.length * width * hiddenSize);
    const count = batch.reduce((sum, sequence) => sum + sequence.completion.length, 0);
    const rows = Math.max(count, LEAST_ROWS);
    const picks = new BigInt64Array(rows * 2);
    const targets = new Int32Array(rows);
    if (count === 1) picks[3] = batch[0].prompt.length === 1 ? 1n : 0n;
    let next = 0;
    const { offset } = this.#model.layout.tensors[0];
    for (const [row, sequence] of batch.entries()) {
      const length = inputLength(sequence);
      for (let at = 0; at < length; at++) {
        const from = offset + tokenAt(sequence, at) * hiddenSize;
        embedded.set(flat.subarray(from, from + hiddenSize), (row * width + at) * hiddenSize);
      }
      for (const [at, token] of sequence.completion.entries()) {
        picks[next * 2] = BigInt(row);
        picks[next * 2 + 1] = BigInt(sequence.prompt.length - 1 + at);
        targets[next++] = token;
      }
    }
    return {
      embedded: new Tensor("float32", embedded, [batch.length, width, hiddenSize]),
      mask: this.#mask(width),
      picks: new Tensor("int64", picks, [rows, 2]),
      targets: new Tensor("int32", targets, [rows, 1]),
    };
  }

  #mask(width: number): Tensor {
    const { config } = this.#model;
    let mask = this.#masks.get(width);
    if (!mask) {
      mask = new Tensor("float32", causalMask(config, width), [(config.heads / config.keyValueHeads) * width, width]);
      this.#masks.set(width, mask);
    }
    return mask;
  }
}

function tokenAt({ prompt, completion }: Sequence, position: number): number {
  return position < prompt.length ? prompt[position] : completion[position - prompt.length];
}

/** [K] of all completions, one after the other. */
function pack<Item extends Sequence>(batch: readonly Item[], of: (sequence: Item) => Float32Array): Tensor {
  const count = batch.reduce((sum, sequence) => sum + sequence.completion.length, 0);
  const packed = new Float32Array(Math.max(count, LEAST_ROWS));
  let next = 0;
  for (const sequence of batch) {
    packed.set(of(sequence), next);
    next += sequence.completion.length;
  }
  return new Tensor("float32", packed, [packed.length]);
}

function unpack(packed: Float32Array, batch: readonly Sequence[]): Float32Array[] {
  let next = 0;
  return batch.map(({ completion }) => {
    next += completion.length;
    return packed.slice(next - completion.length, next);
  });
}
