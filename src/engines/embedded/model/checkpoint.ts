// Model folders: weights in and out of the flat array, optimizer state beside them, and the small files that make the
// folder a model for `transformers`. Written in place: whoever wants all or nothing renames a finished folder.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readBytes, writeDurable } from "../../../core/files.js";
import type { Merge } from "../adapters/merge.js";
import { type Layout, partsOf } from "../decoder/layout.js";
import {
  indexFile,
  indexModel,
  readTensor,
  type StoredType,
  type TensorIndex,
  type TensorToWrite,
  writeSafetensors,
} from "./safetensors.js";

/** Relative to the model folder. */
const OPTIMIZER_FILE = join("training-state", "optimizer.safetensors");
const FIRST = "first_moment.";
const SECOND = "second_moment.";

const COMPANIONS = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "generation_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
];

/** The folder's small files, by name, as they are. */
export type Companions = ReadonlyMap<string, Buffer>;

export function readCompanions(folder: string): Companions {
  const present = COMPANIONS.filter((name) => existsSync(join(folder, name)));
  return new Map(present.map((name) => [name, readBytes(join(folder, name))]));
}

/** Copies byte for byte, except that config.json says the type the weights are stored in. */
export function writeCompanions(folder: string, companions: Companions, type: StoredType): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of companions) {
    writeDurable(join(folder, name), name === "config.json" ? typedConfig(bytes, type) : bytes);
  }
}

function typedConfig(bytes: Buffer, type: StoredType): string {
  const { dtype: _, ...config } = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  return `${JSON.stringify({ ...config, torch_dtype: type === "F32" ? "float32" : "bfloat16" }, null, 2)}\n`;
}

/** @throws EngineError naming the tensor that is missing or does not fit */
export function readWeights(folder: string, layout: Layout, weights: Float32Array): void {
  readParts(indexModel(folder), layout, weights);
}

/** @param merge  what is stored of a part's numbers, where not they themselves */
export function writeWeights(
  folder: string,
  layout: Layout,
  weights: Float32Array,
  type: StoredType,
  merge?: Merge,
): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, "model.safetensors"), tensorsOf(layout, weights, "", merge), type);
}

export interface Moments {
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** @returns the number of steps taken; undefined where the folder holds no optimizer state */
export function readOptimizer(folder: string, layout: Layout, moments: Moments): number | undefined {
  const path = join(folder, OPTIMIZER_FILE);
  if (!existsSync(path)) return undefined;
  const index = indexFile(path);
  const step = new Float32Array(1);
  readTensor(index, "step", [1], step);
  readParts(index, layout, moments.firstMoment, FIRST);
  readParts(index, layout, moments.secondMoment, SECOND);
  return step[0];
}

export function writeOptimizer(folder: string, layout: Layout, moments: Moments, step: number): void {
  mkdirSync(join(folder, "training-state"), { recursive: true });
  writeSafetensors(join(folder, OPTIMIZER_FILE), [
    { name: "step", shape: [1], data: Float32Array.of(step) },
    ...tensorsOf(layout, moments.firstMoment, FIRST),
    ...tensorsOf(layout, moments.secondMoment, SECOND),
  ]);
}

/** Fills the flat array from files. @throws EngineError naming the tensor that is missing or does not fit */
export function readParts(index: TensorIndex, layout: Layout, flat: Float32Array, prefix = ""): void {
  for (const { name, shape, offset, length } of partsOf(layout)) {
    readTensor(index, prefix + name, shape, flat.subarray(offset, offset + length));
  }
}

/** The flat array as tensors to write; what is merged is computed when its turn comes, one tensor at a time. */
export function tensorsOf(layout: Layout, flat: Float32Array, prefix = "", merge?: Merge): TensorToWrite[] {
  return partsOf(layout).map((part) => ({
    name: prefix + part.name,
    shape: part.shape,
    get data() {
      const numbers = flat.subarray(part.offset, part.offset + part.length);
      return merge ? merge(part, numbers) : numbers;
    },
  }));
}
