// The order in which a batch's completion tokens lie, [K]: the first tokens of all completions, then the others, one
// sequence after the other, and one spare where there are no others.

import { Tensor } from "onnxruntime-node";
import type { Feeds } from "../graph/program.js";
import type { Sequence } from "./batches.js";

/** [K] numbers of each sequence's tokens. */
export function pack<Item extends Sequence>(sequences: readonly Item[], of: (sequence: Item) => Float32Array): Tensor {
  const packed = new Float32Array(packedLength(sequences));
  let next = sequences.length;
  for (const [index, sequence] of sequences.entries()) {
    const values = of(sequence);
    packed[index] = values[0];
    packed.set(values.subarray(1), next);
    next += values.length - 1;
  }
  return new Tensor("float32", packed, [packed.length]);
}

export function unpack(packed: Float32Array, sequences: readonly Sequence[]): Float32Array[] {
  let next = sequences.length;
  return sequences.map(({ completion }, index) => {
    const values = new Float32Array(completion.length);
    values[0] = packed[index];
    values.set(packed.subarray(next, next + completion.length - 1), 1);
    next += completion.length - 1;
    return values;
  });
}

/** What a loss that reads whole sequences is fed: see SequenceInputs in decoder/losses.ts. A weight of 0 does not count. */
export function sequenceFeeds(sequences: ReadonlyArray<Sequence & { readonly weights: Float32Array }>): Feeds {
  const length = packedLength(sequences);
  const members = new Float32Array(sequences.length * length);
  let next = sequences.length;
  for (const [index, { weights }] of sequences.entries()) {
    for (const [at, weight] of weights.entries()) {
      const place = at === 0 ? index : next++;
      members[index * length + place] = weight === 0 ? 0 : 1;
    }
  }
  const shares = pack(sequences, ({ weights }) => {
    const count = weights.filter((weight) => weight !== 0).length;
    return weights.map((weight) => (weight === 0 ? 0 : 1 / count));
  });
  return { members: new Tensor("float32", members, [sequences.length, length]), shares };
}

function packedLength(sequences: readonly Sequence[]): number {
  const others = sequences.reduce((sum, { completion }) => sum + completion.length - 1, 0);
  return sequences.length + Math.max(1, others);
}
