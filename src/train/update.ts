// The update: a step's rollouts in mini-batches of whole groups, one optimiser step each.

import { k3 } from "../algorithms/kl.js";
import { clippedTokens, ratioOf } from "../algorithms/policy-loss.js";
import { Rng } from "../core/rng.js";
import type { Datum, Engine, Loss, LossOutput } from "../engines/engine.js";
import type { StepMetrics } from "../runs/metrics.js";
import type { Advantages } from "./advantages.js";
import type { Config } from "./config/schema.js";
import { datumsOf, lossOf } from "./datums.js";
import type { RescoredGroup } from "./rescore.js";
import { noSignal, signalMetrics } from "./signal.js";

/**
 * Learns from one step's groups.
 *
 * @param advantages  [groups][G], null for rollouts that are left out
 * @returns           the `policy/` metrics and the count of trained tokens
 */
export async function updatePolicy(
  engine: Engine,
  groups: readonly RescoredGroup[],
  advantages: Advantages,
  config: Config,
  step: number,
): Promise<Omit<StepMetrics, "step">> {
  const { policy, optimizer, train, seed } = config;
  const learningRate =
    optimizer.learningRate * Math.min(1, (step - config.alignment.collectSteps) / Math.max(1, optimizer.warmUpSteps));
  const order = Rng.of(seed, "mini-batches", step).shuffled(groups.map((_, i) => i));
  const tally = new Tally();
  const loss = lossOf(config);
  for (let part = 0; part < train.miniBatches; part++) {
    const chosen = order.slice(
      Math.floor((part * order.length) / train.miniBatches),
      Math.floor(((part + 1) * order.length) / train.miniBatches),
    );
    const datums = datumsOf(chosen, groups, advantages, config);
    if (datums.length === 0) continue;
    const output = await engine.forwardBackward(datums, loss);
    const { gradientNorm } = await engine.optimStep({ ...optimizer, learningRate });
    tally.add(datums, output, gradientNorm, loss);
  }
  return {
    ...tally.metrics(policy.klCoefficient > 0),
    ...signalMetrics(groups, config),
    "policy/learning_rate": learningRate,
  };
}

/** The metrics of a step without an update. */
export const notUpdated: Omit<StepMetrics, "step"> = {
  "policy/loss": null,
  "policy/kl": null,
  "policy/old_kl": null,
  "policy/entropy": null,
  "policy/clip_fraction": null,
  "policy/gradient_norm": null,
  "policy/first_ratio_error": null,
  ...noSignal,
  "policy/learning_rate": null,
  "policy/updates": 0,
  "tokens/trained": 0,
};

type PolicyLoss = Extract<Loss, { kind: "policy" }>;

/** Sums over the trained tokens of a step. */
class Tally {
  #updates = 0;
  #tokens = 0;
  #loss = 0;
  #gradientNorm = 0;
  #clipped = 0;
  #oldKl = 0;
  #referenceKl = 0;
  #entropy = 0;
  #firstRatioError = 0;

  add(datums: readonly Datum[], output: LossOutput, gradientNorm: number, loss: PolicyLoss): void {
    this.#loss += output.loss;
    this.#gradientNorm += gradientNorm;
    for (const [i, { oldLogprobs, referenceLogprobs, advantages }] of datums.entries()) {
      const logprobs = output.logprobs[i];
      for (const [t, logprob] of logprobs.entries()) {
        const old = oldLogprobs?.[t] ?? logprob;
        const ratio = ratioOf(logprob, old);
        if (this.#updates === 0) this.#firstRatioError = Math.max(this.#firstRatioError, Math.abs(ratio - 1));
        this.#oldKl += k3(old, logprob);
        this.#referenceKl += k3(logprob, referenceLogprobs?.[t] ?? logprob);
        this.#entropy += output.entropies[i]?.[t] ?? 0;
      }
      if (oldLogprobs && advantages) this.#clipped += clippedTokens({ logprobs, oldLogprobs, advantages }, loss);
      this.#tokens += logprobs.length;
    }
    this.#updates++;
  }

  metrics(withKl: boolean): Omit<StepMetrics, "step"> {
    const perToken = (total: number): number | null => (this.#tokens === 0 ? null : total / this.#tokens);
    const perUpdate = (total: number): number | null => (this.#updates === 0 ? null : total / this.#updates);
    return {
      "policy/loss": perUpdate(this.#loss),
      "policy/kl": withKl ? perToken(this.#referenceKl) : null,
      "policy/old_kl": perToken(this.#oldKl),
      "policy/entropy": perToken(this.#entropy),
      "policy/clip_fraction": perToken(this.#clipped),
      "policy/gradient_norm": perUpdate(this.#gradientNorm),
      "policy/first_ratio_error": this.#updates === 0 ? null : this.#firstRatioError,
      "policy/updates": this.#updates,
      "tokens/trained": this.#tokens,
    };
  }
}
