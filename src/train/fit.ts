// Whether an engine can do what a config asks, said before the run starts.

import { UsageError } from "../core/errors.js";
import { sizeText } from "../core/sizes.js";
import type { Engine } from "../engines/engine.js";
import type { Config } from "./config/schema.js";
import { estimateRun } from "./estimate.js";

/** @throws UsageError naming the key that the engine cannot serve and what to set instead */
export function checkEngine(config: Config, engine: Engine): void {
  const { policy, prompts } = config;
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
}

/** @throws UsageError where the run needs more memory than there is; EngineError where not one sequence fits */
export function checkMemory(config: Config): void {
  const { rollouts, engine } = config;
  const { memory, totalBytes, machineBytes, fits } = estimateRun(config);
  if (fits) return;
  const largest = memory.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const allowed =
    totalBytes > machineBytes ? `the machine has ${sizeText(machineBytes)}` : "more than engine.memoryLimitBytes";
  throw new UsageError(
    `this needs about ${sizeText(totalBytes)} of memory, ${allowed}; the largest part is ${largest.name}, ${sizeText(largest.bytes)}: ` +
      `lower rollouts.prompts (${rollouts.prompts}), rollouts.groupSize (${rollouts.groupSize}) or rollouts.maximumTokens (${rollouts.maximumTokens}), ` +
      `set ${engine.lora ? "" : "engine.lora or "}engine.recompute: always, or take a smaller model (coderlplus estimate shows all parts)`,
  );
}
