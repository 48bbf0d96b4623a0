// Endpoints that submit work, and the one that asks what became of it.

import type { Context, Hono } from "hono";
import { RequestError } from "../../../core/request-error.js";
import { encodeOutput } from "../protocol/forward-backward.js";
import {
  createModelRequest,
  loadWeightsRequest,
  modelRequest,
  optimStepRequest,
  retrieveFutureRequest,
  saveWeightsExternalRequest,
  saveWeightsForSamplerRequest,
  saveWeightsRequest,
} from "../protocol/messages.js";
import { encodeSampleResponse } from "../protocol/sampling.js";
import type { Polled } from "./futures.js";
import type { Host } from "./host.js";
import { digestOf, parseAnyJson, parseJson, readBody } from "./request-body.js";
import { contentType, type Env, post } from "./routes.js";
import { submitSample } from "./sampling-requests.js";
import {
  createModel,
  submitForwardBackward,
  submitLoadWeights,
  submitOptimStep,
  submitSaveExternal,
  submitSaveForSampler,
  submitSaveWeights,
  unloadModel,
} from "./training-requests.js";

export function modelRoutes(app: Hono<Env>, host: Host, pollMs: number): void {
  post(app, "/create_model", createModelRequest, (request, digest) => createModel(host, request, digest));
  post(app, "/unload_model", modelRequest, ({ model_id }) => unloadModel(host, model_id));
  post(app, "/optim_step", optimStepRequest, (request, digest) => submitOptimStep(host, request, digest));
  post(app, "/save_weights", saveWeightsRequest, (request, digest) => submitSaveWeights(host, request, digest));
  post(app, "/save_weights_for_sampler", saveWeightsForSamplerRequest, (request, digest) =>
    submitSaveForSampler(host, request, digest),
  );
  post(app, "/save_weights_external", saveWeightsExternalRequest, (request, digest) =>
    submitSaveExternal(host, request, digest),
  );
  post(app, "/load_weights", loadWeightsRequest, (request, digest) => submitLoadWeights(host, request, digest));
  for (const path of ["/forward_backward", "/forward"]) {
    app.post(path, async (c) => {
      const body = await readBody(c.env.incoming);
      return c.json(submitForwardBackward(host, body, contentType(c)));
    });
  }
  app.post("/asample", async (c) => {
    const body = await readBody(c.env.incoming);
    return c.json(submitSample(host, parseAnyJson(body, contentType(c), "asample"), digestOf("/asample", body)));
  });
  app.post("/retrieve_future", async (c) => {
    const body = parseJson(await readBody(c.env.incoming), contentType(c), retrieveFutureRequest, "retrieve_future");
    const polled = await host.futures.poll(body.request_id, pollMs, c.req.raw.signal);
    return polledResponse(c, body.request_id, polled);
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
