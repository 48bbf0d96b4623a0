// Model folders: weights in and out of the flat array, optimizer state beside them, and the small files that make the
// folder a model for `transformers`. Written in place: whoever wants all or nothing renames a finished folder.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readBytes, writeDurable } from "../../../core/files.js";
import type { Layout } from "../decoder/layout.js";
import {
  indexFile,
  indexModel,
  readTensor,
  type StoredType,
  type TensorToWrite,
  writeSafetensors,
} from "./safetensors.js";

/** Relative to the model folder. */
const OPTIMIZER_FILE = join("training-state", "optimizer.safetensors");
const MOMENTS = ["first_moment", "second_moment"] as const;

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
  const index = indexModel(folder);
  for (const { name, shape, offset, length } of parts(layout)) {
    readTensor(index, name, shape, weights.subarray(offset, offset + length));
  }
}

export function writeWeights(folder: string, layout: Layout, weights: Float32Array, type: StoredType): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, "model.safetensors"), tensors(layout, weights, ""), type);
}

export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** @returns the number of steps taken; undefined where the folder holds no optimizer state */
export function readOptimizer(folder: string, layout: Layout, moments: Moments): number | undefined {
  const path = join(folder, OPTIMIZER_FILE);
  if (!existsSync(path)) return undefined;
  const index = indexFile(path);
  const step = new Float32Array(1);
  readTensor(index, "step", [1], step);
  for (const [at, flat] of [moments.first, moments.second].entries()) {
    for (const { name, shape, offset, length } of parts(layout)) {
      readTensor(index, `${MOMENTS[at]}.${name}`, shape, flat.subarray(offset, offset + length));
    }
  }
  return step[0];
}

export function writeOptimizer(folder: string, layout: Layout, moments: Moments, step: number): void {
  mkdirSync(join(folder, "training-state"), { recursive: true });
  writeSafetensors(join(folder, OPTIMIZER_FILE), [
    { name: "step", shape: [1], data: Float32Array.of(step) },
    ...tensors(layout, moments.first, `${MOMENTS[0]}.`),
    ...tensors(layout, moments.second, `${MOMENTS[1]}.`),
  ]);
}

function parts(layout: Layout): Layout["tensors"][number]["parts"] {
  return layout.tensors.flatMap((tensor) => tensor.parts);
}

function tensors(layout: Layout, flat: Float32Array, prefix: string): TensorToWrite[] {
  return parts(layout).map(({ name, shape, offset, length }) => ({
    name: prefix + name,
    shape,
    data: flat.subarray(offset, offset + length),
  }));
}
