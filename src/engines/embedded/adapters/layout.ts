// LoRA (Hu et al. 2021): beside a frozen matrix W stands a product of two thin ones, y = W x + alpha / rank * B A x,
// and only A and B are trained. Here is which matrices have one and where A and B lie in a flat array of their own;
// names and shapes are those of Hugging Face's PEFT. It holds no numbers itself.

import { type Layout, type LayoutTensor, type Placement, placed } from "../decoder/layout.js";

/** The projections of every family, PEFT's "all-linear". */
export const LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type LoraTarget = (typeof LORA_TARGETS)[number];

export interface LoraOptions {
  readonly rank: number;
  /** What an adapter adds is scaled by alpha / rank. */
  readonly alpha: number;
  readonly targets: readonly LoraTarget[];
}

/** The adapters of one matrix of the engine, which may be several stacked along their rows. */
export interface AdaptedMatrix {
  /** [R, in]: the A of all adapted parts, stacked; R is the rank times their number. */
  readonly a: string;
  /** One for each part, in order. `b` is [rows, rank]; a part that is no target has none. */
  readonly parts: ReadonlyArray<{ readonly rows: number; readonly b: string | undefined }>;
}

export interface Adapters {
  readonly options: LoraOptions;
  readonly layout: Layout;
  /** By the matrix's name inside a layer; every layer has the same. */
  readonly matrices: ReadonlyMap<string, AdaptedMatrix>;
}

/** @param base  of the model that is adapted */
export function adaptersOf(base: Layout, options: LoraOptions): Adapters {
  const matrices = new Map<string, AdaptedMatrix>();
  const placements = base.tensors.flatMap((tensor) => {
    const adapted = tensor.parts.map(({ name }) =>
      options.targets.some((target) => name.endsWith(`.${target}.weight`)),
    );
    if (!adapted.includes(true)) return [];
    const inLayer = tensor.name.slice(tensor.name.indexOf(".") + 1);
    matrices.set(inLayer, {
      a: `${inLayer}.A`,
      parts: tensor.parts.map(({ shape }, at) => ({
        rows: shape[0],
        b: adapted[at] ? `${inLayer}.B${at}` : undefined,
      })),
    });
    return adapterTensors(tensor, adapted, options.rank);
  });
  return { options, layout: placed(placements), matrices };
}

function adapterTensors({ name, parts }: LayoutTensor, adapted: readonly boolean[], rank: number): Placement[] {
  const targets = parts.filter((_, at) => adapted[at]);
  const b = parts.flatMap((part, at): Placement[] => {
    const shape = [part.shape[0], rank];
    return adapted[at] ? [{ name: `${name}.B${at}`, parts: [{ name: adapterName(part.name, "B"), shape }] }] : [];
  });
  const a = targets.map((part) => ({ name: adapterName(part.name, "A"), shape: [rank, part.shape[1]] }));
  return [{ name: `${name}.A`, parts: a }, ...b];
}

/** What PEFT calls the adapter of a weight. */
export function adapterName(weight: string, factor: "A" | "B"): string {
  return `base_model.model.${weight.slice(0, -".weight".length)}.lora_${factor}.weight`;
}
