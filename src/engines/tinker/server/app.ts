// The protocol's endpoints: each reads a body, calls one function and writes an answer. What they mean is in the files
// they call.

import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { messageOf, UsageError } from "../../../core/errors.js";
import { encodeOutput } from "../protocol/forward-backward.js";
import {
  clientConfigRequest,
  createModelRequest,
  createSamplingSessionRequest,
  createSessionRequest,
  loadWeightsRequest,
  modelRequest,
  optimStepRequest,
  retrieveFutureRequest,
  saveWeightsForSamplerRequest,
  saveWeightsRequest,
  sessionHeartbeatRequest,
} from "../protocol/messages.js";
import { ProtocolError } from "../protocol/protocol-error.js";
import { encodeSampleResponse } from "../protocol/sampling.js";
import { checkAccess } from "./access.js";
import type { Polled } from "./futures.js";
import type { Host } from "./host.js";
import { digestOf, parseAnyJson, parseJson, readBody } from "./request-body.js";
import { RequestError } from "./request-error.js";
import { createSamplingSession, submitSample } from "./sampling-requests.js";
import {
  createModel,
  submitForwardBackward,
  submitLoadWeights,
  submitOptimStep,
  submitSaveForSampler,
  submitSaveWeights,
  unloadModel,
} from "./training-requests.js";

export interface AppOptions {
  readonly host: Host;
  /** Null lets everybody in who comes from this machine. */
  readonly apiKey: string | null;
  readonly version: string;
  /** How long a poll is held. */
  readonly pollMs: number;
  /** What get_info names as the tokenizer. */
  readonly tokenizerId: string;
}

export type Env = { Bindings: HttpBindings };
type Answer = Readonly<Record<string, unknown>>;

export function makeApp(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>().basePath("/api/v1");
  app.use(async (c, next) => {
    const bearer = c.req.header("authorization")?.replace(/^Bearer\s+/i, "");
    checkAccess({ key: c.req.header("x-api-key") ?? bearer, host: c.req.header("host") }, options.apiKey);
    await next();
  });
  app.onError((error, c) => refusal(c, error));
  app.notFound((c) =>
    c.json({ detail: `${c.req.method} ${c.req.path.slice(0, 200)}: this server has no such endpoint` }, 404),
  );
  serviceRoutes(app, options);
  modelRoutes(app, options);
  app.post("/retrieve_future", async (c) => {
    const body = parseJson(await readBody(c.env.incoming), type(c), retrieveFutureRequest, "retrieve_future");
    const polled = await options.host.futures.poll(body.request_id, options.pollMs, c.req.raw.signal);
    return polledResponse(c, body.request_id, polled);
  });
  return app;
}

function type(c: Context<Env>): string {
  return c.req.header("content-type") ?? "";
}

function serviceRoutes(app: Hono<Env>, { host, version, tokenizerId }: AppOptions): void {
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/get_server_capabilities", (c) =>
    c.json({
      supported_models: [
        {
          model_name: host.modelName,
          max_context_length: host.limits.contextLength,
          trainable: true,
          sampleable: true,
        },
      ],
    }),
  );
  post(app, "/client/config", clientConfigRequest, () => ({
    pjwt_auth_enabled: false,
    parallel_fwdbwd_chunks: true,
    proto_compress_fwdbwd: false,
    fwdbwd_max_chunk_len: 1024,
    fwdbwd_max_chunk_bytes_count: 5_000_000,
    create_model_via_load_weights: true,
    coderlplus: { version },
  }));
  post(app, "/client/dynamic_config", clientConfigRequest, () => ({ refresh_interval_sec: 300 }));
  post(app, "/telemetry", z.unknown(), () => ({ status: "accepted" }));
  post(app, "/create_session", createSessionRequest, () => ({
    type: "create_session",
    session_id: host.sessions.create().id,
    info_message: `coderlplus ${version} serves ${host.modelName}: adapters have alpha 32, train_unembed has no effect`,
  }));
  post(app, "/session_heartbeat", sessionHeartbeatRequest, ({ session_id }) => {
    host.sessions.get(session_id);
    return { type: "session_heartbeat" };
  });
  app.post("/sessions/:id/finish", async (c) => {
    await readBody(c.env.incoming);
    await host.endSession(host.sessions.get(c.req.param("id")), "its owner finished it");
    return c.body(null, 204);
  });
  post(app, "/create_sampling_session", createSamplingSessionRequest, (request) => ({
    type: "create_sampling_session",
    sampling_session_id: createSamplingSession(host, request).id,
  }));
  app.get("/samplers/:id", (c) => {
    const { id, weights } = host.sessions.sampler(c.req.param("id"));
    return c.json({
      sampler_id: id,
      base_model: host.modelName,
      model_path: weights.kind === "stored" ? weights.path : null,
    });
  });
  post(app, "/get_info", modelRequest, ({ model_id }) => {
    const { id, lora } = host.sessions.model(model_id);
    return {
      type: "get_info",
      model_id: id,
      model_name: host.modelName,
      model_data: { model_name: host.modelName, tokenizer_id: tokenizerId },
      is_lora: lora !== null,
      lora_rank: lora?.rank ?? null,
    };
  });
}

function modelRoutes(app: Hono<Env>, { host }: AppOptions): void {
  post(app, "/create_model", createModelRequest, (request, digest) => createModel(host, request, digest));
  post(app, "/unload_model", modelRequest, ({ model_id }) => unloadModel(host, model_id));
  post(app, "/optim_step", optimStepRequest, (request, digest) => submitOptimStep(host, request, digest));
  post(app, "/save_weights", saveWeightsRequest, (request, digest) => submitSaveWeights(host, request, digest));
  post(app, "/save_weights_for_sampler", saveWeightsForSamplerRequest, (request, digest) =>
    submitSaveForSampler(host, request, digest),
  );
  post(app, "/load_weights", loadWeightsRequest, (request, digest) => submitLoadWeights(host, request, digest));
  for (const path of ["/forward_backward", "/forward"]) {
    app.post(path, async (c) => {
      const body = await readBody(c.env.incoming);
      return c.json(submitForwardBackward(host, body, type(c), digestOf(path, body)));
    });
  }
  app.post("/asample", async (c) => {
    const body = await readBody(c.env.incoming);
    return c.json(submitSample(host, parseAnyJson(body, type(c), "asample"), digestOf("/asample", body)));
  });
}

/** An endpoint whose body and answer are JSON. */
function post<Schema extends z.ZodType>(
  app: Hono<Env>,
  path: string,
  schema: Schema,
  answer: (request: z.output<Schema>, digest: string) => object,
): void {
  app.post(path, async (c) => {
    const body = await readBody(c.env.incoming);
    return c.json(answer(parseJson(body, type(c), schema, path.slice(1)), digestOf(path, body)) as Answer);
  });
}

function polledResponse(c: Context<Env>, id: string, polled: Polled): Response {
  const wire = c.req.header("accept")?.includes("application/x-protobuf") ? "protobuf" : "json";
  switch (polled.kind) {
    case "gone":
      throw new RequestError(410, `request ${id.slice(0, 100)}: not known, or its result was kept long enough`);
    case "pending": {
      const queue_state = polled.pause === null ? "active" : "paused_capacity";
      return c.json({ type: "try_again", request_id: id, queue_state, queue_state_reason: polled.pause }, 408);
    }
    case "json":
      return c.json(polled.body);
    case "failed":
      return c.json({ error: polled.error, category: polled.category, name: polled.name });
    case "forward-backward":
      return encoded(encodeOutput(polled.output, wire));
    case "sample":
      return encoded(encodeSampleResponse(polled.response, wire));
    default:
      return polled satisfies never;
  }
}

function encoded({ body, contentType }: { readonly body: Buffer; readonly contentType: string }): Response {
  return new Response(body as Uint8Array<ArrayBuffer>, { headers: { "content-type": contentType } });
}

function refusal(c: Context<Env>, error: Error): Response {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof RequestError) {
    const after = error.retryAfterSeconds;
    const headers: Record<string, string> = after === null ? {} : { "retry-after": String(after) };
    return c.json({ detail: error.message }, error.status, headers);
  }
  const status: ContentfulStatusCode = error instanceof ProtocolError ? 422 : error instanceof UsageError ? 400 : 500;
  return c.json({ detail: messageOf(error) }, status);
}
