// Whether an engine can do what a config asks, said before the run starts.

import { totalmem } from "node:os";
import { UsageError } from "../core/errors.js";
import type { Engine } from "../engines/engine.js";
import type { Config } from "./config.js";

/** Weights, gradient and two moments in f32, and the copies that compute threads keep (measured: 28 bytes and more). */
const BYTES_PER_PARAMETER = 32;
/** A token of a rollout as it is kept until the step is written: ids, logprobs, text, record. */
const BYTES_PER_TOKEN = 100;
/** Interpreters, the runtime, and room to work in. */
const BYTES_FIXED = 600e6;

/** @throws UsageError naming the key that the engine cannot serve and what to set instead */
export function checkEngine(config: Config, engine: Engine): void {
  const { policy, prompts, rollouts } = config;
  const { model, capabilities } = engine;
  if (policy.klCoefficient > 0 && !capabilities.kl) {
    throw new UsageError(
      `policy.klCoefficient is ${policy.klCoefficient}, but this engine has no KL term; set it to 0`,
    );
  }
  if (policy.dualClip !== null && !capabilities.dualClip) {
    throw new UsageError(`policy.dualClip is ${policy.dualClip}, but this engine has no dual clip; set it to null`);
  }
  if (prompts.maximumTokens >= model.contextLength) {
    throw new UsageError(
      `prompts.maximumTokens is ${prompts.maximumTokens}, but ${model.name} has a context of ${model.contextLength} tokens for prompt and completion together`,
    );
  }
  const needed = estimatedBytes(model.parameters, rollouts);
  if (needed > totalmem()) {
    throw new UsageError(
      `this needs about ${gigabytes(needed)} of memory, the machine has ${gigabytes(totalmem())}: lower rollouts.prompts (${rollouts.prompts}), rollouts.groupSize (${rollouts.groupSize}) or rollouts.maximumTokens (${rollouts.maximumTokens}), or take a smaller model`,
    );
  }
}

function estimatedBytes(parameters: number, { prompts, groupSize, maximumTokens }: Config["rollouts"]): number {
  return BYTES_FIXED + parameters * BYTES_PER_PARAMETER + prompts * groupSize * maximumTokens * BYTES_PER_TOKEN;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
