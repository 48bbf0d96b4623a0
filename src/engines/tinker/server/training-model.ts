// One model in training: an engine, the queue that orders what is asked of it, and the weights that sampling sessions
// were promised. A sampling session shares the engine's weights until they are about to change; only then, and only if
// it is still there, they are copied to the disk.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../core/errors.js";
import type { EmbeddedEngine } from "../../embedded/embedded.js";
import { type Lora, type StoredWeights, Turns } from "./engines.js";
import type { Future } from "./futures.js";
import type { SequenceQueue } from "./sequence-queue.js";

/** Weights of a moment of training, promised to sampling sessions. */
export interface Snapshot {
  readonly model: TrainingModel;
  /** Null while the engine still has them. */
  stored: StoredWeights | null;
  /** Why they can be had no more. */
  lost: string | null;
  /** How many sampling sessions were promised them. */
  promised: number;
}

export interface TrainingModelOptions {
  readonly id: string;
  readonly sessionId: string;
  readonly lora: Lora;
  readonly userMetadata: Readonly<Record<string, unknown>> | null;
  readonly queue: SequenceQueue;
  readonly opening: Promise<EmbeddedEngine>;
  /** Where copies of weights are kept. */
  readonly scratch: string;
  /** How many copies are kept. */
  readonly copies: number;
}

export class TrainingModel {
  readonly id: string;
  readonly sessionId: string;
  readonly lora: Lora;
  readonly userMetadata: TrainingModelOptions["userMetadata"];
  readonly #queue: SequenceQueue;
  readonly #opening: Promise<EmbeddedEngine>;
  readonly #scratch: string;
  readonly #copies: number;
  readonly #turns = new Turns();
  /** Copied ones, oldest first. */
  readonly #kept: Snapshot[] = [];
  #now: Snapshot;
  #copied = 0;
  lastRequest = new Date();

  constructor(options: TrainingModelOptions) {
    this.id = options.id;
    this.sessionId = options.sessionId;
    this.lora = options.lora;
    this.userMetadata = options.userMetadata;
    this.#queue = options.queue;
    this.#opening = options.opening;
    this.#scratch = options.scratch;
    this.#copies = options.copies;
    this.#now = this.#fresh();
  }

  /** In turn, with the engine for itself. */
  use<Result>(use: (engine: EmbeddedEngine) => Promise<Result>): Promise<Result> {
    return this.#turns.run(async () => use(await this.#opening));
  }

  /** As {@link use}, for what changes the weights. */
  change<Result>(use: (engine: EmbeddedEngine) => Promise<Result>): Promise<Result> {
    return this.use(async (engine) => {
      await this.#keep(engine);
      return await use(engine);
    });
  }

  submit(sequenceId: number | null, digest: string, run: (future: Future) => Promise<void>): string {
    this.lastRequest = new Date();
    return this.#queue.submit({ sequenceId, digest, run });
  }

  /** The weights as they are now, for one more sampling session. Only in turn. */
  promise(): Snapshot {
    this.#now.promised++;
    return this.#now;
  }

  /** With these weights while the engine has them; undefined where it does not any more. */
  useSnapshot<Result>(
    snapshot: Snapshot,
    use: (engine: EmbeddedEngine) => Promise<Result>,
  ): Promise<Result | undefined> {
    return this.use(async (engine) => (this.#now === snapshot && !snapshot.lost ? await use(engine) : undefined));
  }

  /** @param keep  whether sampling sessions go on with the last weights */
  async close(reason: Error, keep: boolean): Promise<void> {
    this.#queue.close(reason);
    await this.#turns.run(async () => {
      const engine = await this.#opening.catch(() => null);
      if (engine && keep) await this.#keep(engine);
      if (!keep) for (const snapshot of [this.#now, ...this.#kept.splice(0)]) this.#lose(snapshot, reason.message);
      await engine?.close();
    });
  }

  async #keep(engine: EmbeddedEngine): Promise<void> {
    const snapshot = this.#now;
    this.#now = this.#fresh();
    if (snapshot.promised === 0) return;
    const folder = join(this.#scratch, `${this.id.replaceAll(":", ".")}-${this.#copied++}`);
    try {
      mkdirSync(folder, { recursive: true });
      await engine.save(folder, { optimizer: false });
      snapshot.stored = { folder, lora: this.lora, written: "" };
    } catch (error) {
      // Training is worth more than an old sampler.
      rmSync(folder, { recursive: true, force: true });
      snapshot.lost = `its weights could not be kept: ${messageOf(error)}`;
      return;
    }
    this.#kept.push(snapshot);
    for (const oldest of this.#kept.splice(0, this.#kept.length - this.#copies)) {
      this.#lose(oldest, `this server keeps the weights of the last ${this.#copies} samplers of a model`);
    }
  }

  #lose(snapshot: Snapshot, reason: string): void {
    if (snapshot.stored) rmSync(snapshot.stored.folder, { recursive: true, force: true });
    snapshot.lost = reason;
  }

  #fresh(): Snapshot {
    return { model: this, stored: null, lost: null, promised: 0 };
  }
}
