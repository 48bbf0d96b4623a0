// Adapters merged into the weights they stand beside: one tensor at a time, as a file is written, so that there is no
// second copy of the model.

import { type LayoutPart, partsOf } from "../decoder/layout.js";
import { type Adapters, adapterName } from "./layout.js";

/** A tensor of the model as it is to be stored; may be the numbers it is given. */
export type Merge = (part: LayoutPart, base: Float32Array) => Float32Array;

/**
 * W + alpha / rank * B A for every weight that has an adapter, in f32 of an f64 sum; other weights as they are.
 *
 * @param flat  the adapters' numbers
 */
export function mergeOf({ layout, options }: Adapters, flat: Float32Array): Merge {
  const parts = new Map(partsOf(layout).map((part) => [part.name, part]));
  const numbers = (name: string): Float32Array | undefined => {
    const part = parts.get(name);
    return part && flat.subarray(part.offset, part.offset + part.length);
  };
  return ({ name, shape }, base) => {
    const [a, b] = [numbers(adapterName(name, "A")), numbers(adapterName(name, "B"))];
    if (!a || !b) return base;
    const [rows, columns] = shape as [number, number];
    const merged = new Float32Array(base.length);
    const row = new Float64Array(columns);
    for (let out = 0; out < rows; out++) {
      row.fill(0);
      for (let k = 0; k < options.rank; k++) {
        const factor = (b[out * options.rank + k] * options.alpha) / options.rank;
        for (let i = 0; i < columns; i++) row[i] += factor * a[k * columns + i];
      }
      for (let i = 0; i < columns; i++) merged[out * columns + i] = base[out * columns + i] + row[i];
    }
    return merged;
  };
}
