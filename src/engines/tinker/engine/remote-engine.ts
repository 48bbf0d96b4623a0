// The engine seam over a model on a server: calls go out in the order they are made, whether or not earlier ones are
// awaited. How the server was opened, and what it is, is in engine.ts.

import { setTimeout as pause } from "node:timers/promises";
import { klEstimators } from "../../../algorithms/kl.js";
import { objectives } from "../../../algorithms/policy-loss.js";
import { weightedLoss } from "../../../algorithms/weighted-loss.js";
import { EngineError, EngineLostError, messageOf } from "../../../core/errors.js";
import { sum } from "../../../core/maths.js";
import type {
  Datum,
  Engine,
  HiddenStateRequest,
  Loss,
  LossOutput,
  ModelInfo,
  OptimStep,
  Sample,
  SampleEvent,
  SampleRequest,
} from "../../engine.js";
import type { SamplingClient, TinkerClient, TrainingClient } from "../client/client.js";
import type { ForwardBackwardOutput, LoraConfig } from "../protocol/records.js";
import { adamNotice } from "./adam.js";
import {
  checkpointName,
  publicUrl,
  readRemoteCheckpoint,
  remoteCheckpointIn,
  writeRemoteCheckpoint,
} from "./checkpoint.js";
import type { TinkerEngineOptions } from "./options.js";
import { completionLogprobs, completionOutputs, gradientNorm } from "./outputs.js";
import {
  coefficientsOf,
  linearPass,
  ownPass,
  type Pass,
  type PolicyLoss,
  type Sequence,
  tokensOf,
  valuePass,
} from "./passes.js";
import type { Profile } from "./profile.js";
import type { Reference } from "./reference.js";
import { checkDatums, checkSequences } from "./requests.js";
import { type SamplingOptions, sampleAll } from "./sampling.js";

/** How long a server may take to give up its models when the engine is closed. */
const UNLOAD_MS = 5000;

export interface OpenedModel {
  readonly profile: Profile;
  readonly lora: LoraConfig;
  readonly training: TrainingClient;
  readonly reference: Reference | null;
  /** Whether there could be one. */
  readonly hasReference: boolean;
  readonly contextLength: number;
}

export class RemoteEngine implements Engine {
  readonly model: ModelInfo;
  readonly capabilities: Engine["capabilities"];
  readonly #client: TinkerClient;
  readonly #options: TinkerEngineOptions;
  readonly #profile: Profile;
  readonly #lora: LoraConfig;
  readonly #reference: Reference | null;
  /** Null where loading has failed. */
  #training: TrainingClient | null;
  /** Whether nothing has been asked of the model yet: then weights may be loaded into it. */
  #isFresh = true;
  /** Of the weights as they are now; made when it is first needed. */
  #sampler: Promise<SamplingClient> | null = null;
  /** Datums whose gradients wait for a step. */
  #accumulated = 0;
  /** Until then all earlier calls have been submitted. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #told = new Set<string>();

  constructor(client: TinkerClient, options: TinkerEngineOptions, opened: OpenedModel) {
    const { profile, lora, training, reference, hasReference, contextLength } = opened;
    this.#client = client;
    this.#options = options;
    this.#profile = profile;
    this.#lora = lora;
    this.#training = training;
    this.#reference = reference;
    const { model: name, tokenizer } = options;
    this.model = { name, contextLength, tokenizer, parameters: null, trainedParameters: null };
    this.capabilities = {
      objectives,
      dualClip: true,
      klEstimators: hasReference ? klEstimators : [],
      reference: hasReference,
      entropy: client.flags.coderlplus !== null,
      gradientNorm: profile.gradientNorm !== null,
      untemperedLogprobs: profile.untemperedLogprobs,
      topP: true,
      concurrent: profile.keepsSamplers,
      hiddenStates: null,
    };
  }

  sample(requests: readonly SampleRequest[], onEvent?: (event: SampleEvent) => void): Promise<Sample[][]> {
    return this.#inOrder(async (training) => {
      const sampler = this.#samplerOf(training);
      const drawn = (async () => sampleAll(await sampler, requests, this.#samplingOptions(), onEvent))();
      if (!this.#profile.keepsSamplers) await drawn;
      return { result: drawn };
    });
  }

  #samplingOptions(): SamplingOptions {
    const { requestsInFlight, sequencesPerRequest, tokenizer } = this.#options;
    const { endIds, vocabularySize } = tokenizer;
    return {
      requestsInFlight,
      sequencesPerRequest,
      endIds,
      vocabularySize,
      contextLength: this.model.contextLength,
      textSeeds: this.#client.flags.coderlplus !== null,
      onEndless: (token) =>
        this.#tellOnce(
          "endless",
          `a sequence was ended behind token id ${token}, which is none of the end ids ${endIds.join(", ")}: the model cannot learn to end there`,
        ),
    };
  }

  #samplerOf(training: TrainingClient): Promise<SamplingClient> {
    if (this.#sampler) return this.#sampler;
    const sampler = training.sampler();
    sampler.catch(() => {
      if (this.#sampler === sampler) this.#sampler = null;
    });
    this.#sampler = sampler;
    return sampler;
  }

  async logprobs(sequences: readonly Sequence[], weights: "policy" | "reference" = "policy"): Promise<Float32Array[]> {
    checkSequences(sequences, this.model);
    if (sequences.length === 0) return [];
    if (weights === "policy") {
      return this.#inOrder(async (training) => ({ result: this.#values(training, sequences) }));
    }
    if (this.#reference) return this.#reference.logprobs(sequences);
    throw new EngineError("the engine was opened without a reference");
  }

  async #values(training: TrainingClient, sequences: readonly Sequence[]): Promise<Float32Array[]> {
    const { datums, loss } = valuePass(sequences);
    return completionLogprobs(await training.forward(datums, loss), sequences);
  }

  async hiddenStates(_sequences: readonly HiddenStateRequest[], _layers: readonly number[]): Promise<Float32Array[][]> {
    throw new EngineError("a server of the Tinker protocol gives no hidden states; use the embedded engine");
  }

  async forwardBackward(datums: readonly Datum[], loss: Loss): Promise<LossOutput> {
    checkDatums(datums, loss, this.model);
    if (datums.length === 0) return { loss: 0, logprobs: [], entropies: this.capabilities.entropy ? [] : null };
    return this.#inOrder(async (training) => {
      if (this.#profile.reduction === "sequence-mean" && this.#accumulated > 0) {
        throw new EngineError(
          `${this.#profile.name} takes the mean over all datums of a step, so that all have to come in one forwardBackward`,
        );
      }
      this.#accumulated += datums.length;
      const pass = await this.#passOf(training, datums, loss);
      return { result: this.#lossOutput(training.forwardBackward(pass.datums, pass.loss), datums, loss) };
    });
  }

  async #passOf(training: TrainingClient, datums: readonly Datum[], loss: Loss): Promise<Pass> {
    if (loss.kind === "cross-entropy") {
      const weights = datums.map((datum) => datum.weights);
      return linearPass(datums, weights, this.#profile);
    }
    return ownPass(datums, loss, this.#profile) ?? (await this.#slopePass(training, datums, loss));
  }

  async #slopePass(training: TrainingClient, datums: readonly Datum[], loss: PolicyLoss): Promise<Pass> {
    const logprobs = await this.#values(training, datums);
    return linearPass(datums, coefficientsOf(datums, logprobs, loss), this.#profile);
  }

  async #lossOutput(
    pending: Promise<ForwardBackwardOutput>,
    datums: readonly Datum[],
    loss: Loss,
  ): Promise<LossOutput> {
    const output = await pending;
    const logprobs = completionLogprobs(output, datums);
    const entropies = this.capabilities.entropy ? completionOutputs(output, "entropies", datums) : null;
    return { loss: sum(datums.map((datum, i) => lossOf(datum, logprobs[i], loss))), logprobs, entropies };
  }

  optimStep(options: OptimStep): Promise<{ readonly gradientNorm: number | null }> {
    const notice = adamNotice(options, this.#profile);
    if (notice) this.#tellOnce("adam", notice);
    return this.#inOrder(async (training) => {
      this.#sampler = null;
      this.#accumulated = 0;
      const taken = training.optimStep(options);
      return { result: taken.then(({ metrics }) => ({ gradientNorm: gradientNorm(metrics, this.#profile) })) };
    });
  }

  save(folder: string, { optimizer }: { readonly optimizer: boolean }): Promise<void> {
    return this.#inOrder(async (training) => {
      const saved = training.saveWeights(checkpointName(folder));
      const { model, lora } = this.#options;
      const baseUrl = publicUrl(this.#client.baseUrl);
      return {
        result: saved.then((path) => writeRemoteCheckpoint(folder, { baseUrl, model, lora, path, optimizer })),
      };
    });
  }

  load(folder: string, { optimizer }: { readonly optimizer: boolean }): Promise<void> {
    return this.#inOrder(async (current) => {
      const found = readRemoteCheckpoint(folder, this.#options);
      if (optimizer && !found.optimizer) throw new EngineError(`${folder}: was saved without the optimizer's state`);
      const training = await this.#freshModel(current);
      this.#training = null;
      this.#isFresh = false;
      this.#sampler = null;
      this.#accumulated = 0;
      try {
        await training.loadWeights(found.path, { optimizer });
      } catch (error) {
        throw loadError(folder, found, error);
      }
      this.#training = training;
      return { result: Promise.resolve() };
    }, false);
  }

  async forget(folder: string): Promise<void> {
    const found = remoteCheckpointIn(folder);
    if (!found) return;
    try {
      await this.#client.deleteCheckpoint(found.path);
    } catch (error) {
      this.#tellOnce("kept", `${found.path} stays on the server, as others may: ${messageOf(error)}`);
    }
  }

  /** Servers load weights as a model's first request only, and may have room for one model. */
  async #freshModel(current: TrainingClient): Promise<TrainingClient> {
    if (this.#isFresh) return current;
    this.#training = null;
    await current.unload();
    return this.#client.createModel({ baseModel: this.#options.model, lora: this.#lora });
  }

  async close(): Promise<void> {
    const given = [this.#training?.unload(), this.#reference?.close()].filter((each) => each !== undefined);
    const timer = new AbortController();
    const late = pause(UNLOAD_MS, undefined, { signal: timer.signal, ref: false }).catch(() => {});
    // Where this fails the server finds out by itself, in time.
    await Promise.race([Promise.allSettled(given), late]);
    timer.abort();
    await this.#client.close();
  }

  /**
   * Submits once all earlier calls have been submitted; later ones wait for what `submit` awaits, not for its result.
   *
   * @param asks  whether the model is asked for something, so that nothing can be loaded into it any more
   */
  async #inOrder<Result>(
    submit: (training: TrainingClient) => Promise<{ readonly result: Promise<Result> }>,
    asks = true,
  ): Promise<Result> {
    const submitted = this.#last.then(() => {
      if (!this.#training) throw new EngineError("the engine has no model: loading a checkpoint into it has failed");
      if (asks) this.#isFresh = false;
      return submit(this.#training);
    });
    this.#last = submitted.catch(() => {});
    return (await submitted).result;
  }

  #tellOnce(what: string, notice: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.onNotice?.(notice);
  }
}

function lossOf(datum: Datum, logprobs: Float32Array, loss: Loss): number {
  if (loss.kind === "policy") return weightedLoss(tokensOf(datum, logprobs), loss);
  return sum(Array.from(datum.weights, (weight, t) => -weight * logprobs[t]));
}

function loadError(folder: string, { path, baseUrl }: { path: string; baseUrl: string }, error: unknown): unknown {
  if (error instanceof EngineLostError) return error;
  return new EngineError(
    `${folder}: ${path}, saved on ${baseUrl}, cannot be loaded (${messageOf(error)}); where the server no longer has it, resume from another checkpoint`,
    { cause: error },
  );
}
