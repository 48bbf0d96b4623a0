// One model in training on a server: every call takes its turn, and its promise is of the result.

import type { z } from "zod";
import {
  adamToWire,
  getInfoResponse,
  loadWeightsResponse,
  optimStepResponse,
  saveWeightsForSamplerResponse,
} from "../protocol/messages.js";
import type { AdamParameters, ForwardBackwardOutput, WireDatum } from "../protocol/records.js";
import { ask, begin, finish } from "./answers.js";
import { passBatch } from "./batch.js";
import type { SamplingClient, TrainingClient } from "./client.js";
import { droppable } from "./droppable.js";
import { TinkerLostError } from "./errors.js";
import { type FutureType, type Pending, resultOf } from "./futures.js";
import { CallOrder } from "./order.js";
import { openSampler } from "./sampling.js";
import { beginSampler, beginSave, finishSave } from "./saving.js";
import type { Session } from "./session.js";

type Loss = Parameters<TrainingClient["forwardBackward"]>[1];

export class RemoteModel implements TrainingClient {
  readonly modelId: string;
  readonly #session: Session;
  readonly #order = new CallOrder();
  /** As `kind/name`. */
  readonly #saved = new Set<string>();

  constructor(session: Session, modelId: string) {
    this.#session = session;
    this.modelId = modelId;
  }

  info(): ReturnType<TrainingClient["info"]> {
    const call = { method: "POST", path: "get_info", body: { model_id: this.modelId, type: "get_info" } } as const;
    const info = ask(this.#session.link, { name: "get_info" }, call, getInfoResponse);
    return droppable(
      info.then(({ model_data: data, model_name: name }) => ({
        baseModel: data.base_model ?? data.model_name ?? name ?? "",
        tokenizerId: data.tokenizer_id ?? null,
      })),
    );
  }

  forwardBackward(datums: readonly WireDatum[], loss: Loss): Promise<ForwardBackwardOutput> {
    return this.#pass(datums, loss, false);
  }

  forward(datums: readonly WireDatum[], loss: Loss): Promise<ForwardBackwardOutput> {
    return this.#pass(datums, loss, true);
  }

  optimStep(parameters: AdamParameters): ReturnType<TrainingClient["optimStep"]> {
    const result = this.#inTurn("optim_step", "OptimStep", { adam_params: adamToWire(parameters) }, optimStepResponse);
    return droppable(result.then(({ metrics }) => ({ metrics: numbersIn(metrics ?? {}) })));
  }

  saveWeights(name: string): Promise<string> {
    return droppable(this.#save("training", name));
  }

  saveWeightsForSampler(name: string): Promise<string> {
    return droppable(this.#save("sampler", name));
  }

  loadWeights(path: string, { optimizer }: { readonly optimizer: boolean }): Promise<void> {
    return droppable(this.#load(path, optimizer));
  }

  sampler(): Promise<SamplingClient> {
    return droppable(this.#sampler());
  }

  unload(): Promise<void> {
    return droppable(this.#unload());
  }

  #pass(datums: readonly WireDatum[], loss: Loss, forwardOnly: boolean): Promise<ForwardBackwardOutput> {
    const head = { modelId: this.modelId, loss: loss.name, lossConfig: loss.config ?? {}, forwardOnly };
    return droppable(passBatch(this.#session, this.#order, head, datums));
  }

  async #inTurn<Schema extends z.ZodType>(
    path: string,
    type: FutureType,
    fields: object,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const { link } = this.#session;
    const operation = { name: path };
    const pending = await this.#order.submit(1, (seq_id) =>
      begin(
        link,
        operation,
        { method: "POST", path, body: { ...fields, model_id: this.modelId, seq_id, type: path } },
        type,
      ),
    );
    return finish(link, operation, pending, schema);
  }

  async #load(path: string, optimizer: boolean): Promise<void> {
    await this.#inTurn("load_weights", "LoadWeights", { path, optimizer }, loadWeightsResponse);
  }

  async #save(kind: "training" | "sampler", name: string): Promise<string> {
    const { link } = this.#session;
    const save = { kind, modelId: this.modelId, name };
    const begun = await this.#order.submit(1, (seq_id) => {
      const isNew = !this.#saved.has(`${kind}/${name}`);
      this.#saved.add(`${kind}/${name}`);
      return beginSave(link, save, seq_id, isNew);
    });
    return finishSave(link, save, begun);
  }

  async #sampler(): Promise<SamplingClient> {
    const session = this.#session;
    const operation = { name: "save_weights_for_sampler" };
    const pending: Pending = await this.#order.submit(1, (seq_id) =>
      beginSampler(session.link, this.modelId, seq_id, () => session.nextSampler()),
    );
    const saved = await finish(session.link, operation, pending, saveWeightsForSamplerResponse);
    return openSampler(session, { samplingSessionId: saved.sampling_session_id, path: saved.path });
  }

  async #unload(): Promise<void> {
    const { link } = this.#session;
    const operation = { name: "unload_model" };
    const call = {
      method: "POST",
      path: "unload_model",
      body: { model_id: this.modelId, type: "unload_model" },
    } as const;
    try {
      const pending = await this.#order.submit(0, () => begin(link, operation, call, "UnloadModel"));
      await resultOf(link, operation, pending);
    } catch (error) {
      // What is to go is gone: unloaded by a try whose answer was lost, or with its server.
      if (!(error instanceof TinkerLostError)) throw error;
    }
  }
}

/** Some servers say null for what is not a number. */
function numbersIn(metrics: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN]));
}
