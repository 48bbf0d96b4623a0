// The flat array of weights as a compute worker's programs are fed it.

import { Tensor } from "onnxruntime-node";
import type { Model } from "./decoder/graphs.js";
import type { Feeds } from "./graph/program.js";

export interface LoadedWeights {
  readonly flat: Float32Array;
  /** Views of the flat array by name; an update in place needs no new ones. */
  readonly feeds: Feeds;
  /** Of the policy whose numbers the flat array holds; -1 where none has been copied there yet. */
  version: number;
}

export function loadedWeights({ layout }: Model, flat: Float32Array): LoadedWeights {
  const feeds: Feeds = {};
  for (const { name, shape, offset, length } of layout.tensors) {
    feeds[name] = new Tensor("float32", flat.subarray(offset, offset + length), shape);
  }
  return { flat, feeds, version: -1 };
}

/** Where a token's row of the embedding starts in the flat array: it is the layout's first tensor. */
export function embeddingRow({ config }: Model, token: number): number {
  return token * config.hiddenSize;
}
