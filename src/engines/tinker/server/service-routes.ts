// Endpoints about the server itself and who uses it: what it has, sessions, sampling sessions.

import type { Hono } from "hono";
import { z } from "zod";
import {
  clientConfigRequest,
  createSamplingSessionRequest,
  createSessionRequest,
  modelRequest,
  sessionHeartbeatRequest,
} from "../protocol/messages.js";
import type { Host } from "./host.js";
import { readBody } from "./request-body.js";
import { type Env, post } from "./routes.js";
import { createSamplingSession } from "./sampling-requests.js";

export interface ServiceFacts {
  readonly version: string;
  /** What get_info names as the tokenizer. */
  readonly tokenizerId: string;
}

export function serviceRoutes(app: Hono<Env>, host: Host, facts: ServiceFacts): void {
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
    coderlplus: { version: facts.version },
  }));
  post(app, "/client/dynamic_config", clientConfigRequest, () => ({ refresh_interval_sec: 300 }));
  post(app, "/telemetry", z.unknown(), () => ({ status: "accepted" }));
  post(app, "/create_session", createSessionRequest, () => ({
    type: "create_session",
    session_id: host.sessions.create().id,
    info_message: `coderlplus ${facts.version} serves ${host.modelName}: adapters have alpha 32, train_unembed has no effect`,
  }));
  post(app, "/session_heartbeat", sessionHeartbeatRequest, ({ session_id }) => {
    host.sessions.get(session_id);
    return { type: "session_heartbeat" };
  });
  app.get("/sessions", (c) => c.json({ sessions: host.sessions.all().map(({ id }) => id) }));
  app.get("/sessions/:id", (c) => {
    const { models, samplers } = host.sessions.get(c.req.param("id"));
    return c.json({ training_run_ids: [...models.keys()], sampler_ids: [...samplers.keys()] });
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
      model_data: { model_name: host.modelName, tokenizer_id: facts.tokenizerId },
      is_lora: lora !== null,
      lora_rank: lora?.rank ?? null,
    };
  });
}
