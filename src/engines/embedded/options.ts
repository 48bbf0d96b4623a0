// What the embedded engine is opened with, and what follows from it before any weight is read.

import { availableParallelism } from "node:os";
import { adaptersOf, type LoraOptions } from "./adapters/layout.js";
import type { Model } from "./decoder/graphs.js";
import { layoutOf } from "./decoder/layout.js";
import type { Device } from "./devices.js";
import { type MemoryOptions, type MemoryPlan, memoryPlan } from "./memory-model.js";
import type { DecoderConfig } from "./model/config.js";

export interface EmbeddedOptions {
  /** A model folder in Hugging Face's layout. Its files must stay: the reference is read when it is first asked for. */
  readonly model: string;
  /** What computes; the processor by default. */
  readonly device?: Device;
  /** Processor threads to use, all by default; the results' bits do not depend on it, above 20M weights up to two. */
  readonly threads?: number;
  /** Tokens of one training batch, padding included. */
  readonly microBatchTokens?: number;
  /** Sequences drawn at once by one worker. */
  readonly samplingRows?: number;
  /** Compute layers again for their gradients, to save memory: where a sequence does not fit otherwise by default. */
  readonly recompute?: MemoryOptions["recompute"];
  /** Of the whole engine; without it, what batches of the usual size need. */
  readonly memoryLimitBytes?: number | null;
  /** Train adapters beside frozen weights instead of the weights; their first numbers come from the seed. */
  readonly lora?: (LoraOptions & { readonly seed: string | number }) | null;
}

const DEFAULT_MICRO_BATCH_TOKENS = 1024;
const DEFAULT_SAMPLING_ROWS = 64;

/** @throws EngineError where the model exceeds the options' limit */
export function planEmbedded(config: DecoderConfig, options: EmbeddedOptions): { model: Model; plan: MemoryPlan } {
  const layout = layoutOf(config);
  const { lora, device = "cpu" } = options;
  // Tensors on a device have no views: there the head is read whole.
  const whole = device === "cpu" ? {} : { partRows: config.vocabularySize };
  const model = { config, layout, ...whole, ...(lora && { adapters: adaptersOf(layout, lora) }) };
  const plan = memoryPlan(model, {
    // One worker has the graphics processor to itself.
    threads: device === "webgpu" ? 1 : (options.threads ?? availableParallelism()),
    microBatchTokens: options.microBatchTokens ?? DEFAULT_MICRO_BATCH_TOKENS,
    samplingRows: options.samplingRows ?? DEFAULT_SAMPLING_ROWS,
    recompute: options.recompute ?? "auto",
    memoryLimitBytes: options.memoryLimitBytes ?? null,
  });
  return { model, plan };
}
