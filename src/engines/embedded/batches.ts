// How sequences are cut into batches that run at once. Depends only on the sequences and the budgets, never on the
// number of threads or workers, so that sums of gradients have one order.

export interface Sequence {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
}

export interface BatchLimits {
  /** Tokens of a batch, its padding included. */
  readonly tokens: number;
  /** Floats of one [tokens, vocabulary] or one layer's [B, H, T, T]: each is held several times over. */
  readonly floats: number;
}

export interface BatchCosts {
  readonly vocabularySize: number;
  readonly heads: number;
}

/** Lengths are padded to a multiple of this: kernels like it, and short sequences meet in fewer shapes. */
export const LENGTH_STEP = 8;

/** Positions that a sequence takes: its last token is only predicted. */
export function inputLength({ prompt, completion }: Sequence): number {
  return prompt.length + completion.length - 1;
}

export function paddedLength(length: number): number {
  return Math.ceil(length / LENGTH_STEP) * LENGTH_STEP;
}

/** Indices of the sequences of each batch, longest first, neighbours in length together. */
export function cutBatches(sequences: readonly Sequence[], limits: BatchLimits, costs: BatchCosts): number[][] {
  const order = sequences
    .map((_, index) => index)
    .sort((a, b) => inputLength(sequences[b]) - inputLength(sequences[a]) || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  let width = 0;
  let picked = 0;
  for (const index of order) {
    const sequence = sequences[index];
    const rows = batch.length + 1;
    const fits =
      rows * width <= limits.tokens &&
      rows * width * width * costs.heads <= limits.floats &&
      (picked + sequence.completion.length) * costs.vocabularySize <= limits.floats;
    if (batch.length === 0 || !fits) {
      batch = [];
      batches.push(batch);
      width = paddedLength(inputLength(sequence));
      picked = 0;
    }
    batch.push(index);
    picked += sequence.completion.length;
  }
  return batches;
}
