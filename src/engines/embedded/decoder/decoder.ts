// The decoder as graphs: Qwen2 and Llama blocks (RMSNorm, rotary positions, grouped-query attention, SwiGLU) over a
// list of tokens, of which only the attention knows how they make up prompts and completions (attention.ts). Training,
// a prompt's first pass and sampling share every line of it. Shapes: M tokens, D hidden size, H heads, N key-value
// heads, C size of a head, V vocabulary.

import type { Graph, Value } from "../graph/graph.js";
import { stage } from "../graph/stage.js";
import type { DecoderConfig } from "../model/config.js";
import { add, swiglu } from "../operators/elementwise.js";
import { linear } from "../operators/matmul.js";
import { rmsNorm } from "../operators/normalization.js";
import { type RotaryTables, rotary } from "../operators/rotary.js";
import { reshape, split } from "../operators/shape.js";
import type { Layout } from "./layout.js";

export type Weights = (name: string) => Value;

/** The weights as inputs of the graph, declared when first asked for, so that an update needs no new session. */
export function weightInputs(graph: Graph, tensors: Layout["tensors"], tracked: boolean): Weights {
  const declared = new Map<string, Value>();
  return (name) => {
    const known = declared.get(name);
    if (known) return known;
    const tensor = tensors.find((candidate) => candidate.name === name);
    if (!tensor) throw new RangeError(`no weight "${name}" in this layout`);
    const value = graph.input(name, tensor.shape, { tracked });
    declared.set(name, value);
    return value;
  };
}

/** The names of one layer's weights without its number. */
function layerWeights(weights: Weights, layer: number): Weights {
  return (name) => weights(`${layer}.${name}`);
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
 * @param savesMemory  computes each layer a second time for its gradient instead of keeping what is in it
 */
export function decoderLayers(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  x: Value,
  position: Value,
  attend: Attend,
  savesMemory = false,
): Value {
  const tables = rotaryTables(graph, config);
  let stream = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerWeights(weights, layer);
    const build = (entering: Value): readonly [Value] => {
      const heads = projectHeads(graph, config, own, entering, position, tables);
      return [finishLayer(graph, config, own, entering, attend(heads, layer))];
    };
    [stream] = stage(graph, stream, build, savesMemory);
  }
  return stream;
}

/** A layer up to its attention. */
export function projectHeads(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  stream: Value,
  position: Value,
  tables: RotaryTables,
): HeadTensors {
  const rows = stream.shape[0];
  const query = config.heads * config.headSize;
  const keyValue = config.keyValueHeads * config.headSize;
  const normal = rmsNorm(graph, stream, weights("inputNorm"), config.normEpsilon);
  const bias = config.bias ? weights("attentionBias") : undefined;
  const projected = linear(graph, normal, weights("attention"), bias);
  const [rotating, value] = split(graph, projected, [query + keyValue, keyValue]);
  const sequence = reshape(graph, rotating, [rows, 1, query + keyValue]);
  const rotated = reshape(graph, rotary(graph, sequence, position, tables), [rows, query + keyValue]);
  const [queries, key] = split(graph, rotated, [query, keyValue]);
  return { query: queries, key, value };
}

/** A layer from what its heads read. */
export function finishLayer(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value, read: Value): Value {
  const { feedForwardSize, normEpsilon } = config;
  const attended = add(graph, stream, linear(graph, read, weights("attentionOutput")));
  const normal = rmsNorm(graph, attended, weights("feedForwardNorm"), normEpsilon);
  const [gate, up] = split(graph, linear(graph, normal, weights("gateUp")), [feedForwardSize, feedForwardSize]);
  return add(graph, attended, linear(graph, swiglu(graph, gate, up), weights("down")));
}

/** cos and sin of position * theta^(-2 i / C), [context, C / 2]      (RoFormer, eq. 15) */
export function rotaryTables(graph: Graph, config: DecoderConfig): RotaryTables {
  const { contextLength, headSize, ropeTheta } = config;
  const half = headSize / 2;
  const table = (of: (angle: number) => number): Value => {
    const data = new Float32Array(contextLength * half);
    for (let position = 0; position < contextLength; position++) {
      for (let i = 0; i < half; i++) {
        data[position * half + i] = of(position * ropeTheta ** ((-2 * i) / headSize));
      }
    }
    return graph.constant("float32", [contextLength, half], data);
  };
  return { cosine: table(Math.cos), sine: table(Math.sin), negativeSine: table((angle) => -Math.sin(angle)) };
}
