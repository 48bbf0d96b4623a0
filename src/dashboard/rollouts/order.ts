// Rollouts by a number of theirs: a stable sort by digits, since a million of them are put in order while somebody waits.

import type { z } from "zod";
import type { endpoints } from "../api/endpoints.js";
import type { Columns } from "./columns.js";
import type { View } from "./view.js";

export type Order = NonNullable<z.output<(typeof endpoints)["rollouts"]["query"]>["order"]>;

/** Places in the order asked for: with `-` the largest first. Those without a number are last, equal ones the newest first. */
export function ordered(view: View, places: Uint32Array, order: Order): Uint32Array {
  switch (order) {
    case "newest":
      return places;
    case "oldest":
      return stepsReversed(view, places);
    case "reward":
    case "advantage":
    case "tokens":
      return sorted(places, valuesOf(view, places, order), false);
    case "-reward":
    case "-advantage":
    case "-tokens":
      return sorted(places, valuesOf(view, places, order.slice(1) as "reward" | "advantage" | "tokens"), true);
    default:
      return order satisfies never;
  }
}

/** The oldest step first, each in the order of its file. */
function stepsReversed({ starts }: View, places: Uint32Array): Uint32Array {
  const reversed = new Uint32Array(places.length);
  let [written, end] = [0, places.length];
  for (let i = starts.length - 1; i >= 0 && end > 0; i--) {
    let from = end;
    while (from > 0 && places[from - 1] >= starts[i]) from--;
    reversed.set(places.subarray(from, end), written);
    written += end - from;
    end = from;
  }
  return reversed;
}

/** @param places  ascending */
function valuesOf(
  { steps, starts }: View,
  places: Uint32Array,
  name: keyof Pick<Columns, "reward" | "advantage" | "tokens">,
): Float64Array {
  const values = new Float64Array(places.length);
  let at = 0;
  for (const [i, { columns, start, count }] of steps.entries()) {
    const [column, shift, end] = [columns[name], start - starts[i], starts[i] + count];
    for (; at < places.length && places[at] < end; at++) values[at] = column[places[at] + shift];
  }
  return values;
}

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

function sorted(places: Uint32Array, values: Float64Array, descending: boolean): Uint32Array {
  const words = keysOf(values, descending);
  let order = Uint32Array.from(places.keys());
  for (const word of [0, 1]) {
    for (const shift of [0, DIGIT_BITS]) order = byDigit(order, words, word, shift);
  }
  return order.map((item) => places[item]);
}

/** Two words a value, the low one first, that are in order as whole numbers where the values are. */
function keysOf(values: Float64Array, descending: boolean): Uint32Array {
  // Minus zero is zero.
  for (let i = 0; i < values.length; i++) values[i] += 0;
  const words = new Uint32Array(values.buffer);
  const turn = descending ? 0xffffffff : 0;
  for (let i = 0; i < values.length; i++) {
    const isNone = Number.isNaN(values[i]);
    const flip = words[2 * i + 1] >>> 31 ? 0xffffffff : 0;
    words[2 * i] = isNone ? 0xffffffff : words[2 * i] ^ flip ^ turn;
    words[2 * i + 1] = isNone ? 0xffffffff : words[2 * i + 1] ^ (flip | 0x80000000) ^ turn;
  }
  return words;
}

function byDigit(
  order: Uint32Array<ArrayBuffer>,
  words: Uint32Array,
  word: number,
  shift: number,
): Uint32Array<ArrayBuffer> {
  const ends = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < order.length; i++) ends[((words[2 * i + word] >>> shift) & (DIGITS - 1)) + 1]++;
  if (ends.includes(order.length)) return order;
  for (let digit = 0; digit < DIGITS; digit++) ends[digit + 1] += ends[digit];
  const next = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const item = order[i];
    next[ends[(words[2 * item + word] >>> shift) & (DIGITS - 1)]++] = item;
  }
  return next;
}
