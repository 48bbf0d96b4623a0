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
import { concatenate, pick, transpose } from "../operators/shape.js";
import { attendPrompts, attendSequences, attendStep, type StepCache } from "./attention.js";
import {
  decoderHead,
  decoderLayers,
  finalNorm,
  finishLayer,
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
 * Inputs: embedded [P S, D], position, promptCausal, picks [K, 1] int64, all weights. Outputs: logprobs and
 * probabilities of the whole vocabulary after each pick [K, V]; each layer's keys [P, N, C, S], transposed as
 * `StepCache` wants them, and values [P, N, S, C].
 */
export function promptGraph({ config, layout }: Model): Graph {
  const graph = new Graph();
  const weights = weightInputs(graph, layout, false);
  const embedded = graph.input("embedded", ["PS", config.hiddenSize]);
  const position = graph.input("position", ["PS", 1], { type: "int64" });
  const masks = { promptCausal: graph.input("promptCausal", ["GS", "S"]) };
  const attend = attendPrompts(graph, config, masks, (layer, keys, values) => {
    graph.output(transpose(graph, keys, [0, 1, 3, 2]), `keys ${layer}`);
    graph.output(values, `values ${layer}`);
  });
  const stream = decoderLayers(graph, config, weights, embedded, position, attend);
  const picks = graph.input("picks", ["K", 1], { type: "int64" });
  vocabularyOutputs(graph, decoderHead(graph, config, weights, pick(graph, stream, picks)));
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

/** What the parts of a step call the weights of the layer they begin, beside those of the layer they finish. */
export const NEXT_LAYER = "next.";

/**
 * One more token for each row, in parts, because a layer's new keys and values join the cache before its attention:
 * `enter` projects the first layer's heads, `advance` finishes a layer and projects the next one's, `leave` finishes
 * the last and gives logprobs and probabilities [B, V]. Inputs: stream [B, D], position [B, 1] int64,
 * query [B, H C], the cache as `StepCache` says, weights of the layers concerned without their numbers. Outputs: next
 * stream, next query, keys and values [B, N C].
 */
export function stepGraphs(model: Model): Record<"enter" | "advance" | "leave", Graph> {
  const { config } = model;
  const enter = new Graph();
  projectOutputs(enter, model, layerInputs(enter, model, NEXT_LAYER), enter.input("stream", ["B", config.hiddenSize]));
  const advance = new Graph();
  const stream = finishedStream(advance, model);
  advance.output(stream, "next stream");
  projectOutputs(advance, model, layerInputs(advance, model, NEXT_LAYER), stream);
  const leave = new Graph();
  const weights = weightInputs(leave, model.layout, false);
  vocabularyOutputs(leave, decoderHead(leave, config, weights, finishedStream(leave, model)));
  return { enter, advance, leave };
}

/** Weights of any one layer: all have the shapes of the first. */
function layerInputs(graph: Graph, { layout }: Model, prefix: string): Weights {
  const declared = new Map<string, Value>();
  return (name) => {
    const shape = layout.tensors.find((tensor) => tensor.name === `0.${name}`)?.shape ?? [];
    const value = declared.get(name) ?? graph.input(prefix + name, shape);
    declared.set(name, value);
    return value;
  };
}

function projectOutputs(graph: Graph, { config }: Model, weights: Weights, stream: Value): void {
  const position = graph.input("position", ["B", 1], { type: "int64" });
  const heads = projectHeads(graph, config, weights, stream, rotation(graph, config, position));
  graph.output(heads.query, "next query");
  graph.output(heads.key, "keys");
  graph.output(heads.value, "values");
}

function finishedStream(graph: Graph, model: Model): Value {
  const { config } = model;
  const { keyValueHeads, headSize } = config;
  const stream = graph.input("stream", ["B", config.hiddenSize]);
  const query = graph.input("query", ["B", config.heads * headSize]);
  const cache: StepCache = {
    grid: graph.input("grid", ["P", "R"], { type: "int32" }),
    places: graph.input("places", ["B", 2], { type: "int64" }),
    promptMask: graph.input("promptMask", ["P", 1, 1, "S"]),
    ownMask: graph.input("ownMask", [1, 1, 1, "U"]),
    promptKeys: graph.input("promptKeys", ["P", keyValueHeads, headSize, "S"]),
    promptValues: graph.input("promptValues", ["P", keyValueHeads, "S", headSize]),
    ownKeys: graph.input("ownKeys", ["B", keyValueHeads, headSize, "U"]),
    ownValues: graph.input("ownValues", ["B", keyValueHeads, "U", headSize]),
  };
  return finishLayer(graph, config, layerInputs(graph, model, ""), stream, attendStep(graph, config, query, cache));
}

function vocabularyOutputs(graph: Graph, logits: Value): void {
  const logprobs = graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } });
  graph.output(logprobs, "logprobs");
  graph.output(graph.emit("Exp", [logprobs], logits.shape), "probabilities");
}
