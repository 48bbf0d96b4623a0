// Whether an engine can do what a config asks, said before the run starts.

import { type AlgorithmName, algorithmOf, algorithms } from "../algorithms/algorithm.js";
import { UsageError } from "../core/errors.js";
import { sizeText } from "../core/sizes.js";
import type { Engine } from "../engines/engine.js";
import type { Config } from "./config/schema.js";
import { lossOf } from "./datums.js";
import { estimateRun } from "./estimate.js";

/** @throws UsageError naming the key that the engine cannot serve and what to set instead */
export function checkEngine(config: Config, engine: Engine): void {
  const { algorithm, policy, prompts, rollouts, guards } = config;
  const { model, capabilities } = engine;
  const { objective, klCoefficient, klEstimator } = lossOf(config);
  if (!capabilities.objectives.includes(objective)) {
    const able = Object.keys(algorithms).filter((name) =>
      capabilities.objectives.includes(algorithmOf(name as AlgorithmName).objective),
    );
    throw new UsageError(
      `algorithm is ${algorithm}, but this engine has no ${objective} loss; it can do ${able.join(", ")}`,
    );
  }
  if (policy.klCoefficient > 0 && !capabilities.reference) {
    throw new UsageError(
      `policy.klCoefficient is ${policy.klCoefficient}, but this engine gives no logprobs of the frozen reference; set it to 0, ` +
        "and hold the policy back with policy.clipHigh, policy.maximumOldKl or a lower optimizer.learningRate",
    );
  }
  if (klCoefficient > 0 && !capabilities.klEstimators.includes(klEstimator)) {
    const able = capabilities.klEstimators.map((name) => `policy.klEstimator: ${name}, or `).join("");
    throw new UsageError(
      `policy.klEstimator is ${klEstimator}, but this engine has no such term of the loss; set ${able}policy.klPlacement: reward`,
    );
  }
  if (policy.dualClip !== null && !capabilities.dualClip) {
    throw new UsageError(`policy.dualClip is ${policy.dualClip}, but this engine has no dual clip; set it to null`);
  }
  if (guards.minimumEntropy !== null && !capabilities.entropy) {
    throw new UsageError(
      `guards.minimumEntropy is ${guards.minimumEntropy}, but this engine gives no entropies; set it to null`,
    );
  }
  if (guards.maximumGradientNorm !== null && !capabilities.gradientNorm) {
    throw new UsageError(
      `guards.maximumGradientNorm is ${guards.maximumGradientNorm}, but this engine does not tell the gradient's norm; set it to null`,
    );
  }
  if (rollouts.temperature !== 1 && !capabilities.untemperedLogprobs) {
    throw new UsageError(
      `rollouts.temperature is ${rollouts.temperature}, but at any other than 1 this engine gives logprobs that are not the policy's own; set it to 1`,
    );
  }
  if (prompts.maximumTokens >= model.contextLength) {
    throw new UsageError(
      `prompts.maximumTokens is ${prompts.maximumTokens}, but ${model.name} has a context of ${model.contextLength} tokens for prompt and completion together`,
    );
  }
}

/** @throws UsageError where the run needs more memory than there is; EngineError where not one sequence fits */
export function checkMemory(config: Config): void {
  const { rollouts, engine, judge } = config;
  const { memory, totalBytes, machineBytes, fits } = estimateRun(config);
  if (fits) return;
  const largest = memory.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const allowed =
    totalBytes > machineBytes ? `the machine has ${sizeText(machineBytes)}` : "more than engine.memoryLimitBytes";
  const smaller =
    engine.kind === "tinker"
      ? `or judge.workers (${judge.workers})`
      : `set ${engine.lora ? "" : "engine.lora or "}engine.recompute: always, or take a smaller model`;
  throw new UsageError(
    `this needs about ${sizeText(totalBytes)} of memory, ${allowed}; the largest part is ${largest.name}, ${sizeText(largest.bytes)}: ` +
      `lower rollouts.prompts (${rollouts.prompts}), rollouts.groupSize (${rollouts.groupSize}) or rollouts.maximumTokens (${rollouts.maximumTokens}), ` +
      `${smaller} (coderlplus estimate shows all parts)`,
  );
}
