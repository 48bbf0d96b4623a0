// The update: passes over a step's rollouts in mini-batches of whole groups, one optimiser step each. What a mini-batch
// weighs is in datums.ts; that an engine cuts it into smaller batches, whose gradients it sums, is nothing to it.

import { k3 } from "../algorithms/kl.js";
import { clippedTokens, ratioOf } from "../algorithms/policy-loss.js";
import { mean } from "../core/maths.js";
import { Rng } from "../core/rng.js";
import type { Datum, Engine, Loss } from "../engines/engine.js";
import type { StepMetrics } from "../runs/metrics.js";
import type { Advantages } from "./advantages.js";
import type { Config } from "./config/schema.js";
import { datumsOf, lossOf } from "./datums.js";
import { checkRollouts, checkUpdate } from "./guards.js";
import { makeUpdate, type Update } from "./make-update.js";
import type { RescoredGroup } from "./rescore.js";
import { learningRateAt } from "./schedule.js";
import { noSignal, signalMetrics } from "./signal.js";
import type { TokenLog } from "./token-records.js";

/**
 * Learns from one step's groups: passes over them in mini-batches, until all are made or the policy has gone as far from
 * the one that sampled as `policy.maximumOldKl` allows. The first update is always made. Each is asked for while the one
 * before it is under way, unless `policy.maximumOldKl` needs a look in between.
 *
 * @param advantages  [groups][G], null for rollouts that are left out
 * @param log         told what each update came to
 * @returns           the `policy/` metrics and the count of trained tokens
 * @throws DivergenceError, or the engine's EngineError, for numbers that are not finite or over a guard's limit; the
 *   weights may have changed by then and are not to be kept
 */
export async function updatePolicy(
  engine: Engine,
  groups: readonly RescoredGroup[],
  advantages: Advantages,
  config: Config,
  step: number,
  log?: TokenLog,
): Promise<Omit<StepMetrics, "step">> {
  checkRollouts(step, groups, advantages);
  const { policy, optimizer, train, guards, seed } = config;
  const learningRate = learningRateAt(step, config);
  const settings = { step, optimizer: { ...optimizer, learningRate }, guards };
  const tally = new Tally();
  const loss = lossOf(config);
  let earlyStopKl: number | null = null;
  let underWay: { readonly datums: readonly Datum[]; readonly update: Promise<Update> } | null = null;
  const settle = async (): Promise<void> => {
    if (underWay) {
      const update = await underWay.update;
      tally.add(underWay.datums, update, loss);
      log?.add(underWay.datums, update.output);
    }
    underWay = null;
  };
  for (const chosen of miniBatches(groups.length, train, Rng.of(seed, "mini-batches", step))) {
    const datums = datumsOf(chosen, groups, advantages, config);
    if (datums.length === 0) continue;
    if (policy.maximumOldKl !== null) await settle();
    earlyStopKl = tally.updates === 0 ? null : await klOver(policy.maximumOldKl, engine, datums);
    if (earlyStopKl !== null) break;
    const update = makeUpdate(engine, datums, loss, settings);
    // Where the one before fails first, nobody waits for this one.
    update.catch(() => {});
    await settle();
    underWay = { datums, update };
  }
  await settle();
  const metrics = tally.metrics(policy.klCoefficient > 0);
  checkUpdate(step, metrics, guards);
  return {
    ...metrics,
    ...signalMetrics(groups, config),
    "policy/early_stop_kl": earlyStopKl,
    "policy/learning_rate": learningRate,
  };
}

/** Indices of whole groups, as equal in number as can be; every pass over all of them has a fresh order. */
function* miniBatches(
  groups: number,
  { epochs, miniBatches: parts }: Pick<Config["train"], "epochs" | "miniBatches">,
  rng: Rng,
): Generator<number[]> {
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = rng.shuffled(Array.from({ length: groups }, (_, i) => i));
    for (let part = 0; part < parts; part++) {
      yield order.slice(Math.floor((part * groups) / parts), Math.floor(((part + 1) * groups) / parts));
    }
  }
}

/**
 * The mean k3 of KL(policy that sampled || policy now) over the mini-batch's tokens, in nats, where it is over the
 * limit; null where it is not. One pass without gradient, before the update: engines cannot take a gradient back.
 */
async function klOver(limit: number | null, engine: Engine, datums: readonly Datum[]): Promise<number | null> {
  if (limit === null) return null;
  const now = await engine.logprobs(datums);
  const terms = datums.flatMap(({ oldLogprobs }, i) =>
    Array.from(now[i], (logprob, t) => k3(oldLogprobs?.[t] ?? logprob, logprob)),
  );
  const kl = mean(terms);
  return kl > limit ? kl : null;
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
  "policy/early_stop_kl": null,
  "tokens/trained": 0,
};

type PolicyLoss = Extract<Loss, { kind: "policy" }>;

/** Sums over the trained tokens of a step. */
class Tally {
  updates = 0;
  #tokens = 0;
  #loss = 0;
  #gradientNorm: number | null = 0;
  #clipped = 0;
  #oldKl = 0;
  #referenceKl = 0;
  #entropy: number | null = 0;
  #firstRatioError = 0;

  add(datums: readonly Datum[], { output, gradientNorm }: Update, loss: PolicyLoss): void {
    const { entropies } = output;
    this.#loss += output.loss;
    this.#gradientNorm = plus(this.#gradientNorm, gradientNorm);
    for (const [i, { oldLogprobs, referenceLogprobs, advantages }] of datums.entries()) {
      const logprobs = output.logprobs[i];
      for (const [t, logprob] of logprobs.entries()) {
        const old = oldLogprobs?.[t] ?? logprob;
        const ratio = ratioOf(logprob, old);
        if (this.updates === 0) this.#firstRatioError = Math.max(this.#firstRatioError, Math.abs(ratio - 1));
        this.#oldKl += k3(old, logprob);
        this.#referenceKl += k3(logprob, referenceLogprobs?.[t] ?? logprob);
        this.#entropy = plus(this.#entropy, entropies && (entropies[i]?.[t] ?? 0));
      }
      if (oldLogprobs && advantages) this.#clipped += clippedTokens({ logprobs, oldLogprobs, advantages }, loss);
      this.#tokens += logprobs.length;
    }
    this.updates++;
  }

  metrics(withKl: boolean): Omit<StepMetrics, "step"> {
    const per = (count: number, total: number | null): number | null =>
      count === 0 || total === null ? null : total / count;
    const perToken = (total: number | null): number | null => per(this.#tokens, total);
    const perUpdate = (total: number | null): number | null => per(this.updates, total);
    return {
      "policy/loss": perUpdate(this.#loss),
      "policy/kl": withKl ? perToken(this.#referenceKl) : null,
      "policy/old_kl": perToken(this.#oldKl),
      "policy/entropy": perToken(this.#entropy),
      "policy/clip_fraction": perToken(this.#clipped),
      "policy/gradient_norm": perUpdate(this.#gradientNorm),
      "policy/first_ratio_error": this.updates === 0 ? null : this.#firstRatioError,
      "policy/updates": this.updates,
      "tokens/trained": this.#tokens,
    };
  }
}

/** Unknown once a part of it is. */
function plus(total: number | null, value: number | null): number | null {
  return total === null || value === null ? null : total + value;
}
