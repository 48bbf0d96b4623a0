// What a model folder would take to train on this machine, from its config.json alone: no weights are read, no worker
// starts. Memory is counted by memory-model.ts; here is its sum with the arithmetic.

import { resolve } from "node:path";
import { trainedLayout } from "./decoder/weight-inputs.js";
import { largestBatch, type MemoryPart, memoryParts, type Workload } from "./memory-model.js";
import { readConfig } from "./model/config.js";
import { type EmbeddedOptions, planEmbedded } from "./options.js";

export interface EngineEstimate {
  readonly parameters: number;
  readonly trainedParameters: number;
  readonly workers: number;
  readonly memory: readonly MemoryPart[];
  /** The largest batch of one gradient. */
  readonly batch: { readonly sequences: number; readonly tokens: number; readonly recompute: boolean };
  /** Floating point operations of one token at half the context: the forward pass, and forward with gradients. */
  readonly forwardFlopsPerToken: number;
  readonly gradientFlopsPerToken: number;
}

/** @throws EngineError naming the key or file, or what does not fit */
export function estimateEmbedded(options: EmbeddedOptions, workload: Workload): EngineEstimate {
  const config = readConfig(resolve(options.model));
  const { model, plan } = planEmbedded(config, options);
  const { shape, recompute } = largestBatch(plan.limits, workload);
  const { layout } = model;
  const rows = layout.tensors.filter(({ name, shape }) => shape.length > 1 && (config.tied || name !== "embedding"));
  const products = rows.reduce((sum, { length }) => sum + 2 * length, 0);
  const context = (workload.promptTokens + workload.completionTokens) / 2;
  // Scores and values: two products of the context's length for each head.
  const attention = 4 * config.layers * config.heads * config.headSize * context;
  const forwardFlopsPerToken = products + attention;
  return {
    parameters: layout.parameters,
    trainedParameters: trainedLayout(model).parameters,
    workers: plan.workers,
    memory: memoryParts(model, plan, workload),
    batch: {
      sequences: shape.prompts * Math.max(1, shape.seats),
      tokens: shape.prompts * (shape.promptLength + shape.seats * shape.ownLength),
      recompute,
    },
    forwardFlopsPerToken,
    gradientFlopsPerToken: forwardFlopsPerToken * (recompute ? 4 : 3),
  };
}
