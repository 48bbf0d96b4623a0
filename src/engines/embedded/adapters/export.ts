// A plain model folder made of another: adapters merged, numbers in the type asked for, nothing of a training run.

import { resolve } from "node:path";
import { layoutOf } from "../decoder/layout.js";
import { readCompanions, readWeights, writeCompanions, writeMerged, writeWeights } from "../model/checkpoint.js";
import { readConfig } from "../model/config.js";
import type { StoredType } from "../model/number-formats.js";
import { mergeOf } from "./merge.js";
import { readAdapters } from "./peft.js";

export interface ExportSource {
  /** A model folder. */
  readonly model: string;
  /** A PEFT folder with adapters of this model. */
  readonly adapter: string | undefined;
}

/**
 * Writes the files into `folder`, in place.
 *
 * @returns the number of weights
 * @throws EngineError naming the file, key or tensor that cannot be used
 */
export function exportModel(folder: string, { model, adapter }: ExportSource, type: StoredType): number {
  const source = resolve(model);
  const layout = layoutOf(readConfig(source));
  const weights = new Float32Array(layout.length);
  readWeights(source, layout, weights);
  writeCompanions(folder, readCompanions(source), type);
  if (adapter === undefined) {
    writeWeights(folder, layout, weights, type);
  } else {
    const { adapters, flat } = readAdapters(resolve(adapter), layout);
    writeMerged(folder, layout, weights, type, mergeOf(adapters, flat));
  }
  return layout.parameters;
}
