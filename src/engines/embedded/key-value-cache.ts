// The keys and values that sampling has computed so far, in JavaScript memory that ONNX Runtime reads in place. Keys
// are kept transposed, [C, length], the way the product with a query wants them. A shard has two caches: one line a
// prompt, written once, and one line a row, which grows. N key-value heads, C size of a head.

import { Tensor } from "onnxruntime-node";
import type { DecoderConfig } from "./config.js";
import { MASKED } from "./decoder.js";
import type { Feeds, Outputs } from "./program.js";
import { LEAST_ROWS } from "./trainer.js";

/** Own tokens are made room for in steps of this. */
const GROWTH = 16;

export class KeyValueCache {
  readonly #config: DecoderConfig;
  readonly #promptFeeds: Feeds = {};
  readonly #prompts: number;
  readonly #promptLength: number;
  readonly #rows: number;
  #keys: Float32Array[] = [];
  #values: Float32Array[] = [];
  #capacity = 0;
  #length = 0;

  constructor(config: DecoderConfig, prompts: number, promptLength: number, rows: number) {
    this.#config = config;
    this.#prompts = prompts;
    this.#promptLength = promptLength;
    this.#rows = Math.max(rows, LEAST_ROWS);
    this.#grow(rows);
  }

  /** Keeps what the prompts' pass gave: keys [P, N, C, S], values [P, N, S, C]. */
  setPrompts(outputs: Outputs): void {
    const { layers, keyValueHeads, headSize } = this.#config;
    for (let layer = 0; layer < layers; layer++) {
      const [keys, values] = [outputs(`keys ${layer}`), outputs(`values ${layer}`)];
      const outer = [this.#prompts, keyValueHeads];
      this.#promptFeeds[`promptKeys ${layer}`] = new Tensor("float32", keys, [...outer, headSize, this.#promptLength]);
      this.#promptFeeds[`promptValues ${layer}`] = new Tensor("float32", values, [
        ...outer,
        this.#promptLength,
        headSize,
      ]);
    }
  }

  /** The first `count` rows as the step graph's inputs. */
  feeds(count: number): Feeds {
    const { layers, keyValueHeads, headSize } = this.#config;
    const capacity = this.#capacity;
    const length = count * keyValueHeads * headSize * capacity;
    const mask = new Float32Array(capacity).fill(MASKED, this.#length);
    const feeds: Feeds = { ...this.#promptFeeds, ownMask: new Tensor("float32", mask, [1, 1, 1, capacity]) };
    for (let layer = 0; layer < layers; layer++) {
      const outer = [count, keyValueHeads];
      const [keys, values] = [this.#keys[layer], this.#values[layer]];
      feeds[`ownKeys ${layer}`] = new Tensor("float32", keys.subarray(0, length), [...outer, headSize, capacity]);
      feeds[`ownValues ${layer}`] = new Tensor("float32", values.subarray(0, length), [...outer, capacity, headSize]);
    }
    return feeds;
  }

  /** Adds one token's keys and values [B, N, 1, C] for the first `count` rows. */
  append(outputs: Outputs, count: number): void {
    if (this.#length === this.#capacity) this.#grow(count);
    const { layers, keyValueHeads, headSize } = this.#config;
    const [capacity, at] = [this.#capacity, this.#length];
    for (let layer = 0; layer < layers; layer++) {
      const [keys, values] = [this.#keys[layer], this.#values[layer]];
      const [newKeys, newValues] = [outputs(`keys ${layer}`), outputs(`values ${layer}`)];
      const lines = count * keyValueHeads * headSize;
      for (let line = 0; line < lines; line++) keys[line * capacity + at] = newKeys[line];
      for (let head = 0; head < count * keyValueHeads; head++) {
        const from = head * headSize;
        values.set(newValues.subarray(from, from + headSize), (head * capacity + at) * headSize);
      }
    }
    this.#length++;
  }

  /** Copies a row over another. */
  move(from: number, to: number): void {
    if (from === to) return;
    const size = this.#config.keyValueHeads * this.#config.headSize * this.#capacity;
    for (const cache of [...this.#keys, ...this.#values]) cache.copyWithin(to * size, from * size, (from + 1) * size);
  }

  /** Makes room for more tokens and keeps the first `count` rows. */
  #grow(count: number): void {
    const { layers, keyValueHeads, headSize } = this.#config;
    const [old, capacity] = [this.#capacity, this.#capacity + GROWTH];
    const lines = count * keyValueHeads * headSize;
    const size = (rows: number): number => rows * keyValueHeads * headSize * capacity;
    const rows = old === 0 ? this.#rows : Math.max(count, LEAST_ROWS);
    for (let layer = 0; layer < layers; layer++) {
      const [keys, values] = [new Float32Array(size(rows)), new Float32Array(size(rows))];
      const [oldKeys, oldValues] = [this.#keys[layer], this.#values[layer]];
      if (oldKeys && oldValues) {
        for (let line = 0; line < lines; line++) {
          keys.set(oldKeys.subarray(line * old, (line + 1) * old), line * capacity);
        }
        for (let head = 0; head < count * keyValueHeads; head++) {
          const block = old * headSize;
          values.set(oldValues.subarray(head * block, (head + 1) * block), head * capacity * headSize);
        }
      }
      this.#keys[layer] = keys;
      this.#values[layer] = values;
    }
    this.#capacity = capacity;
  }
}
