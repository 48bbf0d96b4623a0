// A model's numbers on the device: weights, the gradient accumulated since the last step, AdamW's moments, and the
// frozen starting weights once the policy has left them. They come back only to be saved. Owns device memory: every
// tensor made here is disposed of here.

import { Tensor } from "onnxruntime-node";
import type { OptimStep } from "../../engine.js";
import type { LayoutTensor } from "../decoder/layout.js";
import type { Model } from "../decoder/graphs.js";
import type { Feeds, Program } from "../graph/program.js";
import type { WeightSource } from "../jobs.js";
import { clipScale, notFinite } from "../training/optimizer.js";
import type { BatchGradient } from "../training/trainer.js";
import { PADDING, type WeightFeeds } from "../weights.js";
import { type Kernels, packSettings, RESULT } from "./kernels.js";

/** By the layout's names. */
type Tensors = Map<string, Tensor>;

/** Beside the weights, in flat arrays of the layout's length. */
export interface FlatMoments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

const EMBEDDING = "embedding";

export class ResidentModel {
  readonly #tensors: readonly LayoutTensor[];
  readonly #length: number;
  readonly #kernels: Kernels;
  #policy: Tensors = new Map();
  #reference: Tensors | undefined;
  #gradient: Tensors = new Map();
  #first: Tensors = new Map();
  #second: Tensors = new Map();

  constructor({ layout }: Model, kernels: Kernels) {
    this.#tensors = layout.tensors;
    this.#length = layout.length;
    this.#kernels = kernels;
  }

  /** Takes the weights of a flat array, and the moments where there are any; the gradient is forgotten. */
  async load(weights: Float32Array, moments: FlatMoments | undefined): Promise<void> {
    this.#keepReference();
    this.discardGradient();
    this.#replace(this.#policy, await this.#upload(weights));
    for (const [tensors, flat] of [
      [this.#first, moments?.first],
      [this.#second, moments?.second],
    ] as const) {
      disposeAll(tensors);
      if (flat) this.#replace(tensors, await this.#upload(flat));
    }
  }

  weights(): Promise<Float32Array> {
    return this.#download(this.#policy);
  }

  gradient(): Promise<Float32Array> {
    return this.#download(this.#gradient);
  }

  async moments(): Promise<FlatMoments> {
    return { first: await this.#download(this.#first), second: await this.#download(this.#second) };
  }

  feeds(name: WeightSource["name"]): WeightFeeds {
    const tensors = name === "reference" ? (this.#reference ?? this.#policy) : this.#policy;
    return {
      feeds: Object.fromEntries(tensors),
      embed: (tokens) => {
        const ids = tokens.map((token) => (token === PADDING ? 0 : token));
        const embedding = tensorOf(tensors, EMBEDDING);
        return runOne(this.#kernels.embed, { embedding, tokens: new Tensor("int32", ids, [ids.length]) });
      },
    };
  }

  /** Adds a batch's gradient to what is accumulated, and disposes of it. */
  async accumulate({ weights, tokens, rows }: BatchGradient): Promise<void> {
    for (const [name, gradient] of weights) await this.#add(name, gradient);
    const total = this.#gradient.get(EMBEDDING) ?? (await this.#zeros(tensorOf(this.#policy, EMBEDDING)));
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

  discardGradient(): void {
    disposeAll(this.#gradient);
  }

  /**
   * One step of AdamW as training/optimizer.ts has it, tensor by tensor, so that only one is held twice.
   *
   * @param step  t, from 1
   * @returns     the gradient's norm before clipping
   * @throws EngineError where the gradient is not finite; it is forgotten then, and nothing else has changed
   */
  async step(options: OptimStep, step: number): Promise<number> {
    const norm = await this.#gradientNorm();
    if (!Number.isFinite(norm)) {
      this.discardGradient();
      throw notFinite(norm, step);
    }
    this.#keepReference();
    const scale = clipScale(norm, options.gradientClip);
    const settings = [0, options.weightDecay].map((decay) => adamSettings(options, step, scale, decay));
    for (const { name, shape } of this.#tensors) {
      const old = tensorOf(this.#policy, name);
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
      for (const tensor of [gradient, first, second]) tensor.dispose();
      if (this.#reference?.get(name) !== old) old.dispose();
      this.#policy.set(name, results.weights);
      this.#first.set(name, results.first);
      this.#second.set(name, results.second);
    }
    this.#gradient.clear();
    return norm;
  }

  /** The frozen starting weights take memory only once the policy leaves them: until then they are the same tensors. */
  #keepReference(): void {
    if (this.#policy.size > 0) this.#reference ??= new Map(this.#policy);
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

  async #gradientNorm(): Promise<number> {
    let sofar: Tensor = new Tensor("float32", new Float32Array(1), [1]);
    for (const gradient of this.#gradient.values()) {
      const sum = await runOne(this.#kernels.squares[rankOf(gradient)], { x: gradient, sofar });
      sofar.dispose();
      sofar = sum;
    }
    const [squares] = await this.#read(sofar);
    sofar.dispose();
    return Math.sqrt(squares);
  }

  #zeros(like: Tensor): Promise<Tensor> {
    return runOne(this.#kernels.zeros[rankOf(like)], { x: like });
  }

  async #upload(flat: Float32Array): Promise<Tensors> {
    const tensors: Tensors = new Map();
    for (const { name, shape, offset, length } of this.#tensors) {
      const x = new Tensor("float32", flat.subarray(offset, offset + length), shape);
      tensors.set(name, await runOne(this.#kernels.upload[rankOf(x)], { x }));
    }
    return tensors;
  }

  /** A flat array; zeros where there is no such tensor. */
  async #download(tensors: Tensors): Promise<Float32Array> {
    const flat = new Float32Array(this.#length);
    for (const { name, offset } of this.#tensors) {
      const tensor = tensors.get(name);
      if (tensor) flat.set(await this.#read(tensor), offset);
    }
    return flat;
  }

  async #read(x: Tensor): Promise<Float32Array> {
    const outputs = await this.#kernels.download[rankOf(x)].run({ x });
    return outputs(RESULT);
  }

  #replace(tensors: Tensors, by: Tensors): void {
    for (const [name, tensor] of by) {
      const old = tensors.get(name);
      if (old && this.#reference?.get(name) !== old) old.dispose();
      tensors.set(name, tensor);
    }
  }
}

async function runOne(program: Program, feeds: Feeds): Promise<Tensor> {
  const results = await program.runTensors(feeds);
  return results[RESULT];
}

function tensorOf(tensors: Tensors, name: string): Tensor {
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
