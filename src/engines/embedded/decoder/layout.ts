// Where each weight lies in one flat array of numbers, and what Hugging Face calls it. Stored as there, [out, in], so
// that matrices which read the same input (q, k, v; gate, up) lie next to each other and are one matrix to the engine,
// at no cost. It holds no numbers itself.

import { familyOf } from "../families/families.js";
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
  /** Under which some files hold the same numbers again. */
  readonly alias?: string;
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

const LONE_WORKER_PARAMETERS = 20_000_000;

/** Whether a model is so large that one worker computes it with several threads: copies for more would cost more. */
export function hasLoneWorker({ parameters }: Layout): boolean {
  return parameters > LONE_WORKER_PARAMETERS;
}

/** Where the head's rows are: a tied head is the embedding. */
export function headName({ tied }: DecoderConfig): string {
  return tied ? "embedding" : "head";
}

/** Tensors start on cache lines: 16 floats. */
const ALIGNMENT = 16;

type Part = Pick<LayoutPart, "name" | "shape" | "alias">;

/** A tensor to be placed. */
export interface Placement {
  readonly name: string;
  readonly parts: readonly Part[];
}

export function layoutOf(config: DecoderConfig): Layout {
  return placed(wanted(config));
}

/** One after the other, each from a cache line on. */
export function placed(placements: readonly Placement[]): Layout {
  const tensors: LayoutTensor[] = [];
  let next = 0;
  let parameters = 0;
  for (const { name, parts } of placements) {
    let offset = next;
    const located = parts.map((part) => {
      const length = part.shape.reduce((product, dimension) => product * dimension, 1);
      offset += length;
      return { ...part, offset: offset - length, length };
    });
    const rows = parts.reduce((total, { shape }) => total + shape[0], 0);
    const shape = [rows, ...parts[0].shape.slice(1)];
    tensors.push({ name, shape, offset: next, length: offset - next, parts: located });
    parameters += offset - next;
    next = Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
  }
  return { tensors, length: next, parameters };
}

/** All parts, in the order in which they lie. */
export function partsOf({ tensors }: Layout): readonly LayoutPart[] {
  return tensors.flatMap(({ parts }) => parts);
}

/** The model's tensors in their order. */
function wanted(config: DecoderConfig): Placement[] {
  const { hiddenSize, vocabularySize } = config;
  const { modules } = familyOf(config.family);
  const vocabulary = [vocabularySize, hiddenSize];
  const head = `${modules.head}.weight`;
  const embedding = { name: `${modules.embedding}.weight`, shape: vocabulary, ...(config.tied ? { alias: head } : {}) };
  return [
    { name: "embedding", parts: [embedding] },
    ...Array.from({ length: config.layers }, (_, layer) => layerTensors(config, layer)).flat(),
    { name: "norm", parts: [{ name: `${modules.norm}.weight`, shape: [hiddenSize] }] },
    ...(config.tied ? [] : [{ name: "head", parts: [{ name: head, shape: vocabulary }] }]),
  ];
}

function layerTensors(config: DecoderConfig, layer: number): Placement[] {
  const { hiddenSize, feedForwardSize, headSize, bias, outputBias, feedForwardBias, queryKeyNorm } = config;
  const { modules } = familyOf(config.family);
  const query = config.heads * headSize;
  const keyValue = config.keyValueHeads * headSize;
  const tensor = (name: string, kind: "weight" | "bias", columns: number[], rows: Array<[string, number]>) => ({
    name: `${layer}.${name}`,
    parts: rows.map(([module, length]) => ({
      name: `${modules.layers}.${layer}.${module}.${kind}`,
      shape: [length, ...columns],
    })),
  });
  const vector = (name: string, module: string, length: number) => tensor(name, "weight", [], [[module, length]]);
  /** A matrix that reads `columns` numbers and, where the family has it, its bias. */
  const linear = (name: string, columns: number, rows: Array<[string, number]>, biased: boolean) => [
    tensor(name, "weight", [columns], rows),
    ...(biased ? [tensor(`${name}Bias`, "bias", [], rows)] : []),
  ];
  const heads: Array<[string, number]> = [
    [modules.query, query],
    [modules.key, keyValue],
    [modules.value, keyValue],
  ];
  const gateUp: Array<[string, number]> = [
    [modules.gate, feedForwardSize],
    [modules.up, feedForwardSize],
  ];
  return [
    vector("inputNorm", modules.inputNorm, hiddenSize),
    ...linear("attention", hiddenSize, heads, bias),
    ...(queryKeyNorm
      ? [vector("queryNorm", modules.queryNorm, headSize), vector("keyNorm", modules.keyNorm, headSize)]
      : []),
    ...linear("attentionOutput", query, [[modules.attentionOutput, hiddenSize]], outputBias),
    vector("feedForwardNorm", modules.feedForwardNorm, hiddenSize),
    ...linear("gateUp", hiddenSize, gateUp, feedForwardBias),
    ...linear("down", feedForwardSize, [[modules.down, hiddenSize]], feedForwardBias),
  ];
}
