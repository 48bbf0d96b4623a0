// The order in which items come, epoch after epoch: each epoch is a seeded permutation of its own. A place in that order is
// all the state there is.

import { Rng } from "./rng.js";

/** Permutations that were asked for lately: a step asks for many places of one or two. */
const recent = new Map<string, readonly number[]>();
const KEPT = 4;

/**
 * The item at a place of the order; each comes once an epoch.
 *
 * @param cursor  how many items came before
 * @param count   of all items
 * @param keys    of the order's random stream
 * @returns       0 .. count - 1
 */
export function itemAt(cursor: number, count: number, ...keys: ReadonlyArray<string | number>): number {
  const epoch = Math.floor(cursor / count);
  const name = JSON.stringify([count, ...keys, epoch]);
  const order = recent.get(name) ?? Rng.of(...keys, epoch).shuffled(Array.from({ length: count }, (_, i) => i));
  recent.delete(name);
  recent.set(name, order);
  for (const [oldest] of recent) if (recent.size > KEPT) recent.delete(oldest);
  return order[cursor % count];
}
