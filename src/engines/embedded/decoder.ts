// The decoder as graphs: Qwen2 and Llama blocks (RMSNorm, rotary positions, grouped-query attention, SwiGLU) over
// whole sequences, for training and for a prompt's first pass, and over one new token a row, for sampling. Both share
// every line but the attention, so the sampler's logprobs are the trainer's. Shapes: B rows, T tokens, D hidden size,
// H heads, N key-value heads, C size of a head, V vocabulary.

import type { DecoderConfig } from "./config.js";
import type { Dimension, Graph, Shape, Value } from "./graph.js";
import type { Layout } from "./layout.js";
import {
  add,
  concatenate,
  linear,
  matmul,
  type RotaryTables,
  reshape,
  rmsNorm,
  rotary,
  softmax,
  split,
  swiglu,
  transpose,
} from "./operators.js";

/** Added to the score of what may not be seen; exp of it is 0 in f32. */
export const MASKED = -1e9;

export type Weights = (name: string) => Value;

/** The weights as inputs of the graph, declared when first asked for, so that an update needs no new session. */
export function weightInputs(graph: Graph, layout: Layout, tracked: boolean): Weights {
  const declared = new Map<string, Value>();
  return (name) => {
    const known = declared.get(name);
    if (known) return known;
    const tensor = layout.tensors.find((candidate) => candidate.name === name);
    if (!tensor) throw new RangeError(`no weight "${name}" in this layout`);
    const value = graph.input(name, tensor.shape, { tracked });
    declared.set(name, value);
    return value;
  };
}

export interface HeadTensors {
  /** [B, T, H C] after the rotation */
  readonly query: Value;
  /** [B, T, N C] after the rotation */
  readonly key: Value;
  /** [B, T, N C] */
  readonly value: Value;
}

/** From a layer's queries, keys and values to what its heads read, [B, T, H C]. */
export type Attend = (heads: HeadTensors, layer: number) => Value;

/**
 * The residual stream after all layers, before the last norm.
 *
 * @param x         [B, T, D] embedded tokens
 * @param position  [1] position of every row's first token, or [B, T]
 */
export function decoderLayers(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  x: Value,
  position: Value,
  attend: Attend,
): Value {
  const tables = rotaryTables(graph, config);
  const query = config.heads * config.headSize;
  const keyValue = config.keyValueHeads * config.headSize;
  let stream = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const weight: Weights = (name) => weights(`${layer}.${name}`);
    const normal = rmsNorm(graph, stream, weight("inputNorm"), config.normEpsilon);
    const bias = config.bias ? weight("attentionBias") : undefined;
    const projected = linear(graph, normal, weight("attention"), bias);
    const [rotating, value] = split(graph, projected, [query + keyValue, keyValue]) as [Value, Value];
    const rotated = rotary(graph, rotating, position, tables);
    const [queries, key] = split(graph, rotated, [query, keyValue]) as [Value, Value];
    const read = attend({ query: queries, key, value }, layer);
    stream = add(graph, stream, linear(graph, read, weight("attentionOutput")));
    const inner = rmsNorm(graph, stream, weight("feedForwardNorm"), config.normEpsilon);
    const { feedForwardSize } = config;
    const [gate, up] = split(graph, linear(graph, inner, weight("gateUp")), [feedForwardSize, feedForwardSize]) as [
      Value,
      Value,
    ];
    stream = add(graph, stream, linear(graph, swiglu(graph, gate, up), weight("down")));
  }
  return stream;
}

/** [K, D] of the residual stream -> [K, V] */
export function decoderHead(graph: Graph, config: DecoderConfig, weights: Weights, stream: Value): Value {
  const normal = rmsNorm(graph, stream, weights("norm"), config.normEpsilon);
  return linear(graph, normal, weights(config.tied ? "embedding" : "head"));
}

/** cos and sin of position * theta^(-2 i / C), [context, C / 2]      (RoFormer, eq. 15) */
function rotaryTables(graph: Graph, config: DecoderConfig): RotaryTables {
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

/**
 * Causal attention over whole sequences. The query heads that share a key-value head are stacked along T, so nothing
 * is repeated.
 *
 * @param mask   [H/N T, T] from {@link causalMask}
 * @param onKeys called with keys [B, N, T, C] and values [B, N, T, C] of each layer
 */
export function attendSequence(
  graph: Graph,
  config: DecoderConfig,
  mask: Value,
  onKeys: (layer: number, keys: Value, values: Value) => void = () => {},
): Attend {
  const { heads, keyValueHeads, headSize } = config;
  return ({ query, key, value }, layer) => {
    const [rows, length] = query.shape as [Dimension, Dimension];
    const [stacked] = mask.shape as [Dimension];
    const split4 = (x: Value, count: number): Value =>
      transpose(graph, reshape(graph, x, [rows, length, count, headSize]), [0, 2, 1, 3]);
    const queries = reshape(graph, split4(query, heads), [rows, keyValueHeads, stacked, headSize]);
    const keys = split4(key, keyValueHeads);
    const values = split4(value, keyValueHeads);
    onKeys(layer, keys, values);
    const scores = matmul(graph, queries, keys, { transposeB: true, scale: 1 / Math.sqrt(headSize) });
    const read = matmul(graph, softmax(graph, add(graph, scores, mask)), values);
    const joined = transpose(graph, reshape(graph, read, [rows, heads, length, headSize]), [0, 2, 1, 3]);
    return reshape(graph, joined, [rows, length, heads * headSize]);
  };
}

/** The name of the stacked axis of {@link attendSequence}: T times the query heads of a key-value head. */
export function stackedLength(config: DecoderConfig): string {
  return config.heads === config.keyValueHeads ? "T" : "stackedT";
}

/** [H/N T, T]: 0 where a position may be seen, {@link MASKED} where not. */
export function causalMask(config: DecoderConfig, length: number): Float32Array {
  const copies = config.heads / config.keyValueHeads;
  const mask = new Float32Array(copies * length * length);
  for (let row = 0; row < copies * length; row++) {
    mask.fill(MASKED, row * length + (row % length) + 1, (row + 1) * length);
  }
  return mask;
}

export interface StepCache {
  /** [P, R] int32: for each prompt, which rows of the batch continue it; spare places hold any row. */
  readonly grid: Value;
  /** [B, 2] int64: where in the grid each row is. */
  readonly places: Value;
  /** [P, 1, 1, S] additive */
  readonly promptMask: Value;
  /** [1, 1, 1, U] additive */
  readonly ownMask: Value;
  /** A layer's prompt keys [P, N, C, S] and values [P, N, S, C], own keys [B, N, C, U] and values [B, N, U, C]. */
  readonly layer: (layer: number) => { promptKeys: Value; promptValues: Value; ownKeys: Value; ownValues: Value };
}

/**
 * Attention of one new token a row over its prompt, which all rows that continue it share, the tokens drawn since,
 * and itself. Sharing reads a prompt's keys once for all its rows, as one matrix product: memory is what limits
 * sampling. (The idea is Hydragen's, Juravsky et al. 2024.)
 *
 * @param onKeys called with the new keys and values [B, N, 1, C] of each layer
 */
export function attendStep(
  graph: Graph,
  config: DecoderConfig,
  cache: StepCache,
  onKeys: (layer: number, keys: Value, values: Value) => void,
): Attend {
  const { heads, keyValueHeads, headSize } = config;
  const group = heads / keyValueHeads;
  const scale = 1 / Math.sqrt(headSize);
  const [prompts, seats] = cache.grid.shape as [Dimension, Dimension];
  const stacked = group === 1 ? seats : "stackedR";
  const promptLength = cache.promptMask.shape[3];
  const ownLength = cache.ownMask.shape[3];
  const swap = [0, 2, 1, 3, 4];
  /** [B, N, H/N, X] in batch order -> [P, N, R H/N, X] in grid order */
  const toGrid = (x: Value): Value => {
    const width = x.shape[3];
    const seated = graph.emit("Gather", [x, cache.grid], [prompts, seats, ...x.shape.slice(1)]);
    return reshape(graph, transpose(graph, seated, swap), [prompts, keyValueHeads, stacked, width]);
  };
  const toRows = (x: Value, rows: Dimension): Value => {
    const width = x.shape[3];
    const seated = transpose(graph, reshape(graph, x, [prompts, keyValueHeads, seats, group, width]), swap);
    return graph.emit("GatherND", [seated, cache.places], [rows, keyValueHeads, group, width]);
  };
  return ({ query, key, value }, layer) => {
    const rows = query.shape[0];
    const { promptKeys, promptValues, ownKeys, ownValues } = cache.layer(layer);
    const queries = reshape(graph, query, [rows, keyValueHeads, group, headSize]);
    const keys = reshape(graph, key, [rows, keyValueHeads, 1, headSize]);
    const values = reshape(graph, value, [rows, keyValueHeads, 1, headSize]);
    onKeys(layer, keys, values);
    const shape = (width: Dimension): Shape => [rows, keyValueHeads, group, width];
    const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], shape(headSize));

    const seen = add(graph, matmul(graph, toGrid(queries), promptKeys, { scale }), cache.promptMask);
    const own = add(graph, matmul(graph, queries, ownKeys, { scale }), cache.ownMask);
    const itself = graph.emit(
      "Mul",
      [
        graph.emit("ReduceSum", [each("Mul", queries, keys), graph.integers([-1])], shape(1), {
          attributes: { keepdims: 1 },
        }),
        graph.scalar(scale),
      ],
      shape(1),
    );
    const scores = concatenate(graph, [toRows(seen, rows), own, itself], shape("context"));
    const shares = split(graph, softmax(graph, scores), [promptLength, ownLength, 1]) as [Value, Value, Value];
    const fromPrompt = toRows(matmul(graph, toGrid(shares[0]), promptValues), rows);
    const fromOwn = matmul(graph, shares[1], ownValues);
    const read = each("Add", each("Add", fromPrompt, fromOwn), each("Mul", shares[2], values));
    return reshape(graph, read, [rows, 1, heads * headSize]);
  };
}
