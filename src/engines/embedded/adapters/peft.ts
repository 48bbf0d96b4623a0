// Adapter folders in the layout of Hugging Face's PEFT: adapter_config.json and adapter_model.safetensors. What PEFT
// can do and this engine cannot is refused by name.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EngineError } from "../../../core/errors.js";
import { writeDurable } from "../../../core/files.js";
import { explain } from "../../../core/schema.js";
import { type Layout, partsOf } from "../decoder/layout.js";
import { readParts, tensorsOf } from "../model/checkpoint.js";
import { readModelJson } from "../model/config.js";
import { indexFile, writeSafetensors } from "../model/safetensors.js";
import { type Adapters, adaptersOf, LORA_TARGETS } from "./layout.js";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/** What of an adapter folder's own making the engine would have to compute otherwise. */
const NOT_SUPPORTED = [
  "use_rslora",
  "use_dora",
  "use_qalora",
  "use_bdlora",
  "fan_in_fan_out",
  "rank_pattern",
  "alpha_pattern",
  "kasa_config",
  "layer_replication",
  "alora_invocation_tokens",
] as const;

const isUnset = (value: unknown): boolean => !value || (typeof value === "object" && Object.keys(value).length === 0);
const unset = z.unknown().refine(isUnset, "not supported; leave it out").optional();

const fileSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  ...Object.fromEntries(NOT_SUPPORTED.map((key) => [key, unset])),
});

/**
 * Reads an adapter folder. Which matrices are adapted is read from the tensors' names, because `target_modules` may be
 * names, paths or a pattern.
 *
 * @param base  layout of the model that is adapted
 * @throws EngineError naming the key or tensor that the engine does not know, misses or cannot fit
 */
export function readAdapters(folder: string, base: Layout): { adapters: Adapters; flat: Float32Array } {
  if (!existsSync(join(folder, CONFIG))) {
    throw new EngineError(`${join(folder, CONFIG)}: no such file; a folder of adapters needs it, as PEFT writes it`);
  }
  const json = readModelJson(folder, CONFIG);
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) throw new EngineError(`${join(folder, CONFIG)}: ${explain(parsed.error, json, fileSchema)}`);
  const path = join(folder, WEIGHTS);
  const index = indexFile(path);
  const { r: rank, lora_alpha: alpha } = parsed.data;
  const targets = LORA_TARGETS.filter((target) => [...index.keys()].some((name) => name.includes(`.${target}.lora_`)));
  const adapters = adaptersOf(base, { rank, alpha, targets });
  const known = new Set(partsOf(adapters.layout).map(({ name }) => name));
  const strange = [...index.keys()].find((name) => !known.has(name));
  if (strange !== undefined) {
    throw new EngineError(
      `${path}: tensor "${strange}": expected lora_A and lora_B of ${LORA_TARGETS.join(", ")} only`,
    );
  }
  const flat = new Float32Array(adapters.layout.length);
  readParts(index, adapters.layout, flat);
  return { adapters, flat };
}

/** @param base  the model that the adapters belong to, as PEFT is to find it */
export function writeAdapters(folder: string, { layout, options }: Adapters, flat: Float32Array, base: string): void {
  mkdirSync(folder, { recursive: true });
  const config = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base,
    r: options.rank,
    lora_alpha: options.alpha,
    target_modules: options.targets,
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    inference_mode: true,
  };
  writeDurable(join(folder, CONFIG), `${JSON.stringify(config, null, 2)}\n`);
  writeSafetensors(join(folder, WEIGHTS), tensorsOf(layout, flat));
}
