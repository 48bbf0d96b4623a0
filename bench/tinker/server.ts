// The simulated Tinker server, a process of its own so that its memory and CPU are nobody else's: it answers when a fleet
// would (fleet.ts), with what a model might (sequences.ts), and counts what goes over the wire. It trains nothing: the
// logprobs that it gives back are those that came. Requests are ours, and not checked.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { readTokenizer } from "../../src/engines/embedded/model/tokenizer.js";
import { decodeForwardBackward, encodeOutput } from "../../src/engines/tinker/protocol/forward-backward.js";
import { encodeSampleResponse } from "../../src/engines/tinker/protocol/sampling.js";
import type { Book } from "./book.js";
import { Fleet } from "./fleet.js";
import type { FromServer, ServerOptions, Traffic } from "./messages.js";
import { Sequences } from "./sequences.js";

type Wire = "json" | "protobuf";
type Encoded = { readonly body: Buffer; readonly contentType: string };
type Answer = (wire: Wire) => Encoded;

/** A poll is let go after so long, to be made again. */
const HOLD_MS = 40_000;

const options = JSON.parse(process.argv[2]) as ServerOptions;
const book = JSON.parse(readFileSync(join(options.folder, "book.json"), "utf8")) as Book;
const sequences = new Sequences(book, readTokenizer(options.folder), options.meanTokens);
const fleet = new Fleet(options.rates);
const futures = new Map<string, { readonly readyAt: number; readonly answer: Answer }>();
const sockets = new Set<Socket>();
const closed = { received: 0, sent: 0 };
const requests: Record<string, { count: number; received: number; sent: number; largest: number }> = {};
const peak = { samples: 0, connections: 0 };
let samples = 0;
let sessions = 0;

const json = (value: unknown): Encoded => ({
  body: Buffer.from(JSON.stringify(value)),
  contentType: "application/json",
});

function future(readyAt: number, answer: Answer): Encoded {
  const id = `future-${futures.size}-${Math.round(readyAt)}-${sessions++}`;
  futures.set(id, { readyAt, answer });
  return json({ request_id: id, model_id: "simulated" });
}

interface SampleBody {
  readonly prompt: { readonly chunks: ReadonlyArray<{ readonly tokens: readonly number[] }> };
  readonly num_samples?: number;
  readonly sampling_params: { readonly max_tokens?: number };
  readonly prompt_logprobs?: boolean;
}

function sample(body: SampleBody): Encoded {
  const prompt = body.prompt.chunks.flatMap(({ tokens }) => tokens);
  const maximum = body.sampling_params.max_tokens ?? options.meanTokens;
  const sampled = sequences.sample(prompt, body.num_samples ?? 1, maximum);
  const readyAt = Math.max(...sampled.map(({ tokens }) => fleet.sampled(tokens.length)));
  const promptLogprobs = body.prompt_logprobs === true ? new Float32Array(prompt.length).fill(-1) : null;
  samples++;
  peak.samples = Math.max(peak.samples, samples);
  const response = { sequences: sampled, promptLogprobs, topkPromptLogprobs: null };
  return future(readyAt, (wire) => {
    samples--;
    return encodeSampleResponse(response, wire);
  });
}

function forwardBackward(body: Buffer, contentType: string): Encoded {
  const { datums, forwardOnly } = decodeForwardBackward(body, contentType);
  const tokens = datums.reduce((sum, { modelInput }) => sum + modelInput.length, 0);
  // A pass without gradient is a third of the work.
  const readyAt = fleet.forwardBackward(forwardOnly ? tokens / 3 : tokens);
  const outputs = datums.map(({ lossInputs, modelInput }) => {
    const { logprobs } = lossInputs;
    return { logprobs: logprobs ? Float32Array.from(logprobs.data) : new Float32Array(modelInput.length).fill(-1) };
  });
  return future(readyAt, (wire) => encodeOutput({ outputs, metrics: { "loss:sum": 0 } }, wire));
}

const soon = (value: object): Encoded => future(0, () => json(value));

const handlers: Readonly<Record<string, (body: Buffer, contentType: string) => Encoded>> = {
  healthz: () => json({ status: "ok" }),
  get_server_capabilities: () =>
    json({ supported_models: [{ model_name: options.model, max_context_length: options.contextLength }] }),
  "client/config": () => json({}),
  "client/dynamic_config": () => json({ refresh_interval_sec: 300 }),
  create_session: () => json({ type: "create_session", session_id: `session-${sessions++}` }),
  session_heartbeat: () => json({ type: "session_heartbeat" }),
  create_sampling_session: () =>
    json({ type: "create_sampling_session", sampling_session_id: `sampler-${sessions++}` }),
  get_info: () =>
    json({ type: "get_info", model_id: "simulated", model_data: { model_name: options.model }, is_lora: true }),
  create_model: () => soon({ type: "create_model", model_id: "simulated" }),
  unload_model: () => soon({ type: "unload_model", model_id: "simulated" }),
  weights_info: () => json({ base_model: options.model, is_lora: true, lora_rank: 32 }),
  load_weights: () => soon({ type: "load_weights", path: "tinker://simulated/weights/step" }),
  save_weights: () => soon({ type: "save_weights", path: "tinker://simulated/weights/step" }),
  save_weights_for_sampler: (body) => {
    const { path } = JSON.parse(body.toString()) as { path?: string };
    const named = { path: `tinker://simulated/sampler_weights/${path}` };
    const result = path === undefined ? { path: null, sampling_session_id: `sampler-${sessions++}` } : named;
    return future(fleet.weights(), () => json({ type: "save_weights_for_sampler", ...result }));
  },
  optim_step: () => future(fleet.optimStep(), () => json({ metrics: { "grad_norm:mean": 1 } })),
  forward_backward: forwardBackward,
  forward: forwardBackward,
  asample: (body) => sample(JSON.parse(body.toString()) as SampleBody),
};

async function retrieve(body: Buffer, accept: string): Promise<Encoded | null> {
  const { request_id: id } = JSON.parse(body.toString()) as { request_id: string };
  const found = futures.get(id);
  if (!found) return null;
  const wait = found.readyAt - performance.now();
  if (wait > 0) await new Promise((done) => setTimeout(done, Math.min(wait, HOLD_MS)));
  if (found.readyAt > performance.now() + 1) {
    return json({ type: "try_again", request_id: id, queue_state: "active" });
  }
  futures.delete(id);
  return found.answer(accept.includes("protobuf") ? "protobuf" : "json");
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const name = (request.url ?? "").replace(/^.*\/api\/v1\//, "").replace(/\?.*$/, "");
  const result =
    name === "retrieve_future"
      ? await retrieve(body, request.headers.accept ?? "")
      : handlers[name]?.(body, request.headers["content-type"] ?? "");
  const { body: answer, contentType } = result ?? json({ detail: `not simulated: ${name}` });
  const tally = (requests[name] ??= { count: 0, received: 0, sent: 0, largest: 0 });
  tally.count++;
  tally.received += body.length;
  tally.sent += answer.length;
  tally.largest = Math.max(tally.largest, body.length);
  response.writeHead(result ? 200 : 404, { "content-type": contentType, "content-length": answer.length }).end(answer);
}

function traffic(): Traffic {
  const open = [...sockets];
  const result: Traffic = {
    receivedBytes: closed.received + open.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    sentBytes: closed.sent + open.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    requests: structuredClone(requests),
    peakSamples: peak.samples,
    peakConnections: peak.connections,
    unknownPrompts: sequences.unknown,
    cpuSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
  };
  return result;
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.writeHead(500).end();
  });
});
server.on("connection", (socket) => {
  sockets.add(socket);
  peak.connections = Math.max(peak.connections, sockets.size);
  socket.on("close", () => {
    sockets.delete(socket);
    closed.received += socket.bytesRead;
    closed.sent += socket.bytesWritten;
  });
});
const tell = (message: FromServer): void => void process.send?.(message);
process.on("message", () => tell({ kind: "traffic", traffic: traffic() }));
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => {
  tell({ kind: "listening", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
