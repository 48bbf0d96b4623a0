// What a run would take, from its config and the model's config.json: memory part by part, and the arithmetic of a
// step. It starts nothing and reads no weights.

import { totalmem } from "node:os";
import { sum } from "../core/maths.js";
import { type EngineEstimate, estimateEmbedded } from "../engines/embedded/estimate.js";
import type { MemoryPart } from "../engines/embedded/memory-model.js";
import type { EmbeddedOptions } from "../engines/embedded/options.js";
import { bundled } from "./bundled.js";
import type { Config } from "./config/schema.js";

/** A judge worker with its Python, after some programs. Measured for the wasm engine, the larger one. */
const JUDGE_BYTES = 290e6;
/** A token of a rollout as it is kept until the step is written: ids, logprobs, text, record. */
const BYTES_PER_TOKEN = 100;

export interface RunEstimate extends Omit<EngineEstimate, "memory"> {
  readonly memory: readonly MemoryPart[];
  readonly totalBytes: number;
  /** What the machine, or the container, has. */
  readonly machineBytes: number;
  /** Also within engine.memoryLimitBytes, where that is set. */
  readonly fits: boolean;
  /** Floating point operations of a step in which every completion is as long as it may be. */
  readonly stepFlops: number;
}

export function engineOptions({ engine, seed }: Config): EmbeddedOptions {
  const { kind: _, model, lora, ...options } = engine;
  return { ...options, model: bundled(model, "model"), lora: lora && { ...lora, seed } };
}

/** @throws EngineError where the model cannot be read, or where not one sequence fits */
export function estimateRun(config: Config): RunEstimate {
  const { prompts, rollouts, policy, judge } = config;
  const reference = policy.klCoefficient > 0;
  // Sampling, and what rescore.ts asks for.
  const passes = 1 + Number(reference) + Number(policy.importance !== null);
  const { memory, ...engine } = estimateEmbedded(engineOptions(config), {
    prompts: rollouts.prompts,
    promptTokens: prompts.maximumTokens,
    completionTokens: rollouts.maximumTokens,
    groupSize: rollouts.groupSize,
    reference,
  });
  const completions = rollouts.prompts * rollouts.groupSize * rollouts.maximumTokens;
  const parts = [
    ...memory,
    { name: "judge workers", bytes: judge.workers * JUDGE_BYTES },
    { name: "rollouts of a step", bytes: completions * BYTES_PER_TOKEN },
  ];
  const bytesOf = (of: readonly MemoryPart[]): number => sum(of.map(({ bytes }) => bytes));
  const constrained = process.constrainedMemory();
  const machineBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  const limit = config.engine.memoryLimitBytes ?? Number.POSITIVE_INFINITY;
  const read = rollouts.prompts * prompts.maximumTokens;
  const { forwardFlopsPerToken, gradientFlopsPerToken } = engine;
  return {
    ...engine,
    memory: parts.filter(({ bytes }) => bytes > 0),
    totalBytes: bytesOf(parts),
    machineBytes,
    fits: bytesOf(parts) <= machineBytes && bytesOf(memory) <= limit,
    stepFlops: (read + completions) * (forwardFlopsPerToken * passes + gradientFlopsPerToken),
  };
}
