// How much memory the engine takes, part by part, before it runs. What is alive inside a run is counted on the graph
// itself (graph/footprint.ts); what the process around it adds was measured. It allocates nothing.

import { EngineError } from "../../core/errors.js";
import { sum } from "../../core/maths.js";
import { sizeText } from "../../core/sizes.js";
import { stackedLengths } from "./decoder/attention.js";
import { logprobGraph, lossGraph, type Model, promptGraph } from "./decoder/graphs.js";
import { hasLoneWorker } from "./decoder/layout.js";
import { trainedLayout } from "./decoder/weight-inputs.js";
import { inputBytes, type Lengths, peakBytes } from "./graph/footprint.js";
import type { Graph } from "./graph/graph.js";
import { readingLengths } from "./hidden-states.js";
import { PASS_TOKENS } from "./sampling/prompt-pass.js";
import { SHARD_TOKENS } from "./sampling/shards.js";
import {
  type BatchLimits,
  type BatchShape,
  blockCounts,
  cutBatches,
  MOST_BATCH_BYTES,
  ownBucket,
  passBlocks,
  promptBlocks,
  promptBucket,
  seatsOf,
} from "./training/batches.js";

/** ONNX Runtime's arena over what is alive in it, for what fits nowhere. Measured: 1.1 to 1.35. */
const ARENA = 1.25;
/** Node.js, this program and ONNX Runtime; and for each worker its heap and its sessions. Measured. */
const PROCESS_BYTES = 95e6;
const WORKER_BYTES = 75e6;

/** Numbers of one [B, V] when sampling: several such arrays are alive. */
const SAMPLED_LOGITS = 8_000_000;

export interface MemoryOptions {
  readonly threads: number;
  /** Tokens of one training batch, padding included. */
  readonly microBatchTokens: number;
  /** Sequences drawn at once by one worker. */
  readonly samplingRows: number;
  readonly recompute: BatchLimits["recompute"];
  /** Of the whole engine; null: as much as batches of the usual size need. */
  readonly memoryLimitBytes: number | null;
}

export interface MemoryPlan {
  readonly workers: number;
  /** Of each worker. */
  readonly threads: number;
  readonly limits: BatchLimits;
  readonly samplingRows: number;
}

/**
 * How many workers there are and how large a batch may be. Batches depend on the limit, not on the threads: where
 * workers would exceed it together there are fewer of them.
 *
 * @throws EngineError where the weights alone exceed the limit
 */
export function memoryPlan(model: Model, options: MemoryOptions): MemoryPlan {
  const { threads, memoryLimitBytes: limit, samplingRows, microBatchTokens, recompute } = options;
  const lone = hasLoneWorker(model.layout);
  const most = lone ? 1 : threads;
  const alone = total(heldParts(model, 1, false));
  // Half of what the weights leave, because scoring and sampling keep memory of their own.
  const bytes = limit === null ? MOST_BATCH_BYTES : Math.min(MOST_BATCH_BYTES, (limit - alone) / 2);
  if (bytes <= 0) {
    throw new EngineError(
      `engine.memoryLimitBytes is ${limit}, but this model needs about ${sizeText(alone)} before it computes anything: ` +
        "raise it, train adapters (engine.lora), or take a smaller model",
    );
  }
  const room = (workers: number): boolean =>
    limit === null || total(heldParts(model, workers, false)) + workers * 2 * bytes <= limit;
  let workers = most;
  while (workers > 1 && !room(workers)) workers--;
  const rows = Math.min(samplingRows, Math.max(1, Math.floor(SAMPLED_LOGITS / model.config.vocabularySize)));
  return {
    workers,
    threads: lone ? threads : 1,
    samplingRows: rows,
    limits: { tokens: microBatchTokens, bytes, cost: batchCost(model), recompute },
  };
}

/** What training on a batch of this shape takes in a worker, in bytes. */
function batchCost(model: Model): BatchLimits["cost"] {
  const graphs = new Map<string, Graph>();
  const known = new Map<string, number>();
  return (shape, recompute) => {
    const key = JSON.stringify([shape, recompute]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const counts = blockCounts(shape);
    const kind = JSON.stringify([counts, recompute]);
    const graph = graphs.get(kind) ?? lossGraph(model, { kind: "cross-entropy" }, counts, recompute).graph;
    graphs.set(kind, graph);
    const bytes = runBytes(graph, batchLengths(model, shape));
    known.set(key, bytes);
    return bytes;
  };
}

function runBytes(graph: Graph, lengths: Lengths): number {
  return ARENA * peakBytes(graph, lengths) + inputBytes(graph, lengths);
}

/** Every named dimension of the graphs that score sequences; as if a whole sequence were completion. */
function batchLengths({ config }: Model, shape: BatchShape): Lengths {
  const { prompts, promptLength, seats, ownLength } = shape;
  const sequences = prompts * seats;
  return {
    ...stackedLengths(config, { prompts, promptLength, seats, ownLength }, promptBlocks(shape)),
    P: prompts,
    S: promptLength,
    R: seats,
    U: ownLength,
    F: sequences,
    K: ownLength === 0 ? prompts * promptLength : sequences * (ownLength + 1),
    others: sequences * ownLength,
    context: promptLength + ownLength,
  };
}

export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

/** What a run asks of the engine at its largest. */
export interface Workload {
  readonly prompts: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly groupSize: number;
  /** Whether the reference policy is asked. */
  readonly reference: boolean;
}

/** The engine's memory at its peak, part by part. @throws EngineError where one sequence does not fit */
export function memoryParts(model: Model, plan: MemoryPlan, workload: Workload): readonly MemoryPart[] {
  const { workers } = plan;
  const batch = largestBatch(plan.limits, workload);
  const lengths = batchLengths(model, batch.shape);
  // Workers keep what their arenas have grown to; each has one for gradients and one for logprobs.
  const scoring = runBytes(logprobGraph(model, blockCounts(batch.shape)), lengths);
  return [
    ...heldParts(model, workers, workload.reference),
    { name: "a batch's activations and gradients", bytes: workers * plan.limits.cost(batch.shape, batch.recompute) },
    { name: "logprobs of a batch", bytes: workers * scoring },
    ...samplingParts(model, plan, workload),
  ];
}

/** What stays in memory whatever is computed. */
function heldParts(model: Model, workers: number, reference: boolean): MemoryPart[] {
  const all = model.layout.length * 4;
  const trained = trainedLayout(model).length * 4;
  const frozen = model.adapters || reference ? workers * all : 0;
  return [
    { name: "Node.js and ONNX Runtime", bytes: PROCESS_BYTES + workers * WORKER_BYTES },
    { name: model.adapters ? "adapters" : "weights", bytes: trained },
    { name: "workers' copies of what is trained", bytes: workers > 1 ? workers * trained : 0 },
    { name: model.adapters ? "frozen weights" : "reference policy", bytes: frozen },
    { name: "gradient", bytes: trained },
    // A run's results are memory of their own until the collector comes.
    { name: "gradients not yet collected", bytes: workers * trained },
    { name: "optimizer", bytes: 2 * trained },
  ];
}

/** As many of the longest sequences as the cut would put together. */
export function largestBatch(
  limits: BatchLimits,
  { promptTokens, completionTokens, groupSize }: Workload,
): { readonly shape: BatchShape; readonly recompute: boolean } {
  const most = Math.ceil(limits.tokens / completionTokens);
  const completion = new Array<number>(completionTokens).fill(0);
  const group = (first: number) => {
    const prompt = new Array<number>(promptTokens).fill(0).with(0, first);
    return Array.from({ length: Math.min(groupSize, most) }, () => ({ prompt, completion }));
  };
  const groups = Math.ceil(limits.tokens / (promptTokens + completionTokens));
  const sequences = Array.from({ length: groups }, (_, first) => group(first)).flat();
  const batches = cutBatches(sequences, [...sequences.keys()], limits);
  const costs = batches.map(({ groups, promptLength, ownLength, recompute }) => {
    const shape = { prompts: groups.length, promptLength, seats: seatsOf({ groups, ownLength }), ownLength };
    return { shape, recompute, bytes: limits.cost(shape, recompute) };
  });
  return costs.reduce((a, b) => (b.bytes > a.bytes ? b : a));
}

function samplingParts(model: Model, plan: MemoryPlan, workload: Workload): MemoryPart[] {
  const { config } = model;
  const { workers, samplingRows } = plan;
  const { promptTokens, completionTokens, groupSize } = workload;
  const promptLength = promptBucket(promptTokens);
  const rows = Math.min(samplingRows, workload.prompts * groupSize);
  const within = (tokens: number): number =>
    Math.max(1, Math.min(Math.ceil(rows / groupSize), Math.floor(tokens / promptLength)));
  const prompts = within(PASS_TOKENS);
  const blocks = passBlocks(promptLength);
  const lengths = {
    ...readingLengths(config, prompts, promptLength),
    S: promptLength,
    K: Math.max(2, prompts),
    context: promptLength,
  };
  const perToken = 2 * config.layers * config.keyValueHeads * config.headSize * 4;
  const cached = within(SHARD_TOKENS) * promptLength + rows * ownBucket(completionTokens + 1);
  const outputs = 4 * rows * config.vocabularySize * 4;
  return [
    { name: "weights packed for sampling", bytes: workers * model.layout.length * 4 },
    { name: "prompts read for sampling", bytes: workers * runBytes(promptGraph(model, blocks), lengths) },
    { name: "key-value cache", bytes: workers * cached * perToken },
    { name: "sampling's outputs", bytes: workers * outputs },
  ];
}

function total(parts: readonly MemoryPart[]): number {
  return sum(parts.map(({ bytes }) => bytes));
}
