// The keys and values that sampling has computed so far, in JavaScript memory that ONNX Runtime reads in place. Keys
// are kept transposed, [C, length], the way the product with a query wants them. A shard has two caches: one line a
// prompt, written once, and one line a row, which grows. N key-value heads, C size of a head.

import { Tensor } from "onnxruntime-node";
import { MASKED } from "../decoder/attention.js";
import type { Feeds, Outputs } from "../graph/program.js";
import type { DecoderConfig } from "../model/config.js";

/** Own tokens are made room for in steps of this. */
const GROWTH = 16;

export class KeyValueCache {
  readonly #config: DecoderConfig;
  readonly #promptFeeds: Feeds[] = [];
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];
  #ownMask = new Tensor("float32", new Float32Array(), [1, 1, 1, 0]);
  #rows: number;
  #capacity = 0;
  #length = 0;

  constructor(config: DecoderConfig, rows: number) {
    this.#config = config;
    this.#rows = rows;
    this.#keys = Array.from({ length: config.layers }, () => new Float32Array());
    this.#values = [...this.#keys];
  }

  /** Keeps what the prompts' pass gave: keys [P, N, C, S], values [P, N, S, C]. */
  setPrompts(outputs: Outputs, prompts: number, length: number, promptMask: Tensor): void {
    const { layers, keyValueHeads, headSize } = this.#config;
    const outer = [prompts, keyValueHeads];
    for (let layer = 0; layer < layers; layer++) {
      this.#promptFeeds[layer] = {
        promptMask,
        promptKeys: new Tensor("float32", outputs(`keys ${layer}`), [...outer, headSize, length]),
        promptValues: new Tensor("float32", outputs(`values ${layer}`), [...outer, length, headSize]),
      };
    }
  }

  /** Makes a place for one more token in the first `count` rows, to be filled layer by layer. */
  beginToken(count: number): void {
    if (this.#length === this.#capacity) this.#grow(count);
    this.#length++;
    const mask = new Float32Array(this.#capacity).fill(MASKED, this.#length);
    this.#ownMask = new Tensor("float32", mask, [1, 1, 1, this.#capacity]);
  }

  /** Writes the token's keys and values [B, N, C] in one layer, for the first `count` rows. */
  append(layer: number, newKeys: Float32Array, newValues: Float32Array, count: number): void {
    const { keyValueHeads, headSize } = this.#config;
    const [keys, values, capacity, at] = [this.#keys[layer], this.#values[layer], this.#capacity, this.#length - 1];
    const lines = count * keyValueHeads * headSize;
    for (let line = 0; line < lines; line++) keys[line * capacity + at] = newKeys[line];
    for (let head = 0; head < count * keyValueHeads; head++) {
      const from = head * headSize;
      values.set(newValues.subarray(from, from + headSize), (head * capacity + at) * headSize);
    }
  }

  /** The cache of one layer as a step's inputs, the first `count` rows. */
  feeds(layer: number, count: number): Feeds {
    const { keyValueHeads, headSize } = this.#config;
    const capacity = this.#capacity;
    const length = count * keyValueHeads * headSize * capacity;
    const outer = [count, keyValueHeads];
    return {
      ...this.#promptFeeds[layer],
      ownMask: this.#ownMask,
      ownKeys: new Tensor("float32", this.#keys[layer].subarray(0, length), [...outer, headSize, capacity]),
      ownValues: new Tensor("float32", this.#values[layer].subarray(0, length), [...outer, capacity, headSize]),
    };
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
    const kept = Math.min(count, this.#rows) * keyValueHeads;
    for (let layer = 0; layer < layers; layer++) {
      const keys = new Float32Array(count * keyValueHeads * headSize * capacity);
      const values = new Float32Array(keys.length);
      for (let line = 0; line < kept * headSize; line++) {
        keys.set(this.#keys[layer].subarray(line * old, (line + 1) * old), line * capacity);
      }
      for (let head = 0; head < kept; head++) {
        const block = old * headSize;
        values.set(this.#values[layer].subarray(head * block, (head + 1) * block), head * capacity * headSize);
      }
      this.#keys[layer] = keys;
      this.#values[layer] = values;
    }
    this.#capacity = capacity;
    this.#rows = count;
  }
}
