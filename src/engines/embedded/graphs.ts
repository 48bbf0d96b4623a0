// The four graphs the engine runs: gradients of a loss, logprobs alone, a prompt's first pass, one more token a row.
// Embedding rows are fed already gathered and their gradient is given back a row a token: sums over repeated tokens
// are made in JavaScript, in a fixed order, because ONNX Runtime's scatter does not promise one.

import type { Loss } from "../engine.js";
import { gradients } from "./autodiff.js";
import type { DecoderConfig } from "./config.js";
import {
  attendSequence,
  attendStep,
  decoderHead,
  decoderLayers,
  type StepCache,
  stackedLength,
  type Weights,
  weightInputs,
} from "./decoder.js";
import { Graph, type Value } from "./graph.js";
import type { Layout } from "./layout.js";
import { type LossField, tokenLosses } from "./losses.js";
import { pick, tokenLogprobs, total, transpose } from "./operators.js";

export interface Model {
  readonly config: DecoderConfig;
  readonly layout: Layout;
}

/** The output that holds a weight's gradient. */
export function gradientName(weight: string): string {
  return `gradient of ${weight}`;
}

/** Of the embedded tokens, [B, T, D]. */
export const EMBEDDED_GRADIENT = gradientName("embedded");

/**
 * Inputs: embedded [B, T, D], mask, picks [K, 2] int64, targets [K, 1] int32, tokenWeights [K] and what the loss
 * reads, all weights. Outputs: losses, logprobs and entropies [K], the gradient of every weight that has one.
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

/** Like {@link lossGraph} without a loss: logprobs and entropies of the picked tokens. */
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
  const embedded = graph.input("embedded", ["B", "T", config.hiddenSize], { tracked });
  const mask = graph.input("mask", [stackedLength(config), "T"]);
  const picks = graph.input("picks", ["K", 2], { type: "int64" });
  const targets = graph.input("targets", ["K", 1], { type: "int32" });
  const start = graph.constant("int64", [1], BigInt64Array.of(0n));
  const stream = decoderLayers(graph, config, weights, embedded, start, attendSequence(graph, config, mask));
  const logits = decoderHead(graph, config, weights, pick(graph, stream, picks));
  const { chosen, all } = tokenLogprobs(graph, logits, targets);
  graph.output(chosen, "logprobs");
  const parts = graph.emit("Mul", [graph.emit("Exp", [all], all.shape), all], all.shape);
  const sums = graph.emit("ReduceSum", [parts, graph.integers([-1])], ["K"], { attributes: { keepdims: 0 } });
  graph.output(graph.emit("Neg", [sums], ["K"]), "entropies");
  return { embedded, logprobs: chosen };
}

/**
 * Inputs: embedded [B, T, D], mask, picks [K, 2] int64, all weights. Outputs: logprobs of the whole vocabulary after
 * each pick [K, V]; each layer's keys [B, N, C, T], transposed as {@link stepGraph} reads them, and values [B, N, T, C].
 */
export function promptGraph({ config, layout }: Model): Graph {
  const graph = new Graph();
  const weights = weightInputs(graph, layout, false);
  const embedded = graph.input("embedded", ["B", "T", config.hiddenSize]);
  const mask = graph.input("mask", [stackedLength(config), "T"]);
  const picks = graph.input("picks", ["K", 2], { type: "int64" });
  const start = graph.constant("int64", [1], BigInt64Array.of(0n));
  const attend = attendSequence(graph, config, mask, (layer, keys, values) => {
    graph.output(transpose(graph, keys, [0, 1, 3, 2]), `keys ${layer}`);
    graph.output(values, `values ${layer}`);
  });
  const stream = decoderLayers(graph, config, weights, embedded, start, attend);
  vocabularyOutputs(graph, decoderHead(graph, config, weights, pick(graph, stream, picks)));
  return graph;
}

/**
 * One more token for each row. Inputs: embedded [B, 1, D], position [B, 1] int64, all weights, and the cache as
 * {@link StepCache} says. Outputs: logprobs and probabilities [B, V], each layer's new keys and values [B, N, 1, C].
 */
export function stepGraph({ config, layout }: Model): Graph {
  const graph = new Graph();
  const weights = weightInputs(graph, layout, false);
  const { keyValueHeads, headSize } = config;
  const embedded = graph.input("embedded", ["B", 1, config.hiddenSize]);
  const position = graph.input("position", ["B", 1], { type: "int64" });
  const cache: StepCache = {
    grid: graph.input("grid", ["P", "R"], { type: "int32" }),
    places: graph.input("places", ["B", 2], { type: "int64" }),
    promptMask: graph.input("promptMask", ["P", 1, 1, "S"]),
    ownMask: graph.input("ownMask", [1, 1, 1, "U"]),
    layer: (layer) => ({
      promptKeys: graph.input(`promptKeys ${layer}`, ["P", keyValueHeads, headSize, "S"]),
      promptValues: graph.input(`promptValues ${layer}`, ["P", keyValueHeads, "S", headSize]),
      ownKeys: graph.input(`ownKeys ${layer}`, ["B", keyValueHeads, headSize, "U"]),
      ownValues: graph.input(`ownValues ${layer}`, ["B", keyValueHeads, "U", headSize]),
    }),
  };
  const attend = attendStep(graph, config, cache, (layer, keys, values) => {
    graph.output(keys, `keys ${layer}`);
    graph.output(values, `values ${layer}`);
  });
  const stream = decoderLayers(graph, config, weights, embedded, position, attend);
  const rows = graph.emit("Reshape", [stream, graph.integers([-1, config.hiddenSize])], ["B", config.hiddenSize]);
  vocabularyOutputs(graph, decoderHead(graph, config, weights, rows));
  return graph;
}

function vocabularyOutputs(graph: Graph, logits: Value): void {
  const logprobs = graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } });
  graph.output(logprobs, "logprobs");
  graph.output(graph.emit("Exp", [logprobs], logits.shape), "probabilities");
}
