// The decoder as graphs: blocks as Llama and Qwen have them (RMSNorm, rotary positions, grouped-query attention,
// SwiGLU) over a list of tokens, of which only the attention knows how they make up prompts and completions (attention.ts). Training,
// a prompt's first pass and sampling share every line of it. Shapes: M tokens, D hidden size, H heads, N key-value
// heads, C size of a head, V vocabulary.

import type { Adapters } from "../adapters/layout.js";
import { project } from "../adapters/project.js";
import type { Graph, Value } from "../graph/graph.js";
import type { DecoderConfig } from "../model/config.js";
import { add, swiglu } from "../operators/elementwise.js";
import { linear } from "../operators/matmul.js";
import { rmsNorm } from "../operators/normalization.js";
import { concatenate, reshape, split } from "../operators/shape.js";
import { type Rotation, rotate, rotation } from "./rotary-tables.js";

/** What the layers compute with. */
export interface Weights {
  readonly tensor: (name: string) => Value;
  readonly adapters: Adapters | undefined;
}

/** The names of one layer's weights without its number. */
export function layerWeights({ tensor, adapters }: Weights, layer: number): Weights {
  return { tensor: (name) => tensor(`${layer}.${name}`), adapters };
}

export interface HeadTensors {
  /** [M, H C] after the rotation */
  readonly query: Value;
  /** [M, N C] after the rotation */
  readonly key: Value;
  /** [M, N C] */
  readonly value: Value;
}

/** From a layer's queries, keys and values to what its heads read, [M, H C]. */
export type Attend = (heads: HeadTensors, layer: number) => Value;

/**
 * The residual stream after all layers, before the last norm.
 *
 * @param x         [M, D] embedded tokens
 * @param position  [M, 1] int64, each token's place in its sequence
 * @param onLayer   is shown the stream behind each layer, counted from 1
 */
export function decoderLayers(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  x: Value,
  position: Value,
  attend: Attend,
  onLayer: (layer: number, stream: Value) => void = () => {},
): Value {
  const turns = rotation(graph, config, position);
  let stream = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerWeights(weights, layer);
    const heads = projectHeads(graph, config, own, stream, turns);
    stream = finishLayer(graph, config, own, stream, attend(heads, layer));
    onLayer(layer + 1, stream);
  }
  return stream;
}

/** A layer up to its attention. */
export function projectHeads(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  stream: Value,
  turns: Rotation,
): HeadTensors {
  const rows = stream.shape[0];
  const query = config.heads * config.headSize;
  const keyValue = config.keyValueHeads * config.headSize;
  const normal = rmsNorm(graph, stream, weights.tensor("inputNorm"), config.normEpsilon);
  const bias = config.bias ? "attentionBias" : undefined;
  const projected = project(graph, weights, normal, "attention", bias);
  const [rotating, value] = split(graph, projected, [query + keyValue, keyValue]);
  const normed = config.queryKeyNorm ? normalHeads(graph, config, weights, rotating) : rotating;
  const sequence = reshape(graph, normed, [rows, 1, query + keyValue]);
  const rotated = reshape(graph, rotate(graph, sequence, turns), [rows, query + keyValue]);
  const [queries, key] = split(graph, rotated, [query, keyValue]);
  return { query: queries, key, value };
}

/** Each head's query and key by itself: [M, (H + N) C] */
function normalHeads(graph: Graph, config: DecoderConfig, weights: Weights, x: Value): Value {
  const { heads, keyValueHeads, headSize, normEpsilon } = config;
  const rows = x.shape[0];
  const perHead = reshape(graph, x, [rows, heads + keyValueHeads, headSize]);
  const [query, key] = split(graph, perHead, [heads, keyValueHeads], 1);
  const normal = [
    rmsNorm(graph, query, weights.tensor("queryNorm"), normEpsilon),
    rmsNorm(graph, key, weights.tensor("keyNorm"), normEpsilon),
  ];
  return reshape(graph, concatenate(graph, normal, 1, heads + keyValueHeads), x.shape);
}

/** A layer from what its heads read. */
export function finishLayer(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value, read: Value): Value {
  const { feedForwardSize, normEpsilon } = config;
  const bias = (name: string, present: boolean): string | undefined => (present ? `${name}Bias` : undefined);
  const output = project(graph, weights, read, "attentionOutput", bias("attentionOutput", config.outputBias));
  const attended = add(graph, stream, output);
  const normal = rmsNorm(graph, attended, weights.tensor("feedForwardNorm"), normEpsilon);
  const gateUp = project(graph, weights, normal, "gateUp", bias("gateUp", config.feedForwardBias));
  const [gate, up] = split(graph, gateUp, [feedForwardSize, feedForwardSize]);
  const down = project(graph, weights, swiglu(graph, gate, up), "down", bias("down", config.feedForwardBias));
  return add(graph, attended, down);
}

/** [K, D] of the residual stream -> [K, V] */
export function decoderHead(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value): Value {
  const output = weights.tensor(config.tied ? "embedding" : "head");
  return linear(graph, finalNorm(graph, config, weights, stream), output);
}

/** [K, D] of the residual stream -> [K, D] as the head reads it */
export function finalNorm(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value): Value {
  return rmsNorm(graph, stream, weights.tensor("norm"), config.normEpsilon);
}
