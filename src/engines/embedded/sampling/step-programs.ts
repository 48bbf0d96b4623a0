// The parts of sampling's step as programs with the weights in them. ONNX Runtime packs a constant matrix once, the
// way its product reads it; a fed one is packed again at every product, which takes a fifth of the time at 64 rows and
// half at 8. Making the programs costs about as much as a few steps of 64 rows: they are made anew whenever the weights
// have changed.

import { type Model, stepGraph, stepParts } from "../decoder/graphs.js";
import type { Graph, Value } from "../graph/graph.js";
import { compile, type Program, type Runtime } from "../graph/program.js";
import type { LoadedWeights } from "../weights.js";

/** A model file ends at 2 GB: a larger matrix is fed. */
const MOST_CONSTANT_BYTES = 2 ** 30;

export class StepPrograms {
  readonly #model: Model;
  readonly #runtime: Runtime;
  #programs: Program[] = [];
  #version: number | undefined;

  constructor(model: Model, runtime: Runtime) {
    this.#model = model;
    this.#runtime = runtime;
  }

  /** One program a part, in order, which take the weights' feeds among others. */
  async of(weights: LoadedWeights): Promise<readonly Program[]> {
    if (this.#version === weights.version) return this.#programs;
    await this.release();
    for (let part = 0; part < stepParts(this.#model.config); part++) {
      const graph = stepGraph(this.#model, part, (built, name) => this.#constant(built, name, weights));
      this.#programs.push(await compile(graph, this.#runtime));
    }
    this.#version = weights.version;
    return this.#programs;
  }

  /** Gives the packed weights back; they are made again when asked for. */
  async release(): Promise<void> {
    this.#version = undefined;
    for (const program of this.#programs.splice(0)) await program.release();
  }

  /** Adapters are no part of the layout: they are fed. */
  #constant(graph: Graph, name: string, { flat }: LoadedWeights): Value | undefined {
    const tensor = this.#model.layout.tensors.find((candidate) => candidate.name === name);
    if (!tensor || tensor.length * 4 > MOST_CONSTANT_BYTES) return undefined;
    return graph.constant("float32", tensor.shape, flat.subarray(tensor.offset, tensor.offset + tensor.length));
  }
}
