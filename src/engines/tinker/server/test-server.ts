// A server on the tiny model for the tests of this room, and the few calls that they make by hand: what is sent and what
// comes back is seen as it is, without a client in between.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestModel, removeTestModels } from "../../embedded/test-model.js";
import { type ServeOptions, serveEngine } from "./serve.js";

export type Json = Readonly<Record<string, unknown>>;

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface TestServer {
  readonly url: string;
  /** Of the model. */
  readonly model: string;
  /** Of the checkpoints. */
  readonly folder: string;
  send(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** A submission's outcome. */
  result(submitted: Reply): Promise<Json>;
  /** Submits and waits. */
  call(path: string, body: unknown): Promise<Json>;
  session(): Promise<string>;
  /** A model of its own session; rank 0 trains all weights. */
  train(rank?: number): Promise<{ readonly session: string; readonly model: string }>;
  close(): Promise<void>;
}

export async function startTestServer(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const model = options.model ?? createTestModel().folder;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "coderlplus-serve-"));
  const server = await serveEngine({ port: 0, threads: 1, models: 50, pollMs: 500, ...options, model, folder });
  const api = `${server.url}/api/v1`;

  async function send(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const post = { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await fetch(`${api}${path}`, {
      ...(body !== undefined && post),
      headers: { "content-type": "application/json", ...headers },
    });
    const text = await response.text();
    const { status } = response;
    return { status, headers: response.headers, body: (text === "" ? {} : JSON.parse(text)) as Json };
  }

  async function result(submitted: Reply): Promise<Json> {
    if (submitted.status !== 200) throw new Error(`${submitted.status}: ${JSON.stringify(submitted.body)}`);
    for (;;) {
      const { status, body } = await send("/retrieve_future", { request_id: submitted.body["request_id"] });
      if (status !== 408) return body;
    }
  }

  async function session(): Promise<string> {
    return (await send("/create_session", { sdk_version: "test" })).body["session_id"] as string;
  }

  const call = async (path: string, body: unknown): Promise<Json> => result(await send(path, body));
  return {
    url: server.url,
    model,
    folder,
    send,
    result,
    call,
    session,
    train: async (rank = 2) => {
      const session_id = await session();
      const lora_config = { rank, seed: 7 };
      const { model_id } = await call("/create_model", {
        session_id,
        model_seq_id: 0,
        base_model: "tiny",
        lora_config,
      });
      return { session: session_id, model: model_id as string };
    },
    close: async () => {
      await server.close();
      if (!options.folder) rmSync(folder, { recursive: true, force: true });
      if (!options.model) removeTestModels();
    },
  };
}

const tensor = (data: readonly number[], dtype = "float32"): Json => ({ data, dtype, shape: [data.length] });

/** A datum of these tokens; what else stands beside its targets has one number for each of them but the first. */
export function datumOf(tokens: readonly number[], inputs: Readonly<Record<string, readonly number[]>>): Json {
  const others = Object.entries(inputs).map(([name, values]) => [name, tensor(values)]);
  return {
    model_input: { chunks: [{ type: "encoded_text", tokens: tokens.slice(0, -1) }] },
    loss_fn_inputs: { target_tokens: tensor(tokens.slice(1), "int64"), ...Object.fromEntries(others) },
  };
}

/** The body of forward_backward; of forward, named `forward_input`. */
export function gradientOf(
  model: string,
  seq_id: number,
  data: readonly Json[],
  loss: Json = {},
  key = "forward_backward_input",
) {
  return { model_id: model, seq_id, [key]: { data, loss_fn: "cross_entropy", ...loss } };
}

export const ADAM = { learning_rate: 0.01, eps: 1e-8 };
