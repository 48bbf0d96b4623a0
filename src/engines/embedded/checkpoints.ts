// What a worker writes and reads of a training run. A checkpoint is a model folder of its own: with adapters, its
// model.safetensors holds them merged, and `adapter/` holds them apart, for PEFT and for resuming.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DivergenceError, EngineError } from "../../core/errors.js";
import { initialAdapters } from "./adapters/initial.js";
import type { Adapters } from "./adapters/layout.js";
import { mergeOf } from "./adapters/merge.js";
import { readAdapters, writeAdapters } from "./adapters/peft.js";
import type { Model } from "./decoder/graphs.js";
import { trainedLayout } from "./decoder/weight-inputs.js";
import type { Jobs } from "./jobs.js";
import type { WorkerMemory } from "./memory.js";
import {
  OPTIMIZER_FILE,
  readOptimizer,
  readWeights,
  writeMerged,
  writeOptimizer,
  writeWeights,
} from "./model/checkpoint.js";
import type { OptimizerState } from "./training/optimizer.js";

/** Of a checkpoint. */
export const ADAPTER_FOLDER = "adapter";

export class Checkpoints {
  readonly #model: Model;
  readonly #memory: WorkerMemory;
  readonly #start: string;

  /** @param start  folder of the model that the engine starts from */
  constructor(model: Model, memory: WorkerMemory, start: string) {
    this.#model = model;
    this.#memory = memory;
    this.#start = start;
  }

  start({ seed }: Jobs["start"]["job"]): void {
    const { layout, adapters } = this.#model;
    const { weights } = this.#memory.state;
    if (!adapters) return readWeights(this.#start, layout, weights);
    this.#memory.frozen();
    weights.set(initialAdapters(adapters, seed));
  }

  /** @throws DivergenceError for numbers that are not finite: nothing is written then */
  save({ folder, type, step }: Jobs["save"]["job"]): void {
    const { layout, adapters } = this.#model;
    const { state } = this.#memory;
    checkFinite(`${folder}: not written`, state, step !== undefined);
    // Of what this folder held before: another kind of training would be resumed from it.
    rmSync(join(folder, ADAPTER_FOLDER), { recursive: true, force: true });
    rmSync(join(folder, OPTIMIZER_FILE), { force: true });
    if (adapters) {
      writeMerged(folder, layout, this.#memory.frozen().flat, type, mergeOf(adapters, state.weights));
      writeAdapters(join(folder, ADAPTER_FOLDER), adapters, state.weights, this.#start);
    } else {
      writeWeights(folder, layout, state.weights, type);
    }
    if (step !== undefined) writeOptimizer(folder, trainedLayout(this.#model), state, step);
  }

  /** @returns the number of steps that the optimizer state has seen */
  load({ folder, optimizer }: Jobs["load"]["job"]): number {
    const { layout, adapters } = this.#model;
    const { state } = this.#memory;
    const apart = join(folder, ADAPTER_FOLDER);
    if (!adapters && existsSync(apart)) {
      throw new EngineError(`${folder}: was trained with adapters, this engine has none`);
    }
    const trained = adapters && sameAdapters(apart, this.#model, adapters);
    // First: where it is missing nothing has been changed yet.
    const steps = optimizer ? readOptimizer(folder, trainedLayout(this.#model), state) : 0;
    if (trained) state.weights.set(trained);
    else readWeights(folder, layout, state.weights);
    checkFinite(`${folder}: cannot be used`, state, optimizer);
    state.gradient.fill(0);
    if (optimizer) return steps;
    state.firstMoment.fill(0);
    state.secondMoment.fill(0);
    return 0;
  }
}

function checkFinite(where: string, { weights, firstMoment, secondMoment }: OptimizerState, moments: boolean): void {
  for (const numbers of moments ? [weights, firstMoment, secondMoment] : [weights]) {
    const wrong = numbers.find((value) => !Number.isFinite(value));
    if (wrong === undefined) continue;
    throw new DivergenceError(`${where}: ${numbers === weights ? "a weight" : "the optimizer's state"} is ${wrong}`);
  }
}

/** @throws EngineError where the folder's adapters are not of the rank, alpha and targets of these */
function sameAdapters(folder: string, { layout }: Model, { options }: Adapters): Float32Array {
  if (!existsSync(folder)) throw new EngineError(`${folder}: no such folder; this engine trains adapters`);
  const found = readAdapters(folder, layout);
  const [expected, actual] = [options, found.adapters.options].map(
    ({ rank, alpha, targets }) => `rank ${rank}, alpha ${alpha}, ${targets.toSorted().join(" ")}`,
  );
  if (actual !== expected) throw new EngineError(`${folder}: expected adapters of ${expected}; found ${actual}`);
  return found.flat;
}
