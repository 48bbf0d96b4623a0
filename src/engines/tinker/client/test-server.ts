// A small server of the Tinker protocol for tests of its client: real HTTP on loopback, results out of nothing, strict
// about order, and with a script of faults. It counts what it has taken, so that a test can say what was counted twice.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeForwardBackward, encodeOutput } from "../protocol/forward-backward.js";
import type { ForwardBackwardRequest } from "../protocol/records.js";
import { encodeSampleResponse } from "../protocol/sampling.js";

interface Received {
  readonly method: string;
  /** Below /api/v1/. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly json: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Of this path, from 0. */
  readonly nth: number;
  /** Whoever sent it has gone since. */
  readonly gone: () => boolean;
}

interface Scripted {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request is taken all the same, as by a server whose answer is lost. */
  readonly taken?: boolean;
}

/** What comes instead of the answer: `cut` breaks the connection, `silence` never answers. */
type Fault = Scripted | "cut" | "cut after taking" | "silence";

export interface TestServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Batches and steps in the order they were taken, each once. */
  readonly taken: ReadonlyArray<{ readonly path: string; readonly sequenceId: number; readonly datums: number }>;
  /** Requests to a path. */
  to(path: string): readonly Received[];
  close(): Promise<void>;
}

export interface Script {
  /** Of a request; undefined where it is answered. */
  fault?(received: Received): Fault | undefined | Promise<Fault | undefined>;
  readonly config?: object;
  /** Before a result is there: so many polls are told to try again. */
  readonly polls?: number;
}

export async function openTestServer(script: Script = {}): Promise<TestServer> {
  const received: Received[] = [];
  const state = new State(script);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const path = (request.url ?? "").replace(/^\/api\/v1\//, "");
    const isJson = request.headers["content-type"] === "application/json";
    const one: Received = {
      method: request.method ?? "",
      path,
      headers: request.headers,
      json: isJson ? (JSON.parse(body.toString()) as Record<string, unknown>) : {},
      body,
      nth: received.filter((other) => other.path === path).length,
      gone: () => response.destroyed,
    };
    received.push(one);
    const fault = await script.fault?.(one);
    if (fault === "silence") return;
    if (fault === "cut") return void request.socket.destroy();
    if (fault === "cut after taking") state.answer(one);
    if (fault === "cut after taking") return void request.socket.destroy();
    if (fault?.taken) state.answer(one);
    send(response, fault ?? state.answer(one));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    taken: state.taken,
    to: (path) => received.filter((one) => one.path === path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status = 200, body = {}, headers = {} }: Scripted): void {
  const content = Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(content);
}

class State {
  readonly taken: Array<{ path: string; sequenceId: number; datums: number }> = [];
  readonly #script: Script;
  readonly #answers = new Map<string, Scripted>();
  readonly #results: Array<{ type: string; result: Scripted; polls: number }> = [];
  readonly #names = new Set<string>();
  #models = 0;
  #samplers = 0;

  constructor(script: Script) {
    this.#script = script;
  }

  /** The same answer for the same idempotency key. */
  answer(received: Received): Scripted {
    const key = String(received.headers["x-idempotency-key"]);
    if (received.method === "GET" || received.path === "retrieve_future") return this.#route(received);
    const known = this.#answers.get(key);
    if (known) return known;
    const answer = this.#route(received);
    this.#answers.set(key, answer);
    return answer;
  }

  #route(received: Received): Scripted {
    const { path, json } = received;
    switch (path) {
      case "client/config":
        return { body: this.#script.config ?? {} };
      case "auth/token":
      case "session_heartbeat":
        return {};
      case "create_session":
        return { body: { session_id: "session-1" } };
      case "get_server_capabilities":
        return {
          body: { supported_models: [{ model_name: "tiny", max_context_length: 64 }, { model_name: "plain" }] },
        };
      case "get_info":
        return { body: { model_id: json["model_id"], model_data: { base_model: "tiny" } } };
      case "create_model":
        return this.#later("CreateModel", { body: { model_id: `model-${this.#models++}` } });
      case "create_sampling_session":
        return { body: { sampling_session_id: `sampling-${this.#samplers++}` } };
      case "forward_backward":
      case "forward":
        return this.#batch(path, decodeForwardBackward(received.body, String(received.headers["content-type"])));
      case "asample":
        return this.#later("Sample", sampled(json));
      case "retrieve_future":
        return this.#retrieve(received);
      default:
        return path.startsWith("training_runs/") ? this.#run(received) : this.#step(path, json);
    }
  }

  #batch(path: string, request: ForwardBackwardRequest): Scripted {
    this.taken.push({ path, sequenceId: request.sequenceId, datums: request.datums.length });
    const outputs = request.datums.map(({ modelInput }) => ({ logprobs: Float32Array.from(modelInput, (id) => -id) }));
    const { body, contentType } = encodeOutput({ outputs, metrics: { "loss:sum": request.datums.length } }, "protobuf");
    const type = request.forwardOnly ? "Forward" : "ForwardBackward";
    return this.#later(type, { body, headers: { "content-type": contentType } });
  }

  #step(path: string, json: Received["json"]): Scripted {
    const sequenceId = Number(json["seq_id"]);
    const name = `${path} ${textOf(json["path"] ?? json["sampling_session_seq_id"])}`;
    if (path.startsWith("save_weights")) {
      if (this.#names.has(name)) return { status: 409, body: { detail: `Checkpoint ${name} already exists` } };
      this.#names.add(name);
    }
    this.taken.push({ path, sequenceId, datums: 0 });
    switch (path) {
      case "optim_step":
        return this.#later("OptimStep", { body: { metrics: { grad_norm: 1.5, gone: null } } });
      case "save_weights":
        return this.#later("SaveWeights", { body: { path: `tinker://model-0/weights/${textOf(json["path"])}` } });
      case "save_weights_for_sampler":
        return this.#later("SaveWeightsForSampler", {
          body:
            json["path"] === undefined
              ? { path: null, sampling_session_id: `sampling-${this.#samplers++}` }
              : { path: `tinker://model-0/sampler_weights/${textOf(json["path"])}` },
        });
      case "load_weights":
        return this.#later("LoadWeights", { body: {} });
      case "unload_model":
        return this.#later("UnloadModel", { body: { model_id: "model-0" } });
      default:
        return { status: 404, body: { detail: "Not Found" } };
    }
  }

  #run({ method, path }: Received): Scripted {
    if (method === "DELETE") return { status: 204, body: "" };
    if (path.endsWith("/checkpoints")) {
      const listed = [...this.#names].map((name) => {
        const [endpoint, id] = name.split(" ");
        const kind = endpoint === "save_weights" ? "training" : "sampler";
        const place = kind === "training" ? "weights" : "sampler_weights";
        return {
          checkpoint_id: `${place}/${id}`,
          checkpoint_type: kind,
          time: "2026-01-01T00:00:00Z",
          tinker_path: `tinker://model-0/${place}/${id}`,
        };
      });
      return { body: { checkpoints: listed } };
    }
    return { status: 404, body: { detail: "Not Found" } };
  }

  #later(type: string, result: Scripted): Scripted {
    const id = this.#results.push({ type, result, polls: this.#script.polls ?? 0 }) - 1;
    return { status: 202, body: { request_id: `r${id}` } };
  }

  #retrieve({ json, headers }: Received): Scripted {
    const one = this.#results[Number(textOf(json["request_id"]).slice(1))];
    if (one === undefined) return { status: 404, body: { detail: "Future not found" } };
    if (headers["x-tinker-request-type"] !== one.type) return { status: 422, body: { detail: `it is a ${one.type}` } };
    if (one.polls-- > 0) return { body: { type: "try_again", request_id: json["request_id"], queue_state: "active" } };
    return one.result;
  }
}

function sampled(json: Received["json"]): Scripted {
  const tokens = (json["prompt"] as { readonly chunks: ReadonlyArray<{ readonly tokens: readonly number[] }> })
    .chunks[0].tokens;
  const sequence = { stopReason: "stop" as const, tokens, logprobs: Float32Array.from(tokens, (id) => -id) };
  const sequences = Array.from({ length: Number(json["num_samples"]) }, () => sequence);
  const { body, contentType } = encodeSampleResponse(
    { sequences, promptLogprobs: null, topkPromptLogprobs: null },
    "protobuf",
  );
  return { body, headers: { "content-type": contentType } };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
