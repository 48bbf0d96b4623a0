// The pass over prompts before anything is drawn: fills the cache and gives what may follow each. Prompts of one
// padded length are computed together, so that a prompt's numbers do not depend on the others.

import { type Model, promptGraph } from "../decoder/graphs.js";
import { compile, type Program, type Runtime } from "../graph/program.js";
import { cutHiddenBatches, paddedTokens, readingFeeds, readingLengths } from "../hidden-states.js";
import { passBlocks, promptBucket } from "../training/batches.js";
import type { LoadedWeights } from "../weights.js";
import type { CachedRow, KeyValueCache } from "./key-value-cache.js";

/** A product with a single row takes another kernel, whose last bits differ: a spare row avoids it. */
export const LEAST_ROWS = 2;

/** Read at once, padding included. */
export const PASS_TOKENS = 2048;

export interface AskedPrompt {
  readonly tokens: readonly number[];
  /** Places to take in the cache. */
  readonly rows: number;
}

export interface ReadPrompt {
  /** [V] of the token that follows */
  readonly probabilities: Float32Array;
  readonly rows: readonly CachedRow[];
}

export class PromptPass {
  readonly #model: Model;
  readonly #runtime: Runtime;
  readonly #programs = new Map<number, Promise<Program>>();

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  async read(weights: LoadedWeights, prompts: readonly AskedPrompt[], cache: KeyValueCache): Promise<ReadPrompt[]> {
    const asked = prompts.map(({ tokens, rows }) => ({ tokens, rows, positions: [tokens.length - 1] }));
    const results: ReadPrompt[] = [];
    for (const batch of cutHiddenBatches(asked, PASS_TOKENS)) {
      const read = await this.#readBatch(
        weights,
        batch.map((index) => asked[index]),
        cache,
      );
      for (const [at, index] of batch.entries()) results[index] = read[at];
    }
    return results;
  }

  async #readBatch(
    weights: LoadedWeights,
    prompts: ReadonlyArray<AskedPrompt & { readonly positions: number[] }>,
    cache: KeyValueCache,
  ): Promise<ReadPrompt[]> {
    const { config } = this.#model;
    const width = promptBucket(prompts[0].tokens.length);
    const program = await this.#program(passBlocks(width));
    const picked = prompts.length < LEAST_ROWS ? prompts.map(withSpare) : prompts;
    const embedded = await weights.embed(paddedTokens(prompts, width));
    const outputs = await program.run(
      { ...weights.feeds, ...readingFeeds(config, picked, width), embedded },
      readingLengths(config, prompts.length, width),
    );
    const logprobs = outputs("logprobs");
    const line = config.keyValueHeads * width * config.headSize;
    return prompts.map(({ tokens, rows }, index) => ({
      probabilities: logprobs
        .subarray(index * config.vocabularySize, (index + 1) * config.vocabularySize)
        .map(Math.exp),
      rows: cache.addPrompt(rows, tokens.length, width, (layer) => ({
        keys: outputs(`keys ${layer}`).subarray(index * line, (index + 1) * line),
        values: outputs(`values ${layer}`).subarray(index * line, (index + 1) * line),
      })),
    }));
  }

  #program(blocks: number): Promise<Program> {
    const known = this.#programs.get(blocks) ?? compile(promptGraph(this.#model, blocks), this.#runtime);
    this.#programs.set(blocks, known);
    return known;
  }
}

/** Any other place will do, be it padding. */
function withSpare<Prompt extends { readonly positions: readonly number[] }>(prompt: Prompt): Prompt {
  return { ...prompt, positions: [...prompt.positions, prompt.positions[0] === 0 ? 1 : 0] };
}
