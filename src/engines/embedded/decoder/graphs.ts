// The graphs the engine runs: gradients of a loss, logprobs alone, a prompt's first pass, and the parts of one more
// token a row. Embedding rows are fed already gathered and their gradient is given back a row a token: sums over
// repeated tokens are made in JavaScript, in a fixed order, because ONNX Runtime's scatter does not promise one.
// Shapes as in attention.ts; K tokens to score.

import type { Loss } from "../../engine.js";
import type { Adapters } from "../adapters/layout.js";
import { gradients } from "../graph/autodiff.js";
import { Graph, type Value } from "../graph/graph.js";
import { stage } from "../graph/stage.js";
import type { DecoderConfig } from "../model/config.js";
import { matmul } from "../operators/matmul.js";
import { total } from "../operators/reduction.js";
import { concatenate, pick, transpose } from "../operators/shape.js";
import { attendPrompts, attendSequences, type BlockCounts } from "./attention.js";
import {
  type Attend,
  decoderHead,
  decoderLayers,
  finalNorm,
  finishLayer,
  layerWeights,
  projectHeads,
  type Weights,
} from "./decoder.js";
import { headLogprobs, headParts } from "./head.js";
import type { Layout } from "./layout.js";
import { type LossField, type SequenceInputs, tokenLosses } from "./losses.js";
import { rotation } from "./rotary-tables.js";
import { weightInputs } from "./weight-inputs.js";

export interface Model {
  readonly config: DecoderConfig;
  readonly layout: Layout;
  /** Where there are some, only they are trained. */
  readonly adapters?: Adapters;
  /** Rows of the head that are read at a time; what suits the vocabulary where left out. */
  readonly partRows?: number;
}

/** The output that holds a weight's gradient. */
export function gradientName(weight: string): string {
  return `gradient of ${weight}`;
}

/** Of the embedded tokens, [M, D]. */
export const EMBEDDED_GRADIENT = gradientName("embedded");

/**
 * Inputs: those of {@link logprobGraph}, tokenWeights [K] and what the loss reads: fields [K], and where it reads whole
 * sequences members [F, K] and shares [K]. Outputs: losses, logprobs and
 * entropies [K], the gradient of every trained weight that has one; `weights` are those.
 *
 * @param recompute  compute each layer again for its gradient instead of keeping what is in it
 */
export function lossGraph(
  model: Model,
  loss: Loss,
  counts: BlockCounts,
  recompute = false,
): { graph: Graph; weights: readonly string[] } {
  const graph = new Graph();
  const trained = new Map<string, Value>();
  const weights = weightInputs(graph, model, trained);
  const tracked = model.adapters === undefined;
  const { embedded, logprobs } = scores(graph, model, weights, { counts, tracked, recompute });
  const tokenWeights = graph.input("tokenWeights", ["K"]);
  const fields = new Map<LossField, Value>();
  const field = (name: LossField): Value => {
    const value = fields.get(name) ?? graph.input(name, ["K"]);
    fields.set(name, value);
    return value;
  };
  const sequences = (): SequenceInputs => ({
    members: graph.input("members", ["F", "K"]),
    shares: graph.input("shares", ["K"]),
  });
  const losses = tokenLosses(graph, { logprobs, weights: tokenWeights, field, sequences }, loss);
  graph.output(losses, "losses");
  const found = gradients(graph, total(graph, losses), [embedded, ...trained.values()]);
  const names = ["embedded", ...trained.keys()];
  for (const [index, gradient] of found.entries()) {
    if (gradient) graph.output(gradient, gradientName(names[index]));
  }
  return { graph, weights: [...trained.keys()] };
}

/**
 * Inputs: embedded [M, D], all prompts then all completions; position [M, 1]; the masks of `SequenceMasks`; prompts'
 * last tokens lastPicks [P, 1]; firsts [F, P], 1 where a completion's first token follows a prompt; picks [K - F, 1]
 * of the completions' other tokens; targets [K, 1] int32; all weights. Indices are int64. Where `counts` says that no
 * completions follow, promptCausal is the only mask and picks [K, 1] are of all scored tokens. Outputs: logprobs and
 * entropies [K].
 */
export function logprobGraph(model: Model, counts: BlockCounts): Graph {
  const graph = new Graph();
  scores(graph, model, weightInputs(graph, model), { counts, tracked: false, recompute: false });
  return graph;
}

interface ScoreOptions {
  readonly counts: BlockCounts;
  /** Whether the embedded tokens want a gradient. */
  readonly tracked: boolean;
  readonly recompute: boolean;
}

function scores(
  graph: Graph,
  { config, layout, partRows }: Model,
  weights: Weights,
  options: ScoreOptions,
): { embedded: Value; logprobs: Value } {
  const { stream, embedded } = sequenceStream(graph, config, weights, options);
  const scored = scoredRows(graph, stream, options.counts);
  const targets = graph.input("targets", ["K", 1], { type: "int32" });
  const parts = headParts(layout, config, partRows);
  // A stage, so that its gradients leave before those of the layers come.
  const [logprobs] = stage(
    graph,
    scored,
    (x) => {
      const { chosen, entropies } = headLogprobs(graph, config, weights, parts, x, targets);
      graph.output(chosen, "logprobs");
      graph.output(entropies, "entropies");
      return [chosen];
    },
    false,
  );
  return { embedded, logprobs };
}

/** The residual stream of all tokens, [P S + B U, D]. */
function sequenceStream(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  { counts: { promptBlocks, ownBlocks }, tracked, recompute }: ScoreOptions,
): { stream: Value; embedded: Value } {
  const rows = ownBlocks === 0 ? "PS" : "PSBU";
  const embedded = graph.input("embedded", [rows, config.hiddenSize], { tracked });
  const position = graph.input("position", [rows, 1], { type: "int64" });
  const promptCausal = graph.input("promptCausal", [promptBlocks === 1 ? "GS" : "Gblock", "S"]);
  const completions = (): Attend => {
    const promptMask = graph.input("promptMask", ["P", 1, 1, 1, "S"]);
    const masks = { promptCausal, promptMask, ownCausal: graph.input("ownCausal", ["GU", "U"]) };
    return attendSequences(graph, config, masks, blocks);
  };
  const blocks = { count: promptBlocks, recompute };
  const attend = ownBlocks === 0 ? attendPrompts(graph, config, { promptCausal }, () => {}, blocks) : completions();
  return { stream: decoderLayers(graph, config, weights, embedded, position, attend, { recompute }), embedded };
}

/** The rows behind which a token is scored, [K, D]. */
function scoredRows(graph: Graph, stream: Value, { ownBlocks }: BlockCounts): Value {
  const rows = (name: string, count: string): Value =>
    pick(graph, stream, graph.input(name, [count, 1], { type: "int64" }));
  if (ownBlocks === 0) return rows("picks", "K");
  // A product, exact with ones and zeros, because completions share these rows and a scatter's sum has no fixed order.
  const firsts = matmul(graph, graph.input("firsts", ["F", "P"]), rows("lastPicks", "P"));
  return concatenate(graph, [firsts, rows("picks", "others")], 0, "K");
}

/** What a pass over prompts alone is fed beside weights. */
function promptInputs(graph: Graph, { hiddenSize }: DecoderConfig, blocks: number) {
  return {
    embedded: graph.input("embedded", ["PS", hiddenSize]),
    position: graph.input("position", ["PS", 1], { type: "int64" }),
    masks: { promptCausal: graph.input("promptCausal", [blocks === 1 ? "GS" : "Gblock", "S"]) },
    picks: graph.input("picks", ["K", 1], { type: "int64" }),
  };
}

/**
 * Of prompts in so many blocks of attention. Inputs: embedded [P S, D], position, promptCausal of the last block,
 * picks [K, 1] int64, all weights. Outputs: logprobs of the whole vocabulary after each pick [K, V]; each layer's keys
 * [P, N, C, S], a channel of all tokens together, and values [P, N, S, C].
 */
export function promptGraph(model: Model, blocks = 1): Graph {
  const { config } = model;
  const graph = new Graph();
  const weights = weightInputs(graph, model);
  const { embedded, position, masks, picks } = promptInputs(graph, config, blocks);
  const keep = (layer: number, keys: Value, values: Value): void => {
    graph.output(transpose(graph, keys, [0, 1, 3, 2]), `keys ${layer}`);
    graph.output(values, `values ${layer}`);
  };
  const attend = attendPrompts(graph, config, masks, keep, { count: blocks, recompute: false });
  const stream = decoderLayers(graph, config, weights, embedded, position, attend);
  const logits = decoderHead(graph, config, weights, pick(graph, stream, picks));
  graph.output(graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } }), "logprobs");
  return graph;
}

/**
 * Inputs: those of a prompt's pass, see {@link promptGraph}. Outputs: the residual stream at each pick, `hidden l` [K, D]
 * for each layer l asked for; 0 is `embedded` itself, the last is behind the final norm.
 */
export function hiddenGraph(model: Model, layers: ReadonlySet<number>, blocks = 1): Graph {
  const { config } = model;
  const graph = new Graph();
  const weights = weightInputs(graph, model);
  const { embedded, position, masks, picks } = promptInputs(graph, config, blocks);
  const attend = attendPrompts(graph, config, masks, () => {}, { count: blocks, recompute: false });
  const show = (layer: number, stream: Value): void => {
    if (!layers.has(layer)) return;
    const picked = pick(graph, stream, picks);
    graph.output(layer === config.layers ? finalNorm(graph, config, weights, picked) : picked, `hidden ${layer}`);
  };
  show(0, embedded);
  const read = { ...config, layers: Math.max(...layers) };
  decoderLayers(graph, read, weights, embedded, position, attend, { onLayer: show });
  return graph;
}

/** Sampling's step runs the layers in parts, one more than there are layers. */
export function stepParts({ layers }: DecoderConfig): number {
  return layers + 1;
}

/**
 * One part of one more token for each row. The step is in parts because attention happens in between, outside ONNX
 * Runtime: part l finishes layer l - 1 and projects the heads of layer l, where there are such layers; the last gives
 * the probabilities [B, V]. Inputs: stream [B, D], position [B, 1] int64, what the heads read [B, H C]. Outputs: next
 * stream, query [B, H C], keys and values [B, N C].
 *
 * @param constant  gives a weight that is part of the graph; the others are inputs
 */
export function stepGraph(
  model: Model,
  part: number,
  constant: (graph: Graph, name: string) => Value | undefined,
): Graph {
  const { config } = model;
  const graph = new Graph();
  const fed = weightInputs(graph, model);
  const weights = { ...fed, tensor: (name: string) => constant(graph, name) ?? fed.tensor(name) };
  let stream = graph.input("stream", ["B", config.hiddenSize]);
  if (part > 0) {
    const read = graph.input("read", ["B", config.heads * config.headSize]);
    stream = finishLayer(graph, config, layerWeights(weights, part - 1), stream, read);
  }
  if (part === config.layers) {
    const logits = decoderHead(graph, config, weights, stream);
    graph.output(graph.emit("Softmax", [logits], logits.shape, { attributes: { axis: -1 } }), "probabilities");
    return graph;
  }
  if (part > 0) graph.output(stream, "next stream");
  const position = graph.input("position", ["B", 1], { type: "int64" });
  const turns = rotation(graph, config, position);
  const heads = projectHeads(graph, config, layerWeights(weights, part), stream, turns);
  graph.output(heads.query, "query");
  graph.output(heads.key, "keys");
  graph.output(heads.value, "values");
  return graph;
}
