// Who uses the server: a session holds models in training and sampling sessions, and lives as long as it is heard of.
// What becomes of its models then is the host's business (host.ts).

import { randomBytes } from "node:crypto";
import { notFound, RequestError } from "../../../core/request-error.js";
import type { StoredWeights } from "./engines.js";
import type { Snapshot, TrainingModel } from "./training-model.js";

/** What a sampling session draws from. */
export type Weights =
  | { readonly kind: "base" }
  | { readonly kind: "stored"; readonly stored: StoredWeights; readonly path: string }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot };

export interface SamplingSession {
  readonly id: string;
  readonly weights: Weights;
  /** Requests by their number: what they asked for, and the future that answers. */
  readonly requests: Map<number, { readonly digest: string; readonly id: string }>;
}

export interface Session {
  readonly id: string;
  readonly models: Map<string, TrainingModel>;
  readonly samplers: Map<string, SamplingSession>;
  heardAt: number;
}

/** Ended ones that are remembered, so that whoever comes late is told why. */
const MOST_ENDED = 1000;
/** Of one session: the oldest goes when another is made. */
const MOST_SAMPLERS = 1000;

export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #ended = new Map<string, string>();

  create(): Session {
    const session = {
      id: randomBytes(8).toString("hex"),
      models: new Map(),
      samplers: new Map(),
      heardAt: performance.now(),
    };
    this.#open.set(session.id, session);
    return session;
  }

  /** Also tells that its owner is alive. @throws RequestError where it is unknown, or has ended */
  get(id: string): Session {
    const session = this.#open.get(id);
    if (!session) throw this.#absent(id, `session ${id.slice(0, 100)}`);
    session.heardAt = performance.now();
    return session;
  }

  /** @throws RequestError where it is unknown, or its session has ended */
  model(id: string): TrainingModel {
    const session = this.#open.get(id.split(":")[0]);
    const model = session?.models.get(id);
    if (!session || !model) throw this.#absent(id, `model ${id.slice(0, 100)}`, 404);
    session.heardAt = performance.now();
    return model;
  }

  /** @throws RequestError where it is unknown, or its session has ended */
  sampler(id: string): SamplingSession {
    const session = this.#open.get(id.split(":")[0]);
    const sampler = session?.samplers.get(id);
    if (!session || !sampler) throw this.#absent(id, `sampling session ${id.slice(0, 100)}`);
    session.heardAt = performance.now();
    return sampler;
  }

  /** The same number again gives the session that was made first. */
  addSampler(session: Session, sequenceId: number, weights: Weights): SamplingSession {
    const id = `${session.id}:sample:${sequenceId}`;
    const known = session.samplers.get(id);
    if (known) return known;
    const sampler = { id, weights, requests: new Map() };
    session.samplers.set(id, sampler);
    for (const [oldest, { weights: old }] of session.samplers) {
      if (session.samplers.size <= MOST_SAMPLERS) break;
      session.samplers.delete(oldest);
      if (old.kind === "snapshot") old.snapshot.promised--;
    }
    return sampler;
  }

  /** @param reason  told to whoever asks for it later */
  end(session: Session, reason: string): void {
    this.#open.delete(session.id);
    this.#ended.set(session.id, reason);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MOST_ENDED) return;
      this.#ended.delete(oldest);
    }
  }

  silentFor(timeoutMs: number): Session[] {
    return [...this.#open.values()].filter(({ heardAt }) => performance.now() - heardAt > timeoutMs);
  }

  all(): Session[] {
    return [...this.#open.values()];
  }

  #absent(id: string, what: string, gone: 404 | 410 = 410): RequestError {
    const reason = this.#ended.get(id.split(":")[0]);
    if (reason !== undefined) return new RequestError(gone, `${what}: its session has ended: ${reason}`);
    return notFound(`${what}: not known here: this server was started after it was made, or it was unloaded`);
  }
}
