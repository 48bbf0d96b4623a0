// The residual stream at chosen places, for probes. Sequences are read as prompts, those of one padded length together.
// It trains no probe, and lives in a compute worker.

import { Tensor } from "onnxruntime-node";
import type { HiddenStateRequest } from "../engine.js";
import { causalMask, stackedLengths } from "./decoder/attention.js";
import { hiddenGraph, type Model } from "./decoder/graphs.js";
import { compile, type Feeds, type Program, type Runtime } from "./graph/program.js";
import type { DecoderConfig } from "./model/config.js";
import { passBlocks, promptBucket } from "./training/batches.js";
import { PADDING, type WeightFeeds } from "./weights.js";

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
    weights: WeightFeeds,
    sequences: readonly HiddenStateRequest[],
    layers: readonly number[],
  ): Promise<Float32Array[][]> {
    const { config } = this.#model;
    const promptLength = promptBucket(sequences[0].tokens.length);
    const program = await this.#program(layers, passBlocks(promptLength));
    const lengths = readingLengths(config, sequences.length, promptLength);
    const embedded = await weights.embed(paddedTokens(sequences, promptLength));
    const feeds = { ...weights.feeds, ...readingFeeds(config, sequences, promptLength), embedded };
    const outputs = await program.run(feeds, lengths);
    embedded.dispose();
    let next = 0;
    return sequences.map(({ positions }) => {
      const from = next * config.hiddenSize;
      next += positions.length;
      return layers.map((layer) => outputs(`hidden ${layer}`).slice(from, next * config.hiddenSize));
    });
  }

  #program(layers: readonly number[], blocks: number): Promise<Program> {
    const key = `${layers.toSorted((a, b) => a - b).join()} in ${blocks}`;
    const known = this.#programs.get(key) ?? compile(hiddenGraph(this.#model, new Set(layers), blocks), this.#runtime);
    this.#programs.set(key, known);
    return known;
  }
}

/** What a prompt's pass is fed beside its embedded tokens, which are {@link paddedTokens}. */
export function readingFeeds(config: DecoderConfig, sequences: readonly HiddenStateRequest[], width: number): Feeds {
  const count = sequences.length * width;
  // Padding may lie beyond the context, where there are no rotations; no token sees it.
  const position = BigInt64Array.from({ length: count }, (_, row) =>
    BigInt(Math.min(row % width, config.contextLength - 1)),
  );
  const picks = sequences.flatMap(({ positions }, row) => positions.map((at) => BigInt(row * width + at)));
  const rows = width / passBlocks(width);
  return {
    position: new Tensor("int64", position, [count, 1]),
    promptCausal: new Tensor("float32", causalMask(config, width, rows), [
      (config.heads / config.keyValueHeads) * rows,
      width,
    ]),
    picks: new Tensor("int64", BigInt64Array.from(picks), [picks.length, 1]),
  };
}

/** The lengths that no input of a prompt's pass has, for so many prompts of one padded length. */
export function readingLengths(config: DecoderConfig, prompts: number, width: number): Record<string, number> {
  const size = { prompts, promptLength: width, seats: 1, ownLength: 1 };
  return { ...stackedLengths(config, size, passBlocks(width)), P: prompts };
}

export function paddedTokens(sequences: readonly HiddenStateRequest[], width: number): Int32Array {
  const ids = new Int32Array(sequences.length * width).fill(PADDING);
  for (const [row, { tokens }] of sequences.entries()) ids.set(tokens, row * width);
  return ids;
}
