// A batch cut into requests that a server takes. Sizes are those of the binary encoding, which servers count in.

import type { Tensor, WireDatum } from "../protocol/records.js";

export interface Chunk {
  readonly datums: readonly WireDatum[];
  /** Estimated: tokens and tensors, without what holds them together. */
  readonly bytes: number;
}

/** In order; a datum that is larger than the limit has a chunk of its own. */
export function chunksOf(
  datums: readonly WireDatum[],
  limits: { readonly datums: number; readonly bytes: number },
): Chunk[] {
  const chunks: Array<{ datums: WireDatum[]; bytes: number }> = [];
  for (const datum of datums) {
    const bytes = bytesOf(datum);
    const last = chunks.at(-1);
    if (last && last.datums.length < limits.datums && last.bytes + bytes <= limits.bytes) {
      last.datums.push(datum);
      last.bytes += bytes;
    } else {
      chunks.push({ datums: [datum], bytes });
    }
  }
  return chunks;
}

function bytesOf({ modelInput, lossInputs }: WireDatum): number {
  return Object.values(lossInputs).reduce((sum, tensor) => sum + tensorBytes(tensor), 4 * modelInput.length);
}

function tensorBytes({ dtype, data }: Tensor): number {
  return data.length * (dtype === "int64" ? 8 : 4);
}
