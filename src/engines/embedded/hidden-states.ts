// The residual stream at chosen places, for probes. Sequences are read as prompts, those of one padded length together.
// It trains no probe, and lives in a compute worker.

import { Tensor } from "onnxruntime-node";
import type { HiddenStateRequest } from "../engine.js";
import { causalMask, stackedLengths } from "./decoder/attention.js";
import { hiddenGraph, type Model } from "./decoder/graphs.js";
import { compile, type Feeds, type Program, type Runtime } from "./graph/program.js";
import { promptBucket } from "./training/batches.js";
import { embeddingRow, type LoadedWeights } from "./weights.js";

/** Indices of sequences that are read at once: all of one padded length, `tokens` in all, padding included. */
export function cutHiddenBatches(sequences: readonly HiddenStateRequest[], tokens: number): number[][] {
  const batches = new Map<number, number[][]>();
  for (const [index, sequence] of sequences.entries()) {
    const width = promptBucket(sequence.tokens.length);
    const known = batches.get(width) ?? [];
    const last = known.at(-1);
    if (last && (last.length + 1) * width <= tokens) last.push(index);
    else known.push([index]);
    batches.set(width, known);
  }
  return [...batches.values()].flat();
}

export class HiddenStates {
  readonly #model: Model;
  readonly #runtime: Runtime;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** @returns for each sequence, for each layer, [positions * hiddenSize] */
  async read(
    weights: LoadedWeights,
    sequences: readonly HiddenStateRequest[],
    layers: readonly number[],
  ): Promise<Float32Array[][]> {
    const { config } = this.#model;
    const program = await this.#program(layers);
    const promptLength = promptBucket(sequences[0].tokens.length);
    const size = { prompts: sequences.length, promptLength, seats: 1, ownLength: 1 };
    const lengths = { ...stackedLengths(config, size), P: sequences.length };
    const outputs = await program.run({ ...weights.feeds, ...this.#feeds(weights, sequences, promptLength) }, lengths);
    let next = 0;
    return sequences.map(({ positions }) => {
      const from = next * config.hiddenSize;
      next += positions.length;
      return layers.map((layer) => outputs(`hidden ${layer}`).slice(from, next * config.hiddenSize));
    });
  }

  #program(layers: readonly number[]): Promise<Program> {
    const key = layers.toSorted((a, b) => a - b).join();
    const known = this.#programs.get(key) ?? compile(hiddenGraph(this.#model, new Set(layers)), this.#runtime);
    this.#programs.set(key, known);
    return known;
  }

  #feeds(weights: LoadedWeights, sequences: readonly HiddenStateRequest[], width: number): Feeds {
    const { config } = this.#model;
    const { hiddenSize } = config;
    const count = sequences.length * width;
    const embedded = new Float32Array(count * hiddenSize);
    for (const [row, { tokens }] of sequences.entries()) {
      for (const [at, token] of tokens.entries()) {
        const from = embeddingRow(this.#model, token);
        embedded.set(weights.flat.subarray(from, from + hiddenSize), (row * width + at) * hiddenSize);
      }
    }
    const position = BigInt64Array.from({ length: count }, (_, row) => BigInt(row % width));
    const picks = sequences.flatMap(({ positions }, row) => positions.map((at) => BigInt(row * width + at)));
    return {
      embedded: new Tensor("float32", embedded, [count, hiddenSize]),
      position: new Tensor("int64", position, [count, 1]),
      promptCausal: new Tensor("float32", causalMask(config, width), [
        (config.heads / config.keyValueHeads) * width,
        width,
      ]),
      picks: new Tensor("int64", BigInt64Array.from(picks), [picks.length, 1]),
    };
  }
}
