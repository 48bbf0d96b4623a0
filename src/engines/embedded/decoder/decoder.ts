// The decoder as graphs: blocks as Llama and Qwen have them (RMSNorm, rotary positions, grouped-query attention,
// SwiGLU) over a list of tokens, of which only the attention knows how they make up prompts and completions (attention.ts). Training,
// a prompt's first pass and sampling share every line of it. Shapes: M tokens, D hidden size, H heads, N key-value
// heads, C size of a head, V vocabulary.

import type { Adapters } from "../adapters/layout.js";
import { project, projectParts } from "../adapters/project.js";
import type { Graph, Value } from "../graph/graph.js";
import { stage } from "../graph/stage.js";
import type { DecoderConfig } from "../model/config.js";
import { add, swiglu } from "../operators/elementwise.js";
import { linear } from "../operators/matmul.js";
import { rmsNorm } from "../operators/normalization.js";
import { reshape } from "../operators/shape.js";
import { headName } from "./layout.js";
import { type Rotation, rotate, rotation } from "./rotary-tables.js";

/** What the layers compute with. */
export interface Weights {
  readonly tensor: (name: string) => Value;
  readonly adapters: Adapters | undefined;
  /** Whether so many tokens are read at once that a layer's matrices are small beside them, as in training. */
  readonly manyTokens: boolean;
}

/** The names of one layer's weights without its number. */
export function layerWeights(weights: Weights, layer: number): Weights {
  return { ...weights, tensor: (name) => weights.tensor(`${layer}.${name}`) };
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

export interface LayerOptions {
  /** Compute each layer again for its gradient instead of keeping what is in it. */
  readonly recompute?: boolean;
  /** Is shown the stream behind each layer, counted from 1. */
  readonly onLayer?: (layer: number, stream: Value) => void;
}

/**
 * The residual stream after all layers, before the last norm.
 *
 * @param x         [M, D] embedded tokens
 * @param position  [M, 1] int64, each token's place in its sequence
 */
export function decoderLayers(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  x: Value,
  position: Value,
  attend: Attend,
  { recompute = false, onLayer }: LayerOptions = {},
): Value {
  const turns = rotation(graph, config, position);
  let stream = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerWeights(weights, layer);
    const build = (entering: Value): readonly [Value] => {
      const heads = projectHeads(graph, config, own, entering, turns);
      return [finishLayer(graph, config, own, entering, attend(heads, layer))];
    };
    [stream] = stage(graph, stream, build, recompute);
    onLayer?.(layer + 1, stream);
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
  const { headSize } = config;
  const [queries, keyValue] = [config.heads * headSize, config.keyValueHeads * headSize];
  const normal = rmsNorm(graph, stream, weights.tensor("inputNorm"), config.normEpsilon);
  const names = { matrix: "attention", bias: config.bias ? "attentionBias" : undefined };
  const [query, key, value] = projectParts(graph, weights, normal, names, [queries, keyValue, keyValue]);
  const turned = (x: Value, heads: number, norm: string): Value => {
    const width = heads * headSize;
    const perHead = (): Value => reshape(graph, x, [rows, heads, headSize]);
    const normed = config.queryKeyNorm ? rmsNorm(graph, perHead(), weights.tensor(norm), config.normEpsilon) : x;
    return reshape(graph, rotate(graph, reshape(graph, normed, [rows, 1, width]), turns), [rows, width]);
  };
  return {
    query: turned(query, config.heads, "queryNorm"),
    key: turned(key, config.keyValueHeads, "keyNorm"),
    value,
  };
}

/** A layer from what its heads read. */
export function finishLayer(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value, read: Value): Value {
  const { feedForwardSize, normEpsilon } = config;
  const bias = (name: string, present: boolean): string | undefined => (present ? `${name}Bias` : undefined);
  const output = project(graph, weights, read, "attentionOutput", bias("attentionOutput", config.outputBias));
  const attended = add(graph, stream, output);
  const normal = rmsNorm(graph, attended, weights.tensor("feedForwardNorm"), normEpsilon);
  const gateUp = { matrix: "gateUp", bias: bias("gateUp", config.feedForwardBias) };
  const [gate, up] = projectParts(graph, weights, normal, gateUp, [feedForwardSize, feedForwardSize]);
  const down = project(graph, weights, swiglu(graph, gate, up), "down", bias("down", config.feedForwardBias));
  return add(graph, attended, down);
}

/** [K, D] of the residual stream -> [K, V] */
export function decoderHead(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value): Value {
  return linear(graph, finalNorm(graph, config, weights, stream), weights.tensor(headName(config)));
}

/** [K, D] of the residual stream -> [K, D] as the head reads it */
export function finalNorm(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value): Value {
  return rmsNorm(graph, stream, weights.tensor("norm"), config.normEpsilon);
}
