// The pass over prompts before anything is drawn: fills the cache and gives what may follow each. Prompts of one
// padded length are computed together, so that a prompt's numbers do not depend on the others.

import { Tensor } from "onnxruntime-node";
import { causalMask, stackedLengths } from "../decoder/attention.js";
import { type Model, promptGraph } from "../decoder/graphs.js";
import { compile, type Feeds, type Program, type Runtime } from "../graph/program.js";
import { promptBucket } from "../training/batches.js";
import { embeddingRow, type LoadedWeights } from "../weights.js";
import type { CachedRow, KeyValueCache } from "./key-value-cache.js";

/** A product with a single row takes another kernel, whose last bits differ: a spare row avoids it. */
export const LEAST_ROWS = 2;

export interface ReadPrompt {
  /** [V] of the token that follows */
  readonly probabilities: Float32Array;
  readonly rows: readonly CachedRow[];
}

export class PromptPass {
  readonly #model: Model;
  readonly #runtime: Runtime;
  #program: Promise<Program> | undefined;

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** @param prompts  with the rows that each takes in the cache; all have one bucket */
  async read(
    weights: LoadedWeights,
    prompts: ReadonlyArray<{ readonly tokens: readonly number[]; readonly rows: number }>,
    cache: KeyValueCache,
  ): Promise<ReadPrompt[]> {
    this.#program ??= compile(promptGraph(this.#model), this.#runtime);
    const program = await this.#program;
    const { config } = this.#model;
    const width = promptBucket(prompts[0].tokens.length);
    const feeds = { ...weights.feeds, ...this.#feeds(weights, prompts, width) };
    const size = { prompts: prompts.length, promptLength: width, seats: 1, ownLength: 1 };
    const outputs = await program.run(feeds, { ...stackedLengths(config, size), P: prompts.length });
    const probabilities = outputs("probabilities");
    const line = config.keyValueHeads * width * config.headSize;
    return prompts.map(({ tokens, rows }, index) => ({
      probabilities: probabilities.subarray(index * config.vocabularySize, (index + 1) * config.vocabularySize),
      rows: cache.addPrompt(rows, tokens.length, width, (layer) => ({
        keys: outputs(`keys ${layer}`).subarray(index * line, (index + 1) * line),
        values: outputs(`values ${layer}`).subarray(index * line, (index + 1) * line),
      })),
    }));
  }

  #feeds({ flat }: LoadedWeights, prompts: ReadonlyArray<{ tokens: readonly number[] }>, width: number): Feeds {
    const { config } = this.#model;
    const count = prompts.length * width;
    const embedded = new Float32Array(count * config.hiddenSize);
    for (const [row, { tokens }] of prompts.entries()) {
      for (const [at, token] of tokens.entries()) {
        const from = embeddingRow(this.#model, token);
        embedded.set(flat.subarray(from, from + config.hiddenSize), (row * width + at) * config.hiddenSize);
      }
    }
    const picks = prompts.map(({ tokens }, row) => row * width + tokens.length - 1);
    // A spare: any token that is not picked.
    if (picks.length < LEAST_ROWS) picks.push(picks[0] === 0 ? 1 : 0);
    const position = BigInt64Array.from({ length: count }, (_, row) => BigInt(row % width));
    const causalRows = (config.heads / config.keyValueHeads) * width;
    return {
      embedded: new Tensor("float32", embedded, [count, config.hiddenSize]),
      position: new Tensor("int64", position, [count, 1]),
      promptCausal: new Tensor("float32", causalMask(config, width), [causalRows, width]),
      picks: new Tensor("int64", BigInt64Array.from(picks, BigInt), [picks.length, 1]),
    };
  }
}
