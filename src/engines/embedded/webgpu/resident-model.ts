// A model's numbers on the device: what is trained (all weights, or adapters alone), the gradient accumulated since the
// last step, AdamW's moments, and the frozen starting weights once they are asked for. They come back only to be saved.
// Owns device memory: every tensor made here is disposed of here.

import { Tensor } from "onnxruntime-node";
import type { OptimStep } from "../../engine.js";
import type { Model } from "../decoder/graphs.js";
import type { Layout } from "../decoder/layout.js";
import { trainedLayout } from "../decoder/weight-inputs.js";
import type { Feeds, Program } from "../graph/program.js";
import { type AdamStep, clipScale, type OptimizerState } from "../training/optimizer.js";
import type { BatchGradient } from "../training/trainer.js";
import { PADDING, type WeightFeeds } from "../weights.js";
import { type Kernels, packSettings, RESULT } from "./kernels.js";

/** By the layout's names. */
type Tensors = Map<string, Tensor>;

const EMBEDDING = "embedding";

export class ResidentModel {
  readonly #model: Model;
  readonly #trainedLayout: Layout;
  readonly #kernels: Kernels;
  readonly #readFrozen: () => Float32Array;
  readonly #trained: Tensors = new Map();
  readonly #gradient: Tensors = new Map();
  readonly #first: Tensors = new Map();
  readonly #second: Tensors = new Map();
  #frozen: Promise<Tensors> | undefined;

  /** @param readFrozen  gives the weights that the engine started from, flat, when they are first needed */
  constructor(model: Model, kernels: Kernels, readFrozen: () => Float32Array) {
    this.#model = model;
    this.#trainedLayout = trainedLayout(model);
    this.#kernels = kernels;
    this.#readFrozen = readFrozen;
  }

  /** Takes what is trained, and the moments where asked, otherwise these are zero; the gradient is forgotten. */
  async load(state: OptimizerState, { moments }: { readonly moments: boolean }): Promise<void> {
    for (const tensors of [this.#trained, this.#gradient, this.#first, this.#second]) disposeAll(tensors);
    await this.#upload(this.#trainedLayout, state.weights, this.#trained);
    if (!moments) return;
    await this.#upload(this.#trainedLayout, state.firstMoment, this.#first);
    await this.#upload(this.#trainedLayout, state.secondMoment, this.#second);
  }

  /** Fills the arrays with what is trained, and with the moments where asked. */
  async read(state: OptimizerState, { moments }: { readonly moments: boolean }): Promise<void> {
    await this.#download(this.#trained, state.weights);
    if (!moments) return;
    await this.#download(this.#first, state.firstMoment);
    await this.#download(this.#second, state.secondMoment);
  }

  async readGradient(flat: Float32Array): Promise<void> {
    await this.#download(this.#gradient, flat);
  }

  async policy(): Promise<WeightFeeds> {
    if (!this.#model.adapters) return this.#feeds(this.#trained);
    return this.#feeds(new Map([...(await this.#frozenTensors()), ...this.#trained]));
  }

  /** The weights that the engine started from, without adapters. */
  async reference(): Promise<WeightFeeds> {
    return this.#feeds(await this.#frozenTensors());
  }

  /** Adds a batch's gradient to what is accumulated, and disposes of it. */
  async accumulate({ weights, tokens, rows }: BatchGradient): Promise<void> {
    for (const [name, gradient] of weights) await this.#add(name, gradient);
    if (!rows) return;
    const total = this.#gradient.get(EMBEDDING) ?? (await this.#zeros(tensorOf(this.#trained, EMBEDDING)));
    const distinct = Int32Array.from(new Set(tokens.filter((token) => token !== PADDING)));
    const result = await runOne(this.#kernels.scatter, {
      total,
      rows,
      tokens: new Tensor("int32", tokens, [1, tokens.length]),
      distinct: new Tensor("int32", distinct, [distinct.length, 1]),
      places: new Tensor("int64", BigInt64Array.from(distinct, BigInt), [distinct.length, 1]),
    });
    total.dispose();
    rows.dispose();
    this.#gradient.set(EMBEDDING, result);
  }

  clearGradient(): void {
    disposeAll(this.#gradient);
  }

  /** The sum of squares of the gradient. */
  async squares(): Promise<number> {
    let sofar: Tensor = new Tensor("float32", new Float32Array(1), [1]);
    for (const gradient of this.#gradient.values()) {
      const sum = await runOne(this.#kernels.squares[rankOf(gradient)], { x: gradient, sofar });
      sofar.dispose();
      sofar = sum;
    }
    const [squares] = await this.#read(sofar);
    sofar.dispose();
    return squares;
  }

  /**
   * One step of AdamW as training/optimizer.ts has it, tensor by tensor, so that only one is held twice; clears the
   * gradient.
   */
  async step({ options, step, norm }: AdamStep): Promise<void> {
    const scale = clipScale(norm, options.gradientClip);
    const settings = [0, options.weightDecay].map((decay) => adamSettings(options, step, scale, decay));
    for (const { name, shape } of this.#trainedLayout.tensors) {
      const old = tensorOf(this.#trained, name);
      const gradient = this.#gradient.get(name) ?? (await this.#zeros(old));
      const first = this.#first.get(name) ?? (await this.#zeros(old));
      const second = this.#second.get(name) ?? (await this.#zeros(old));
      const results = await this.#kernels.adam[rankOf(old)].runTensors({
        "old weights": old,
        gradient,
        "old first": first,
        "old second": second,
        settings: settings[shape.length > 1 ? 1 : 0],
      });
      for (const tensor of [old, gradient, first, second]) tensor.dispose();
      this.#trained.set(name, results.weights);
      this.#first.set(name, results.first);
      this.#second.set(name, results.second);
    }
    this.#gradient.clear();
  }

  #frozenTensors(): Promise<Tensors> {
    this.#frozen ??= this.#upload(this.#model.layout, this.#readFrozen(), new Map());
    return this.#frozen;
  }

  #feeds(tensors: ReadonlyMap<string, Tensor>): WeightFeeds {
    return {
      feeds: Object.fromEntries(tensors),
      embed: (tokens) => {
        const ids = tokens.map((token) => (token === PADDING ? 0 : token));
        const embedding = tensorOf(tensors, EMBEDDING);
        return runOne(this.#kernels.embed, { embedding, tokens: new Tensor("int32", ids, [ids.length]) });
      },
    };
  }

  async #add(name: string, gradient: Tensor): Promise<void> {
    const sofar = this.#gradient.get(name);
    if (!sofar) {
      this.#gradient.set(name, gradient);
      return;
    }
    this.#gradient.set(name, await runOne(this.#kernels.add[rankOf(sofar)], { a: sofar, b: gradient }));
    sofar.dispose();
    gradient.dispose();
  }

  #zeros(like: Tensor): Promise<Tensor> {
    return runOne(this.#kernels.zeros[rankOf(like)], { x: like });
  }

  async #upload({ tensors }: Layout, flat: Float32Array, into: Tensors): Promise<Tensors> {
    for (const { name, shape, offset, length } of tensors) {
      const x = new Tensor("float32", flat.subarray(offset, offset + length), shape);
      into.set(name, await runOne(this.#kernels.upload[rankOf(x)], { x }));
    }
    return into;
  }

  /** What there is of the trained tensors; the rest of the array is left as it is. */
  async #download(tensors: Tensors, flat: Float32Array): Promise<void> {
    for (const { name, offset } of this.#trainedLayout.tensors) {
      const tensor = tensors.get(name);
      if (tensor) flat.set(await this.#read(tensor), offset);
    }
  }

  async #read(x: Tensor): Promise<Float32Array> {
    const outputs = await this.#kernels.download[rankOf(x)].run({ x });
    return outputs(RESULT);
  }
}

async function runOne(program: Program, feeds: Feeds): Promise<Tensor> {
  const results = await program.runTensors(feeds);
  return results[RESULT];
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new RangeError(`no weight "${name}" on the device`);
  return tensor;
}

function rankOf({ dims }: Tensor): 0 | 1 {
  return dims.length === 1 ? 0 : 1;
}

function disposeAll(tensors: Tensors): void {
  for (const tensor of tensors.values()) tensor.dispose();
  tensors.clear();
}

function adamSettings(options: OptimStep, step: number, scale: number, decay: number): Tensor {
  const { learningRate, beta1, beta2, epsilon } = options;
  const packed = packSettings({
    scale,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    correction: 1 / (1 - beta2 ** step),
    epsilon,
    rate: learningRate / (1 - beta1 ** step),
    kept: 1 - learningRate * decay,
  });
  return new Tensor("float32", packed, [packed.length]);
}
