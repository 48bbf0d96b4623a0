// One more token for each row as a single graph, its keys and values resident, and the draw of a token on the device,
// so that a step brings back two numbers a row. The processor's step is in parts (decoder/graphs.ts) because its
// cache lies in WebAssembly. Shapes as in decoder/attention.ts; T tokens of a row so far, its prompt's padding among them.

import { decoderHead, decoderLayers } from "../decoder/decoder.js";
import type { Model } from "../decoder/graphs.js";
import { weightInputs } from "../decoder/weight-inputs.js";
import { Graph, type Value } from "../graph/graph.js";
import { add } from "../operators/elementwise.js";
import { matmul } from "../operators/matmul.js";
import { softmax } from "../operators/normalization.js";
import { concatenate, reshape } from "../operators/shape.js";

/**
 * Inputs: embedded [B, D]; position [B, 1] int64; mask [B, 1, 1, T + 1] additive; each layer's `keys l` [B, N, C, T]
 * and `values l` [B, N, T, C]; all weights. Outputs: logprobs [B, V]; `next keys l` and `next values l`, one longer.
 */
export function residentStepGraph(model: Model): Graph {
  const { config } = model;
  const { heads, keyValueHeads, headSize } = config;
  const graph = new Graph();
  const weights = weightInputs(graph, model);
  const embedded = graph.input("embedded", ["B", config.hiddenSize]);
  const position = graph.input("position", ["B", 1], { type: "int64" });
  const mask = graph.input("mask", ["B", 1, 1, "context"]);
  const stream = decoderLayers(graph, config, weights, embedded, position, ({ query, key, value }, layer) => {
    const grown = (name: string, added: Value, axis: number): Value => {
      const past = graph.input(`${name} ${layer}`, added.shape.with(axis, "past"));
      const result = concatenate(graph, [past, added], axis, "context");
      graph.output(result, `next ${name} ${layer}`);
      return result;
    };
    const keys = grown("keys", reshape(graph, key, ["B", keyValueHeads, headSize, 1]), 3);
    const values = grown("values", reshape(graph, value, ["B", keyValueHeads, 1, headSize]), 2);
    const queries = reshape(graph, query, ["B", keyValueHeads, heads / keyValueHeads, headSize]);
    const scores = add(graph, matmul(graph, queries, keys, { scale: 1 / Math.sqrt(headSize) }), mask);
    return reshape(graph, matmul(graph, softmax(graph, scores), values), ["B", heads * headSize]);
  });
  const logits = decoderHead(graph, config, weights, stream);
  graph.output(graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } }), "logprobs");
  return graph;
}

/** Lines of x [L, ...] by their numbers: lines [B] int32 -> [B, ...]. */
export function linesGraph(): Graph {
  const graph = new Graph();
  const x = graph.input("x", ["L", "a", "b", "c"]);
  const lines = graph.input("lines", ["B"], { type: "int32" });
  graph.output(graph.emit("Gather", [x, lines], ["B", "a", "b", "c"]), "result");
  return graph;
}

/** Tokens whose masses are summed by one product. */
const BLOCK = 256;

/** ONNX's numbers for types. */
const INT32 = 6;

/**
 * For each row the first token at which the sum of masses passes uniform * their total, a token of no mass never: the
 * rule of sampling/draw.ts. The running sums are products with triangles of ones, in blocks, because a running sum over
 * a large vocabulary is slow on the device.
 *
 * Inputs: logprobs [L, V]; lines [B] int32, the one that each row draws from; uniform [B, 1] in [0, 1); inverse [B, 1],
 * 1 / temperature. Outputs: tokens [B, 1] int32; drawn [B, 1], the token's logprob at temperature 1.
 */
export function drawGraph(vocabulary: number): Graph {
  const graph = new Graph();
  const all = graph.input("logprobs", ["L", vocabulary]);
  const logprobs = graph.emit("Gather", [all, graph.input("lines", ["B"], { type: "int32" })], ["B", vocabulary]);
  const uniform = graph.input("uniform", ["B", 1]);
  const sharpened = graph.emit("Mul", [logprobs, graph.input("inverse", ["B", 1])], ["B", vocabulary]);
  const blocks = Math.ceil(vocabulary / BLOCK);
  const width = blocks * BLOCK;
  const masses = padded(graph, softmax(graph, sharpened), width - vocabulary);
  const sums = runningSums(graph, reshape(graph, masses, ["B", blocks, BLOCK]));
  const positive = graph.emit("Greater", [masses, graph.scalar(0)], ["B", width], { type: "bool" });
  const flat = graph.emit("Where", [positive, reshape(graph, sums, ["B", width]), graph.scalar(0)], ["B", width]);
  const last = { attributes: { keepdims: 1 } };
  const total = graph.emit("ReduceMax", [flat, graph.integers([-1])], ["B", 1], last);
  const threshold = graph.emit("Mul", [uniform, total], ["B", 1]);
  const passed = graph.emit("Greater", [flat, threshold], ["B", width], { type: "bool" });
  const numbers = graph.constant(
    "float32",
    [1, width],
    Float32Array.from({ length: width }, (_, token) => token),
  );
  const candidates = graph.emit("Where", [passed, numbers, graph.scalar(width)], ["B", width]);
  const first = graph.emit("ReduceMin", [candidates, graph.integers([-1])], ["B", 1], last);
  const tokens = graph.emit("Cast", [first], ["B", 1], { attributes: { to: INT32 }, type: "int32" });
  graph.output(tokens, "tokens");
  graph.output(graph.emit("GatherElements", [logprobs, tokens], ["B", 1], { attributes: { axis: 1 } }), "drawn");
  return graph;
}

/** [B, V] -> [B, V + extra], nothing added */
function padded(graph: Graph, x: Value, extra: number): Value {
  if (extra === 0) return x;
  const shape = [x.shape[0], (x.shape[1] as number) + extra];
  return graph.emit("Pad", [x, graph.integers([0, 0, 0, extra]), graph.scalar(0)], shape);
}

/** [B, n, c] -> the sum up to and with each, in order of blocks and within them */
function runningSums(graph: Graph, x: Value): Value {
  const [rows, blocks, block] = x.shape as [string, number, number];
  const within = matmul(graph, x, triangle(graph, block, 0));
  const totals = graph.emit("ReduceSum", [x, graph.integers([-1])], [rows, blocks], { attributes: { keepdims: 0 } });
  const before = matmul(graph, totals, triangle(graph, blocks, 1));
  return graph.emit("Add", [within, reshape(graph, before, [rows, blocks, 1])], x.shape);
}

/** [size, size]: 1 where the column is at least `distance` behind the row */
function triangle(graph: Graph, size: number, distance: number): Value {
  const data = Float32Array.from({ length: size * size }, (_, at) =>
    (at % size) - Math.floor(at / size) >= distance ? 1 : 0,
  );
  return graph.constant("float32", [size, size], data);
}
