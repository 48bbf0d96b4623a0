// Opens a client of the Tinker protocol: finds the server, asks what it can, begins a session and keeps it alive.

import { setMaxListeners } from "node:events";
import { CancelledError, UsageError } from "../../../core/errors.js";
import { capabilitiesResponse, createModelResponse, createSessionResponse, loraToWire } from "../protocol/messages.js";
import { addressFrom, showsKey } from "./address.js";
import { ask, begin, finish } from "./answers.js";
import { deleteCheckpoint, listCheckpoints, weightsInfo } from "./checkpoints.js";
import type { TinkerClient, TinkerOptions, TrainingClient } from "./client.js";
import { clockOf } from "./clock.js";
import { keyCredentials, tokenCredentials } from "./credentials.js";
import { SampleDispatch } from "./dispatch.js";
import { downloadCheckpoint } from "./download.js";
import { droppable } from "./droppable.js";
import { BatchEncoding } from "./encoding.js";
import { Gate } from "./gate.js";
import { startHeartbeat } from "./heartbeat.js";
import { Notices } from "./notices.js";
import { openSampler } from "./sampling.js";
import type { Session } from "./session.js";
import { flagsOf, PROTOCOL_LEVEL, readSettings, type Settings } from "./settings.js";
import type { Link } from "./submission.js";
import { RemoteModel } from "./training.js";
import { type Credentials, Transport } from "./transport.js";
import { cut } from "./words.js";

const PATIENCE_MS = 15 * 60_000;

/**
 * A client of a server of the Tinker protocol, with a session on it.
 *
 * @throws UsageError for an address or a key that cannot be one; TinkerError where the server is away for longer than
 * `patienceMs`, refuses the key, or does not speak the protocol
 */
export async function openTinker(options: TinkerOptions = {}): Promise<TinkerClient> {
  const { link, settings, close } = await connect(options);
  try {
    const session = await beginSession(link, settings, options);
    startHeartbeat(link, session.id);
    return clientOf(session, close);
  } catch (error) {
    close();
    throw error;
  }
}

interface Connection {
  readonly link: Link;
  readonly settings: Settings;
  readonly close: () => void;
}

async function connect(options: TinkerOptions): Promise<Connection> {
  const address = addressFrom(options, process.env);
  const clock = clockOf(options.timeScale ?? 1);
  const notices = new Notices(clock, options.onNotice ?? (() => {}));
  const ended = new AbortController();
  // As many listen as there are requests.
  setMaxListeners(0, ended.signal);
  const transports: Transport[] = [];
  const linkWith = (credentials: Credentials, billingPauseMs: number): Link => {
    const transport = new Transport(address.url, clock, credentials);
    transport.onHeard = () => notices.over("away", `${address.url}: the server answers again`);
    transports.push(transport);
    return { transport, notices, patienceMs: options.patienceMs ?? PATIENCE_MS, billingPauseMs, closed: ended.signal };
  };
  const close = (): void => {
    ended.abort(new CancelledError("the Tinker client was closed"));
    for (const transport of transports) transport.close();
  };
  if (showsKey(address)) notices.say(`${address.url}: the key crosses the network readable; https would hide it`);
  try {
    const link = linkWith(keyCredentials(address.key), HOUR_MS);
    const settings = await readSettings(link);
    const billingPauseMs = 1000 * settings.billing_exception_max_pause_duration_sec;
    if (!settings.pjwt_auth_enabled) return { link: { ...link, billingPauseMs }, settings, close };
    if (address.key === null) {
      throw new UsageError(`${address.url}: this server wants a key: set TINKER_API_KEY`);
    }
    return { link: linkWith(tokenCredentials(link), billingPauseMs), settings, close };
  } catch (error) {
    close();
    throw error;
  }
}

const HOUR_MS = 3_600_000;

async function beginSession(link: Link, settings: Settings, options: TinkerOptions): Promise<Session> {
  const body = {
    tags: options.tags ?? [],
    user_metadata: options.userMetadata ?? {},
    sdk_version: PROTOCOL_LEVEL,
    type: "create_session",
  };
  const call = { method: "POST", path: "create_session", body } as const;
  const made = await ask(link, { name: "create_session", creates: true }, call, createSessionResponse);
  for (const message of [made.info_message, made.warning_message, made.error_message]) {
    if (message) link.notices.say(`${link.transport.url}: ${cut(message, link.transport.credentials.secrets())}`);
  }
  let models = 0;
  let samplers = 0;
  return {
    id: made.session_id,
    link,
    flags: flagsOf(settings),
    encoding: new BatchEncoding(options.wire ?? "auto"),
    batchBytes: new Gate(settings.fwdbwd_dispatch_bytes_semaphore_size),
    dispatch: new SampleDispatch(settings),
    nextModel: () => models++,
    nextSampler: () => samplers++,
  };
}

function clientOf(session: Session, close: () => void): TinkerClient {
  const { link, flags } = session;
  return {
    baseUrl: link.transport.url,
    flags,
    sessionId: session.id,
    capabilities: () => droppable(capabilities(link)),
    createModel: (options) => droppable(createModel(session, options)),
    sampler: (from) => droppable(openSampler(session, from)),
    weightsInfo: (path) => droppable(weightsInfo(link, path)),
    checkpoints: (runId) => droppable(listCheckpoints(link, runId)),
    deleteCheckpoint: (path) => droppable(deleteCheckpoint(link, path)),
    downloadCheckpoint: (path, file, onBytes) => droppable(downloadCheckpoint(link, path, file, onBytes)),
    close: async () => close(),
  };
}

async function capabilities(link: Link): ReturnType<TinkerClient["capabilities"]> {
  const call = { method: "GET", path: "get_server_capabilities" } as const;
  const { supported_models: models } = await ask(link, { name: "capabilities" }, call, capabilitiesResponse);
  return {
    models: models.flatMap(({ model_name: name, max_context_length: contextLength }) =>
      name ? [{ name, contextLength: contextLength ?? null }] : [],
    ),
  };
}

async function createModel(
  session: Session,
  options: Parameters<TinkerClient["createModel"]>[0],
): Promise<TrainingClient> {
  const { link } = session;
  const operation = { name: "create_model", creates: true };
  const body = {
    session_id: session.id,
    model_seq_id: session.nextModel(),
    base_model: options.baseModel,
    ...(options.userMetadata && { user_metadata: options.userMetadata }),
    lora_config: loraToWire(options.lora),
    type: "create_model",
  };
  const pending = await begin(link, operation, { method: "POST", path: "create_model", body }, "CreateModel");
  const { model_id: modelId } = await finish(link, operation, pending, createModelResponse);
  return new RemoteModel(session, modelId);
}
