// The flat arrays of weights and adapters as a compute worker's programs are fed them.

import { Tensor } from "onnxruntime-node";
import type { Model } from "./decoder/graphs.js";
import type { Layout } from "./decoder/layout.js";
import type { Feeds } from "./graph/program.js";

export interface LoadedWeights {
  readonly flat: Float32Array;
  /** Views of the flat arrays by name; an update in place needs no new ones. */
  readonly feeds: Feeds;
  /** Another whenever the flat array holds other numbers. */
  version: number;
}

/** @param adapted  the adapters' flat array, where the model has adapters */
export function loadedWeights(
  { layout, adapters }: Model,
  flat: Float32Array,
  adapted: Float32Array = new Float32Array(),
): LoadedWeights {
  return { flat, feeds: { ...views(layout, flat), ...(adapters && views(adapters.layout, adapted)) }, version: 0 };
}

function views({ tensors }: Layout, flat: Float32Array): Feeds {
  const entries = tensors.map(({ name, shape, offset, length }) => {
    return [name, new Tensor("float32", flat.subarray(offset, offset + length), shape)] as const;
  });
  return Object.fromEntries(entries);
}

/** Where a token's row of the embedding starts in the flat array: it is the layout's first tensor. */
export function embeddingRow({ config }: Model, token: number): number {
  return token * config.hiddenSize;
}
