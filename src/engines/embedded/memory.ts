// Who holds which numbers, in a compute worker. What training changes (all weights, or the adapters alone) lies in one
// place with its gradient and moments: in the worker's own memory where it is alone, in shared memory where there are
// several. ONNX Runtime refuses shared memory, so each of several computes with a copy. Frozen weights are never
// shared: they are the base under adapters, and the reference policy, and are read once from the model's folder.

import { statSync } from "node:fs";
import { EngineError } from "../../core/errors.js";
import type { Model } from "./decoder/graphs.js";
import { trainedLayout } from "./decoder/weight-inputs.js";
import type { SharedState } from "./jobs.js";
import { readWeights } from "./model/checkpoint.js";
import { weightFiles } from "./model/shards.js";
import type { OptimizerState } from "./training/optimizer.js";
import { type LoadedWeights, loadedWeights } from "./weights.js";

/** Tells whether the files of a folder's weights are still the same. */
export function stampOf(folder: string): string {
  const stats = weightFiles(folder).map((path) => statSync(path));
  return stats.map(({ mtimeMs, size }) => `${mtimeMs} ${size}`).join();
}

/** For what is trained, `length` numbers of it. */
export function newSharedState(length: number): SharedState {
  const memory = (): SharedArrayBuffer => new SharedArrayBuffer(length * 4);
  return { weights: memory(), gradient: memory(), firstMoment: memory(), secondMoment: memory() };
}

export class WorkerMemory {
  readonly state: OptimizerState;
  readonly #model: Model;
  readonly #folder: string;
  readonly #stamp: string;
  /** Of what is trained, as it is computed with. */
  readonly #computed: Float32Array;
  #version = -1;
  #frozen: LoadedWeights | undefined;
  #policy: LoadedWeights | undefined;

  /** @param shared  where there are several workers */
  constructor(model: Model, folder: string, stamp: string, shared: SharedState | undefined) {
    const { length } = trainedLayout(model);
    const array = (name: keyof SharedState): Float32Array =>
      shared ? new Float32Array(shared[name]) : new Float32Array(length);
    this.#model = model;
    this.#folder = folder;
    this.#stamp = stamp;
    this.state = {
      weights: array("weights"),
      gradient: array("gradient"),
      firstMoment: array("firstMoment"),
      secondMoment: array("secondMoment"),
    };
    this.#computed = shared ? new Float32Array(length) : this.state.weights;
  }

  /** @param version  of the trained weights: one not seen yet makes a worker of several copy them */
  policy(version: number): LoadedWeights {
    if (version !== this.#version && this.#computed !== this.state.weights) this.#computed.set(this.state.weights);
    this.#version = version;
    this.#policy ??= this.#model.adapters
      ? loadedWeights(this.#model, this.frozen().flat, this.#computed)
      : loadedWeights(this.#model, this.#computed);
    if (!this.#model.adapters) this.#policy.version = version;
    return this.#policy;
  }

  /** The weights that the engine started from, without adapters. */
  frozen(): LoadedWeights {
    if (this.#frozen) return this.#frozen;
    if (stampOf(this.#folder) !== this.#stamp) {
      throw new EngineError(`${this.#folder}: has changed since the engine opened it, and is still needed`);
    }
    const { config, layout } = this.#model;
    const flat = new Float32Array(layout.length);
    readWeights(this.#folder, layout, flat);
    this.#frozen = loadedWeights({ config, layout }, flat);
    return this.#frozen;
  }
}
