// What a run would take of this machine, from its config and the model's config.json: memory part by part, and the
// arithmetic of a step. It starts nothing and reads no weights.

import { totalmem } from "node:os";
import { sum } from "../core/maths.js";
import { type EngineEstimate, estimateEmbedded } from "../engines/embedded/estimate.js";
import type { MemoryPart } from "../engines/embedded/memory-model.js";
import type { EmbeddedOptions } from "../engines/embedded/options.js";
import { bundled } from "../problems/bundled.js";
import type { EmbeddedConfig } from "./config/engine.js";
import type { Config } from "./config/schema.js";

/** A judge worker with its Python, after some programs. Measured for the wasm engine, the larger one. */
const JUDGE_BYTES = 290e6;
/** A token of a rollout as it is kept until the step is written: ids, logprobs, text, record. */
const BYTES_PER_TOKEN = 100;

/** What this machine is to hold. */
interface Held {
  readonly memory: readonly MemoryPart[];
  readonly totalBytes: number;
  /** What the machine, or the container, has. */
  readonly machineBytes: number;
  /** Also within engine.memoryLimitBytes, where that is set. */
  readonly fits: boolean;
}

export interface EmbeddedEstimate extends Held, Omit<EngineEstimate, "memory"> {
  readonly kind: "embedded";
  /** Floating point operations of a step in which every completion is as long as it may be. */
  readonly stepFlops: number;
}

/** Of a model elsewhere: what is computed there, and in which memory, is its server's business. */
interface TinkerEstimate extends Held {
  readonly kind: "tinker";
}

export type RunEstimate = EmbeddedEstimate | TinkerEstimate;

export function engineOptions(engine: EmbeddedConfig, { seed }: Config): EmbeddedOptions {
  const { kind: _, model, lora, ...options } = engine;
  return { ...options, model: bundled(model, "model"), lora: lora && { ...lora, seed } };
}

/** @throws EngineError where the model cannot be read, or where not one sequence fits */
export function estimateRun(config: Config): RunEstimate {
  const { engine } = config;
  return engine.kind === "embedded"
    ? estimateEmbeddedRun(engine, config)
    : { kind: engine.kind, ...held([], Number.POSITIVE_INFINITY, config) };
}

function estimateEmbeddedRun(options: EmbeddedConfig, config: Config): EmbeddedEstimate {
  const { prompts, rollouts, policy } = config;
  const reference = policy.klCoefficient > 0;
  // Sampling, and what rescore.ts asks for.
  const passes = 1 + Number(reference) + Number(policy.importance !== null);
  const { memory, ...engine } = estimateEmbedded(engineOptions(options, config), {
    prompts: rollouts.prompts,
    promptTokens: prompts.maximumTokens,
    completionTokens: rollouts.maximumTokens,
    groupSize: rollouts.groupSize,
    reference,
  });
  const read = rollouts.prompts * prompts.maximumTokens;
  const { forwardFlopsPerToken, gradientFlopsPerToken } = engine;
  return {
    kind: options.kind,
    ...engine,
    ...held(memory, options.memoryLimitBytes ?? Number.POSITIVE_INFINITY, config),
    stepFlops: (read + completionTokens(config)) * (forwardFlopsPerToken * passes + gradientFlopsPerToken),
  };
}

/** @param limitBytes  of the engine's own parts */
function held(engine: readonly MemoryPart[], limitBytes: number, config: Config): Held {
  const parts = [
    ...engine,
    { name: "judge workers", bytes: config.judge.workers * JUDGE_BYTES },
    { name: "rollouts of a step", bytes: completionTokens(config) * BYTES_PER_TOKEN },
  ];
  const bytesOf = (of: readonly MemoryPart[]): number => sum(of.map(({ bytes }) => bytes));
  const constrained = process.constrainedMemory();
  const machineBytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return {
    memory: parts.filter(({ bytes }) => bytes > 0),
    totalBytes: bytesOf(parts),
    machineBytes,
    fits: bytesOf(parts) <= machineBytes && bytesOf(engine) <= limitBytes,
  };
}

/** Of a step in which every completion is as long as it may be. */
function completionTokens({ rollouts }: Config): number {
  return rollouts.prompts * rollouts.groupSize * rollouts.maximumTokens;
}
