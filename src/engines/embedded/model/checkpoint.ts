// Model folders: weights in and out of the flat array, optimizer state beside them, and the small files that make the
// folder a model for `transformers`. Written in place: whoever wants all or nothing renames a finished folder.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "../../../core/errors.js";
import { readBytes, writeDurable } from "../../../core/files.js";
import type { Merge } from "../adapters/merge.js";
import { type Layout, partsOf } from "../decoder/layout.js";
import type { StoredType } from "./number-formats.js";
import { indexFile, readTensor, type TensorIndex, type TensorToWrite, writeSafetensors } from "./safetensors.js";
import { indexModel, writeModel } from "./shards.js";

/** Relative to the model folder. */
export const OPTIMIZER_FILE = join("training-state", "optimizer.safetensors");
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

const TORCH_TYPE: Readonly<Record<StoredType, string>> = { F32: "float32", BF16: "bfloat16", F16: "float16" };

/** Copies byte for byte, except that config.json says the type the weights are stored in. */
export function writeCompanions(folder: string, companions: Companions, type: StoredType): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of companions) {
    writeDurable(join(folder, name), name === "config.json" ? typedConfig(bytes, type) : bytes);
  }
}

function typedConfig(bytes: Buffer, type: StoredType): string {
  const { dtype: _, ...config } = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  return `${JSON.stringify({ ...config, torch_dtype: TORCH_TYPE[type] }, null, 2)}\n`;
}

/** Buffers that old files carry; the engine computes them from config.json, as `transformers` does. */
const COMPUTED = /\.rotary_emb\.inv_freq$/;

/** @throws EngineError naming the tensor that is missing, does not fit or has no place in the model */
export function readWeights(folder: string, layout: Layout, weights: Float32Array): void {
  const index = indexModel(folder);
  for (const { name, shape, offset, length, alias } of partsOf(layout)) {
    const target = weights.subarray(offset, offset + length);
    readTensor(index, name, shape, target);
    if (alias !== undefined && index.has(alias)) checkAlias(index, name, alias, shape, target);
  }
  const known = new Set(partsOf(layout).flatMap(({ name, alias = name }) => [name, alias]));
  for (const [name, { path }] of index) {
    if (known.has(name) || COMPUTED.test(name)) continue;
    throw new EngineError(
      `${path}: tensor "${name}" has no place in the model that config.json describes: without it the model would be ` +
        "another; expected a model_type and settings that have it",
    );
  }
}

/** Two that differ are two weights to `transformers`, whatever config.json says. */
function checkAlias(
  index: TensorIndex,
  name: string,
  alias: string,
  shape: readonly number[],
  values: Float32Array,
): void {
  const again = new Float32Array(values.length);
  readTensor(index, alias, shape, again);
  if (again.every((value, at) => value === values[at])) return;
  throw new EngineError(
    `${index.get(alias)?.path}: tensor "${alias}" differs from "${name}", though config.json has tie_word_embeddings: ` +
      "set it to false",
  );
}

/** @param limitBytes  of a file, above which the weights are written in several */
export function writeWeights(
  folder: string,
  layout: Layout,
  weights: Float32Array,
  type: StoredType,
  limitBytes?: number,
): void {
  mkdirSync(folder, { recursive: true });
  writeModel(folder, tensorsOf(layout, weights), type, limitBytes);
}

/** The weights merged with their adapters; no second copy of the model is made. */
export function writeMerged(
  folder: string,
  layout: Layout,
  weights: Float32Array,
  type: StoredType,
  merge: Merge,
): void {
  mkdirSync(folder, { recursive: true });
  writeModel(folder, tensorsOf(layout, weights, "", merge), type);
}

export interface Moments {
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** @returns the number of steps taken. @throws EngineError where the folder holds no optimizer state, or another's */
export function readOptimizer(folder: string, layout: Layout, moments: Moments): number {
  const path = join(folder, OPTIMIZER_FILE);
  if (!existsSync(path)) {
    throw new EngineError(
      `${path}: no such file: the folder holds weights alone, load it without the optimizer's state`,
    );
  }
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
