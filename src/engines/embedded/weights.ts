// The flat arrays of weights and adapters as a compute worker's programs are fed them.

import { Tensor } from "onnxruntime-node";
import type { Model } from "./decoder/graphs.js";
import type { LayoutTensor } from "./decoder/layout.js";
import { weightTensors } from "./decoder/weight-inputs.js";
import type { Feeds } from "./graph/program.js";

/** Stands for no token: its row is not meant to be seen. */
export const PADDING = -1;

/** What a program that reads whole sequences asks of the weights, wherever they lie. */
export interface WeightFeeds {
  /** By name. */
  readonly feeds: Feeds;
  /** The tokens' rows of the embedding, [tokens, D]; whoever asked disposes of them. */
  embed(tokens: Int32Array): Tensor | Promise<Tensor>;
}

/** Its feeds are views of the flat arrays; an update in place needs no new ones. */
export interface LoadedWeights extends WeightFeeds {
  readonly flat: Float32Array;
  /** Another whenever the flat array holds other numbers. */
  version: number;
}

/** @param adapted  the adapters' flat array, where the model has adapters */
export function loadedWeights(
  model: Model,
  flat: Float32Array,
  adapted: Float32Array = new Float32Array(),
): LoadedWeights {
  const { adapters } = model;
  const feeds = { ...views(weightTensors(model), flat), ...(adapters && views(adapters.layout.tensors, adapted)) };
  return { flat, feeds, embed: (tokens) => embedRows(model, flat, tokens), version: 0 };
}

function views(tensors: readonly LayoutTensor[], flat: Float32Array): Feeds {
  const entries = tensors.map(({ name, shape, offset, length }) => {
    return [name, new Tensor("float32", flat.subarray(offset, offset + length), shape)] as const;
  });
  return Object.fromEntries(entries);
}

function embedRows(model: Model, flat: Float32Array, tokens: Int32Array): Tensor {
  const { hiddenSize } = model.config;
  const rows = new Float32Array(tokens.length * hiddenSize);
  for (const [row, token] of tokens.entries()) {
    if (token === PADDING) continue;
    const from = embeddingRow(model, token);
    rows.set(flat.subarray(from, from + hiddenSize), row * hiddenSize);
  }
  return new Tensor("float32", rows, [tokens.length, hiddenSize]);
}

/** Where a token's row of the embedding starts in the flat array: it is the layout's first tensor. */
export function embeddingRow({ config }: Model, token: number): number {
  return token * config.hiddenSize;
}
