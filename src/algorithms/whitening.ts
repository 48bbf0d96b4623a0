// Whitening over all tokens of a batch, as both forms of REINFORCE++ do it.

import { sum } from "../core/maths.js";

const EPSILON = 1e-8;

/**
 * Numbers of a batch of completions, brought to mean 0 and variance 1 over all tokens.
 *
 * (x - mean(x)) / sqrt(var(x) + 1e-8), var with n - 1   (verl torch_functional.py masked_whiten, less the 1e-8 that it
 * adds to counts, so that equal numbers give 0 exactly)
 *
 * @param completions  [B][T] one number a token
 * @returns            [B][T]; all 0 where the numbers are equal
 */
export function whitened(completions: ReadonlyArray<readonly number[]>): number[][] {
  const count = sum(completions.map(({ length }) => length));
  const first = completions.find(({ length }) => length > 0)?.[0];
  if (completions.every((tokens) => tokens.every((value) => value === first))) {
    return completions.map((tokens) => tokens.map(() => 0));
  }
  const centre = sum(completions.map(sum)) / count;
  const squares = sum(completions.map((tokens) => sum(tokens.map((value) => (value - centre) ** 2))));
  const scale = 1 / Math.sqrt(squares / (count - 1) + EPSILON);
  return completions.map((tokens) => tokens.map((value) => (value - centre) * scale));
}

/** The same for numbers in groups of completions, [groups][G][T]. */
export function whitenedGroups(groups: ReadonlyArray<ReadonlyArray<readonly number[]>>): number[][][] {
  const flat = whitened(groups.flat());
  let next = 0;
  return groups.map((group) => flat.slice(next, (next += group.length)));
}
