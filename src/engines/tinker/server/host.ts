// What a server holds: sessions, models in training, futures, checkpoints and engines, and how they begin and end. What
// is asked of them stands in training-requests.ts, sampling-requests.ts and checkpoint-requests.ts.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { badRequest, RequestError } from "../../../core/request-error.js";
import type { EmbeddedEngine } from "../../embedded/embedded.js";
import { readConfig } from "../../embedded/model/config.js";
import { Capacity } from "./capacity.js";
import { type Checkpoint, Checkpoints, parsePath } from "./checkpoints.js";
import type { ModelLimits } from "./datums.js";
import { Engines, type Lora } from "./engines.js";
import { DEFAULT_FUTURE_LIMITS, Futures } from "./futures.js";
import { modelIdentity } from "./model-identity.js";
import { Sampling } from "./sampling.js";
import { SequenceQueue } from "./sequence-queue.js";
import { type Session, Sessions } from "./sessions.js";
import { TrainingModel } from "./training-model.js";

export interface HostOptions {
  /** The model folder that is trained and sampled from. */
  readonly model: string;
  /** Further names that clients may use for it. */
  readonly names?: readonly string[];
  /** Where checkpoints are kept. */
  readonly folder: string;
  /** Models in training at once; others wait. Default 4. */
  readonly models?: number;
  readonly threads?: number;
  /** A session not heard of for so long ends. Default 5 minutes. */
  readonly sessionTimeoutMs?: number;
  /** How long a missing sequence number is waited for. Default 10 minutes. */
  readonly gapTimeoutMs?: number;
  /** How many samplers of a model keep their weights while it is trained on. Default 4. */
  readonly copies?: number;
}

/** What a model begins from. */
export interface Beginning {
  readonly lora: Lora;
  readonly seed: string | number;
  readonly userMetadata: Readonly<Record<string, unknown>> | null;
  /** Tells bodies of the request apart. */
  readonly digest: string;
  /** Done before anything else. @returns what the future answers */
  readonly prepare: (engine: EmbeddedEngine, modelId: string) => Promise<Readonly<Record<string, unknown>>>;
}

/** How a model came in. */
interface Admission {
  readonly digest: string;
  readonly requestId: string;
  /** Aborted when it goes, also from before the door. */
  readonly leaving: AbortController;
  release: () => void;
}

const SCRATCH = ".samplers-";
const SWEEP_MS = 10_000;

export class Host {
  readonly sessions = new Sessions();
  readonly futures = new Futures(DEFAULT_FUTURE_LIMITS);
  readonly sampling = new Sampling();
  readonly checkpoints: Checkpoints;
  readonly engines: Engines;
  readonly limits: ModelLimits;
  readonly modelFolder: string;
  readonly modelName: string;
  readonly identity: string;
  readonly #names: ReadonlySet<string>;
  readonly #options: HostOptions;
  readonly #capacity: Capacity;
  readonly #scratch: string;
  readonly #timer: NodeJS.Timeout;
  readonly #admitted = new Map<TrainingModel, Admission>();

  /** @throws EngineError for a folder that is no model */
  constructor(options: HostOptions) {
    this.#options = options;
    this.modelFolder = resolve(options.model);
    this.modelName = options.names?.[0] ?? basename(this.modelFolder);
    this.#names = new Set([this.modelName, basename(this.modelFolder), this.modelFolder, ...(options.names ?? [])]);
    const { vocabularySize, contextLength } = readConfig(this.modelFolder);
    this.limits = { vocabularySize, contextLength };
    this.identity = modelIdentity(this.modelFolder);
    this.engines = new Engines(this.modelFolder, options.threads);
    this.checkpoints = new Checkpoints(options.folder);
    this.#capacity = new Capacity(options.models ?? 4);
    this.#scratch = newScratch(options.folder);
    this.#timer = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, this.#timeoutMs / 4));
    this.#timer.unref();
  }

  /** @throws RequestError for a model that is not served here */
  checkBaseModel(name: string): void {
    if (this.#names.has(name)) return;
    throw badRequest(`base_model: "${name.slice(0, 200)}" is not served here; this server has ${this.modelName}`);
  }

  /** @throws RequestError where there is none, or it belongs to another base model */
  checkpointAt(path: string): Checkpoint {
    const name = parsePath(path);
    if (name.segment === "external_weights") {
      throw badRequest(`${path}: was made to be downloaded; expected one of weights or sampler_weights`);
    }
    const checkpoint = this.checkpoints.find(name);
    const { lora, base, baseModel } = checkpoint.note;
    if (!lora || base === this.identity) return checkpoint;
    throw badRequest(
      `${path}: adapters of ${baseModel}, which is another model than the one served here, ${this.modelName}`,
    );
  }

  /** The same number and body again is answered as before. */
  addModel(session: Session, sequenceId: number, beginning: Beginning): { modelId: string; requestId: string } {
    const modelId = `${session.id}:train:${sequenceId}`;
    const known = session.models.get(modelId);
    if (known) {
      const admission = this.#admitted.get(known);
      if (admission?.digest === beginning.digest) return { modelId, requestId: admission.requestId };
      throw new RequestError(409, `model_seq_id ${sequenceId} of this session was used already, for another model`);
    }
    const future = this.futures.create();
    const admission = {
      digest: beginning.digest,
      requestId: future.id,
      leaving: new AbortController(),
      release: () => {},
    };
    const opening = this.#opened(beginning, admission, (reason) => future.pause(reason));
    const model = new TrainingModel({
      id: modelId,
      sessionId: session.id,
      lora: beginning.lora,
      userMetadata: beginning.userMetadata,
      queue: new SequenceQueue(this.futures, this.#options.gapTimeoutMs ?? 600_000),
      opening,
      scratch: this.#scratch,
      copies: this.#options.copies ?? 4,
    });
    session.models.set(modelId, model);
    this.#admitted.set(model, admission);
    model
      .use((engine) => beginning.prepare(engine, modelId))
      .then(
        (body) => future.settle({ kind: "json", body }),
        (error: unknown) => {
          future.fail(error);
          return this.removeModel(session, model, `it could not be made: ${String(error)}`, false);
        },
      )
      .catch(() => {});
    return { modelId, requestId: future.id };
  }

  /** @param keep  whether its sampling sessions go on */
  async removeModel(session: Session, model: TrainingModel, reason: string, keep: boolean): Promise<void> {
    if (!session.models.delete(model.id)) return;
    const error = new RequestError(404, `model ${model.id}: ${reason}`);
    const admission = this.#admitted.get(model);
    this.#admitted.delete(model);
    admission?.leaving.abort(error);
    try {
      await model.close(error, keep);
    } finally {
      admission?.release();
    }
  }

  /** @param reason  told to whoever asks for something of it later */
  async endSession(session: Session, reason: string): Promise<void> {
    this.sessions.end(session, reason);
    await Promise.all(
      [...session.models.values()].map((model) =>
        this.removeModel(session, model, `its session has ended: ${reason}`, false),
      ),
    );
  }

  /** What runs is finished, what waits fails. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.sampling.close(new RequestError(503, "the server is stopping"));
    await Promise.all(this.sessions.all().map((session) => this.endSession(session, "the server is stopping")));
    await this.engines.close();
    this.futures.release();
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  async #opened(
    { lora, seed }: Beginning,
    admission: Admission,
    pause: (reason: string | null) => void,
  ): Promise<EmbeddedEngine> {
    admission.release = await this.#capacity.enter(admission.leaving.signal, () => {
      pause(`this server trains ${this.#options.models ?? 4} models at once: unload one, or start it with more`);
    });
    pause(null);
    return await this.engines.open(lora, seed);
  }

  get #timeoutMs(): number {
    return this.#options.sessionTimeoutMs ?? 300_000;
  }

  #sweep(): void {
    this.futures.sweep();
    this.checkpoints.sweep();
    for (const session of this.sessions.silentFor(this.#timeoutMs)) {
      void this.endSession(session, `no heartbeat for ${Math.round(this.#timeoutMs / 1000)} s`).catch(() => {});
    }
  }
}

/** A folder for this process; what a killed one has left is removed. */
function newScratch(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const [, pid] = /^\.samplers-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(folder, `${SCRATCH}${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
