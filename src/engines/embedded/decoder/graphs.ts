// The graphs the engine runs: gradients of a loss, logprobs alone, a prompt's first pass, and the parts of one more
// token a row. Embedding rows are fed already gathered and their gradient is given back a row a token: sums over
// repeated tokens are made in JavaScript, in a fixed order, because ONNX Runtime's scatter does not promise one.
// Shapes as in attention.ts; K tokens to score.

import type { Loss } from "../../engine.js";
import { gradients } from "../graph/autodiff.js";
import { Graph, type Value } from "../graph/graph.js";
import type { DecoderConfig } from "../model/config.js";
import { tokenLogprobs } from "../operators/logprobs.js";
import { matmul } from "../operators/matmul.js";
import { total } from "../operators/reduction.js";
import { concatenate, pick } from "../operators/shape.js";
import { attendPrompts, attendSequences } from "./attention.js";
import {
  decoderHead,
  decoderLayers,
  finalNorm,
  finishLayer,
  layerWeights,
  projectHeads,
  type Weights,
  weightInputs,
} from "./decoder.js";
import type { Layout } from "./layout.js";
import { type LossField, tokenLosses } from "./losses.js";
import { rotation } from "./rotary-tables.js";

export interface Model {
  readonly config: DecoderConfig;
  readonly layout: Layout;
}

/** The output that holds a weight's gradient. */
export function gradientName(weight: string): string {
  return `gradient of ${weight}`;
}

/** Of the embedded tokens, [M, D]. */
export const EMBEDDED_GRADIENT = gradientName("embedded");

/**
 * Inputs: those of {@link logprobGraph}, tokenWeights [K] and what the loss reads. Outputs: losses, logprobs and
 * entropies [K], the gradient of every weight that has one; `weights` are those.
 */
export function lossGraph(model: Model, loss: Loss): { graph: Graph; weights: readonly string[] } {
  const graph = new Graph();
  const used = new Map<string, Value>();
  const declare = weightInputs(graph, model.layout, true);
  const weights: Weights = (name) => {
    const value = declare(name);
    used.set(name, value);
    return value;
  };
  const { embedded, logprobs } = scores(graph, model, weights, true);
  const tokenWeights = graph.input("tokenWeights", ["K"]);
  const fields = new Map<LossField, Value>();
  const field = (name: LossField): Value => {
    const value = fields.get(name) ?? graph.input(name, ["K"]);
    fields.set(name, value);
    return value;
  };
  const losses = tokenLosses(graph, { logprobs, weights: tokenWeights, field }, loss);
  graph.output(losses, "losses");
  const found = gradients(graph, total(graph, losses), [embedded, ...used.values()]);
  const names = ["embedded", ...used.keys()];
  for (const [index, gradient] of found.entries()) {
    if (gradient) graph.output(gradient, gradientName(names[index]));
  }
  return { graph, weights: [...used.keys()] };
}

/**
 * Inputs: embedded [M, D], all prompts then all completions; position [M, 1]; the masks of `SequenceMasks`; prompts'
 * last tokens lastPicks [P, 1]; firsts [F, P], 1 where a completion's first token follows a prompt; picks [K - F, 1]
 * of the completions' other tokens; targets [K, 1] int32; all weights. Indices are int64. Outputs: logprobs and
 * entropies [K].
 */
export function logprobGraph(model: Model): Graph {
  const graph = new Graph();
  scores(graph, model, weightInputs(graph, model.layout, false), false);
  return graph;
}

function scores(
  graph: Graph,
  { config }: Model,
  weights: Weights,
  tracked: boolean,
): { embedded: Value; logprobs: Value } {
  const embedded = graph.input("embedded", ["PSBU", config.hiddenSize], { tracked });
  const position = graph.input("position", ["PSBU", 1], { type: "int64" });
  const masks = {
    promptCausal: graph.input("promptCausal", ["GS", "S"]),
    promptMask: graph.input("promptMask", ["P", 1, 1, 1, "S"]),
    ownCausal: graph.input("ownCausal", ["GU", "U"]),
  };
  const stream = decoderLayers(graph, config, weights, embedded, position, attendSequences(graph, config, masks));
  const last = pick(graph, stream, graph.input("lastPicks", ["P", 1], { type: "int64" }));
  // A product, exact with ones and zeros, because completions share these rows and a scatter's sum has no fixed order.
  const firsts = matmul(graph, graph.input("firsts", ["F", "P"]), last);
  const others = pick(graph, stream, graph.input("picks", ["others", 1], { type: "int64" }));
  const logits = decoderHead(graph, config, weights, concatenate(graph, [firsts, others], 0, "K"));
  const { chosen, all } = tokenLogprobs(graph, logits, graph.input("targets", ["K", 1], { type: "int32" }));
  graph.output(chosen, "logprobs");
  const parts = graph.emit("Mul", [graph.emit("Exp", [all], all.shape), all], all.shape);
  const sums = graph.emit("ReduceSum", [parts, graph.integers([-1])], ["K"], { attributes: { keepdims: 0 } });
  graph.output(graph.emit("Neg", [sums], ["K"]), "entropies");
  return { embedded, logprobs: chosen };
}

/**
 * Inputs: embedded [P S, D], position, promptCausal, picks [K, 1] int64, all weights. Outputs: the
 * probabilities of the whole vocabulary after each pick [K, V]; each layer's keys and values [P, N, S, C].
 */
export function promptGraph({ config, layout }: Model): Graph {
  const graph = new Graph();
  const weights = weightInputs(graph, layout, false);
  const embedded = graph.input("embedded", ["PS", config.hiddenSize]);
  const position = graph.input("position", ["PS", 1], { type: "int64" });
  const masks = { promptCausal: graph.input("promptCausal", ["GS", "S"]) };
  const attend = attendPrompts(graph, config, masks, (layer, keys, values) => {
    graph.output(keys, `keys ${layer}`);
    graph.output(values, `values ${layer}`);
  });
  const stream = decoderLayers(graph, config, weights, embedded, position, attend);
  const picks = graph.input("picks", ["K", 1], { type: "int64" });
  probabilityOutput(graph, decoderHead(graph, config, weights, pick(graph, stream, picks)));
  return graph;
}

/**
 * Inputs: those of a prompt's pass, see {@link promptGraph}. Outputs: the residual stream at each pick, `hidden l` [K, D]
 * for each layer l asked for; 0 is `embedded` itself, the last is behind the final norm.
 */
export function hiddenGraph({ config, layout }: Model, layers: ReadonlySet<number>): Graph {
  const graph = new Graph();
  const weights = weightInputs(graph, layout, false);
  const embedded = graph.input("embedded", ["PS", config.hiddenSize]);
  const position = graph.input("position", ["PS", 1], { type: "int64" });
  const attend = attendPrompts(graph, config, { promptCausal: graph.input("promptCausal", ["GS", "S"]) });
  const picks = graph.input("picks", ["K", 1], { type: "int64" });
  const show = (layer: number, stream: Value): void => {
    if (!layers.has(layer)) return;
    const picked = pick(graph, stream, picks);
    graph.output(layer === config.layers ? finalNorm(graph, config, weights, picked) : picked, `hidden ${layer}`);
  };
  show(0, embedded);
  const read = { ...config, layers: Math.max(...layers) };
  decoderLayers(graph, read, weights, embedded, position, attend, show);
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
 */
export function stepGraph({ config }: Model, part: number, weightsOf: (graph: Graph) => Weights): Graph {
  const graph = new Graph();
  const weights = weightsOf(graph);
  let stream = graph.input("stream", ["B", config.hiddenSize]);
  if (part > 0) {
    const read = graph.input("read", ["B", config.heads * config.headSize]);
    stream = finishLayer(graph, config, layerWeights(weights, part - 1), stream, read);
  }
  if (part === config.layers) {
    probabilityOutput(graph, decoderHead(graph, config, weights, stream));
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

function probabilityOutput(graph: Graph, logits: Value): void {
  graph.output(graph.emit("Softmax", [logits], logits.shape, { attributes: { axis: -1 } }), "probabilities");
}
