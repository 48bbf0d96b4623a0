// What is asked of a model in training, from the parsed body to the work in its queue.

import { randomInt } from "node:crypto";
import type { z } from "zod";
import { badRequest } from "../../../core/request-error.js";
import { decodeForwardBackward, encodeForwardBackward } from "../protocol/forward-backward.js";
import {
  adamFromWire,
  type createModelRequest,
  type loadWeightsRequest,
  loraFromWire,
  type optimStepRequest,
  type saveWeightsExternalRequest,
  type saveWeightsForSamplerRequest,
  type saveWeightsRequest,
} from "../protocol/messages.js";
import {
  type CheckpointName,
  checkpointName,
  expiryAfter,
  keepAdaptersAlone,
  type Note,
  pathOf,
} from "./checkpoints.js";
import { planOf } from "./datums.js";
import { type Lora, loraTargets } from "./engines.js";
import { forwardBackward } from "./gradients.js";
import type { Host } from "./host.js";
import { digestOf } from "./request-body.js";
import type { TrainingModel } from "./training-model.js";

/** What every submission is answered with. */
export interface Submitted {
  readonly request_id: string;
  readonly model_id: string;
}

/** @throws RequestError */
export function createModel(host: Host, request: z.output<typeof createModelRequest>, digest: string): Submitted {
  host.checkBaseModel(request.base_model);
  checkOptimizer(request.optimizer_config);
  const session = host.sessions.get(request.session_id);
  const wire = loraFromWire(request.lora_config ?? { rank: 0 });
  const lora = loraOf(wire);
  const { modelId, requestId } = host.addModel(session, request.model_seq_id, {
    lora,
    seed: wire.seed ?? randomInt(2 ** 31),
    userMetadata: request.user_metadata ?? null,
    digest,
    prepare: async (_, model_id) => ({ type: "create_model", model_id }),
  });
  return { request_id: requestId, model_id: modelId };
}

const MOST_RANK = 1024;

function loraOf({ rank, trainAttention, trainMlp }: ReturnType<typeof loraFromWire>): Lora {
  if (rank === 0) return null;
  if (rank > MOST_RANK) {
    throw badRequest(`lora_config.rank: ${rank}, expected 1 to ${MOST_RANK}, or 0, which trains all weights`);
  }
  const targets = loraTargets(trainAttention, trainMlp);
  if (targets.length > 0) return { rank, targets };
  throw badRequest(
    "lora_config: train_attn and train_mlp are both false, and this server has adapters for nothing else",
  );
}

function checkOptimizer(config: { readonly type: string } | null | undefined): void {
  if (!config || config.type === "adamw") return;
  throw badRequest(`optimizer_config: "${config.type.slice(0, 80)}" is not known here: expected adamw`);
}

/** @throws RequestError, ProtocolError */
export function submitForwardBackward(host: Host, body: Buffer, contentType: string): Submitted {
  const request = decodeForwardBackward(body, contentType);
  // Of what is said, not of how: a client that was not answered may write it in the other encoding.
  const digest = digestOf("forward_backward", encodeForwardBackward(request, "protobuf").body);
  const model = host.sessions.model(request.modelId);
  const plan = planOf(request, host.limits);
  const id = model.submit(request.sequenceId || null, digest, async (future) => {
    const output = await model.use((engine) => forwardBackward(engine, plan));
    future.settle({ kind: "forward-backward", output });
  });
  return { request_id: id, model_id: model.id };
}

/** @throws RequestError */
export function submitOptimStep(host: Host, request: z.output<typeof optimStepRequest>, digest: string): Submitted {
  const model = host.sessions.model(request.model_id);
  const { gradientClip, ...adam } = adamFromWire(request.adam_params);
  const options = { ...adam, gradientClip: gradientClip > 0 ? gradientClip : Number.POSITIVE_INFINITY };
  const id = model.submit(request.seq_id ?? null, digest, async (future) => {
    const { gradientNorm } = await model.change((engine) => engine.optimStep(options));
    future.settle({ kind: "json", body: { type: "optim_step", metrics: { grad_norm: gradientNorm } } });
  });
  return { request_id: id, model_id: model.id };
}

/** @throws RequestError */
export function submitSaveWeights(host: Host, request: z.output<typeof saveWeightsRequest>, digest: string): Submitted {
  const model = host.sessions.model(request.model_id);
  const name = checkpointName(model.id, "weights", request.path ?? freshName());
  const id = model.submit(request.seq_id ?? null, digest, async (future) => {
    await save(host, model, name, { ttlSeconds: request.ttl_seconds ?? null, overwrite: request.overwrite ?? false });
    future.settle({ kind: "json", body: { type: "save_weights", path: pathOf(name) } });
  });
  return { request_id: id, model_id: model.id };
}

/** To be taken elsewhere, and no use here. @throws RequestError */
export function submitSaveExternal(
  host: Host,
  request: z.output<typeof saveWeightsExternalRequest>,
  digest: string,
): Submitted {
  const model = host.sessions.model(request.model_id);
  const name = checkpointName(model.id, "external_weights", request.path);
  const id = model.submit(request.seq_id ?? null, digest, async (future) => {
    await save(host, model, name, { ttlSeconds: request.ttl_seconds ?? null, overwrite: false });
    future.settle({ kind: "json", body: { type: "save_weights_external", path: pathOf(name) } });
  });
  return { request_id: id, model_id: model.id };
}

/** @throws RequestError */
export function submitSaveForSampler(
  host: Host,
  request: z.output<typeof saveWeightsForSamplerRequest>,
  digest: string,
): Submitted {
  const model = host.sessions.model(request.model_id);
  const { path, sampling_session_seq_id: number, kind } = request;
  if (kind && kind !== "snapshot")
    throw badRequest(`kind: "${kind.slice(0, 80)}" is not to be had here: expected snapshot`);
  const name = path ? checkpointName(model.id, "sampler_weights", path) : null;
  if (!name && (number === null || number === undefined)) {
    throw badRequest("save_weights_for_sampler: expected path or sampling_session_seq_id");
  }
  const id = model.submit(request.seq_id ?? null, digest, async (future) => {
    if (name) {
      await save(host, model, name, { ttlSeconds: request.ttl_seconds ?? null, overwrite: false });
      future.settle({ kind: "json", body: { type: "save_weights_for_sampler", path: pathOf(name) } });
      return;
    }
    const session = host.sessions.get(model.sessionId);
    const { id: sampling_session_id } = await model.use(async () =>
      host.sessions.addSampler(session, number as number, { kind: "snapshot", snapshot: model.promise() }),
    );
    future.settle({ kind: "json", body: { type: "save_weights_for_sampler", path: null, sampling_session_id } });
  });
  return { request_id: id, model_id: model.id };
}

/** Onto a model that is there, or as a new one. @throws RequestError */
export function submitLoadWeights(host: Host, request: z.output<typeof loadWeightsRequest>, digest: string): Submitted {
  const { folder, note } = host.checkpointAt(request.path);
  const { optimizer } = request;
  if (request.session_id) {
    if (request.base_model) host.checkBaseModel(request.base_model);
    if (request.model_seq_id === null || request.model_seq_id === undefined)
      throw badRequest("model_seq_id is missing");
    const { modelId, requestId } = host.addModel(host.sessions.get(request.session_id), request.model_seq_id, {
      lora: note.lora,
      seed: 0,
      userMetadata: request.user_metadata ?? null,
      digest,
      prepare: async (engine, model_id) => {
        await engine.load(folder, { optimizer });
        return { type: "load_weights", path: request.path, model_id };
      },
    });
    return { request_id: requestId, model_id: modelId };
  }
  if (!request.model_id) throw badRequest("load_weights: expected model_id, or session_id and model_seq_id");
  const model = host.sessions.model(request.model_id);
  if (JSON.stringify(model.lora) !== JSON.stringify(note.lora)) {
    throw badRequest(`${request.path}: holds ${loraText(note.lora)}; this model trains ${loraText(model.lora)}`);
  }
  const id = model.submit(request.seq_id ?? null, digest, async (future) => {
    await model.change((engine) => engine.load(folder, { optimizer }));
    future.settle({ kind: "json", body: { type: "load_weights", path: request.path, model_id: model.id } });
  });
  return { request_id: id, model_id: model.id };
}

function loraText(lora: Lora): string {
  return lora ? `adapters of rank ${lora.rank} on ${lora.targets.join(", ")}` : "all weights";
}

async function save(
  host: Host,
  model: TrainingModel,
  name: CheckpointName,
  { ttlSeconds, overwrite }: { readonly ttlSeconds: number | null; readonly overwrite: boolean },
): Promise<void> {
  const note: Note = {
    version: 1,
    baseModel: host.modelName,
    base: host.identity,
    lora: model.lora && { rank: model.lora.rank, targets: [...model.lora.targets] },
    time: new Date().toISOString(),
    expires: expiryAfter(ttlSeconds),
    runMetadata: model.userMetadata,
  };
  await model.use((engine) =>
    host.checkpoints.save(name, note, overwrite, async (folder) => {
      await engine.save(folder, { optimizer: name.segment === "weights" });
      if (name.segment === "external_weights" && model.lora) keepAdaptersAlone(folder);
    }),
  );
}

function freshName(): string {
  return `checkpoint-${Date.now().toString(36)}${randomInt(36 ** 4).toString(36)}`;
}

/** @throws RequestError */
export function unloadModel(host: Host, modelId: string): Submitted {
  const model = host.sessions.model(modelId);
  const session = host.sessions.get(model.sessionId);
  const future = host.futures.create();
  host.removeModel(session, model, "it was unloaded", true).then(
    () => future.settle({ kind: "json", body: { type: "unload_model", model_id: modelId } }),
    (error: unknown) => future.fail(error),
  );
  return { request_id: future.id, model_id: modelId };
}
