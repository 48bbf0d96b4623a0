// Adapters as they begin: B is zero, so that the adapted model is the base model until the first step.

import { Rng } from "../../../core/rng.js";
import { partsOf } from "../decoder/layout.js";
import type { Adapters } from "./layout.js";

/**
 * The adapters' flat array before training.
 *
 * A is uniform in +-1 / sqrt(in), B is 0      (Kaiming uniform with a = sqrt(5), as PEFT)
 */
export function initialAdapters({ layout }: Adapters, seed: string | number): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const { name, shape, offset, length } of partsOf(layout)) {
    if (!name.endsWith(".lora_A.weight")) continue;
    const rng = Rng.of(seed, "adapters", name);
    const bound = 1 / Math.sqrt(shape[1]);
    for (let i = offset; i < offset + length; i++) flat[i] = bound * (2 * rng.uniform() - 1);
  }
  return flat;
}
