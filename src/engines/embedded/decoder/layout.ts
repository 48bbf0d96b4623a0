// Where each weight lies in one flat array of numbers, and what Hugging Face calls it. Stored as there, [out, in], so
// that matrices which read the same input (q, k, v; gate, up) lie next to each other and are one matrix to the engine,
// at no cost. It holds no numbers itself.

import type { DecoderConfig } from "../model/config.js";

/** One tensor of the engine: one or several of Hugging Face's, stacked along their rows. */
export interface LayoutTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element in the flat array. */
  readonly offset: number;
  readonly length: number;
  readonly parts: readonly LayoutPart[];
}

export interface LayoutPart {
  /** The name in model.safetensors. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

export interface Layout {
  readonly tensors: readonly LayoutTensor[];
  /** Elements in the flat array, the gaps that align tensors included; a gap stays 0. */
  readonly length: number;
  /** Weights, without the gaps. */
  readonly parameters: number;
}

/** Tensors start on cache lines: 16 floats. */
const ALIGNMENT = 16;

/** A tensor to be placed: its name, and the name and shape of each part. */
export type Placement = readonly [
  name: string,
  parts: ReadonlyArray<readonly [name: string, shape: readonly number[]]>,
];

/** One after the other, each from a cache line on. */
export function placed(placements: readonly Placement[]): Layout {
  const tensors: LayoutTensor[] = [];
  let next = 0;
  let parameters = 0;
  for (const [name, parts] of placements) {
    let offset = next;
    const located = parts.map(([part, shape]) => {
      const length = shape.reduce((product, dimension) => product * dimension, 1);
      offset += length;
      return { name: part, shape, offset: offset - length, length };
    });
    const rows = parts.reduce((total, [, shape]) => total + shape[0], 0);
    const shape = [rows, ...parts[0][1].slice(1)];
    tensors.push({ name, shape, offset: next, length: offset - next, parts: located });
    parameters += offset - next;
    next = Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
  }
  return { tensors, length: next, parameters };
}

export function layoutOf(config: DecoderConfig): Layout {
  const placements: Placement[] = [];
  const place = (...placement: Placement): void => void placements.push(placement);
  const { hiddenSize, feedForwardSize, vocabularySize } = config;
  const query = config.heads * config.headSize;
  const keyValue = config.keyValueHeads * config.headSize;
  place("embedding", [["model.embed_tokens.weight", [vocabularySize, hiddenSize]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const name = (tensor: string): string => `model.layers.${layer}.${tensor}`;
    const sizes = [["q", query] as const, ["k", keyValue] as const, ["v", keyValue] as const];
    place(`${layer}.inputNorm`, [[name("input_layernorm.weight"), [hiddenSize]]]);
    place(
      `${layer}.attention`,
      sizes.map(([key, rows]) => [name(`self_attn.${key}_proj.weight`), [rows, hiddenSize]]),
    );
    if (config.bias) {
      place(
        `${layer}.attentionBias`,
        sizes.map(([key, rows]) => [name(`self_attn.${key}_proj.bias`), [rows]]),
      );
    }
    place(`${layer}.attentionOutput`, [[name("self_attn.o_proj.weight"), [hiddenSize, query]]]);
    place(`${layer}.feedForwardNorm`, [[name("post_attention_layernorm.weight"), [hiddenSize]]]);
    place(`${layer}.gateUp`, [
      [name("mlp.gate_proj.weight"), [feedForwardSize, hiddenSize]],
      [name("mlp.up_proj.weight"), [feedForwardSize, hiddenSize]],
    ]);
    place(`${layer}.down`, [[name("mlp.down_proj.weight"), [hiddenSize, feedForwardSize]]]);
  }
  place("norm", [["model.norm.weight", [hiddenSize]]]);
  if (!config.tied) place("head", [["lm_head.weight", [vocabularySize, hiddenSize]]]);
  return placed(placements);
}

/** All parts, in the order in which they lie. */
export function partsOf({ tensors }: Layout): readonly LayoutPart[] {
  return tensors.flatMap(({ parts }) => parts);
}
