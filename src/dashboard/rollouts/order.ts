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

/** Whole numbers of 64 bits in two words that are in order where the values are, and whose they are. */
interface Keys {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly item: Uint32Array;
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

function sorted(places: Uint32Array, values: Float64Array, descending: boolean): Uint32Array {
  let [keys, spare] = [keysOf(values, descending), emptyKeys(values.length)];
  for (const word of ["low", "high"] as const) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      if (byDigit(keys, spare, word, shift)) [keys, spare] = [spare, keys];
    }
  }
  return keys.item.map((item) => places[item]);
}

function emptyKeys(length: number): Keys {
  return { low: new Uint32Array(length), high: new Uint32Array(length), item: new Uint32Array(length) };
}

function keysOf(values: Float64Array, descending: boolean): Keys {
  const keys = emptyKeys(values.length);
  const turn = descending ? 0xffffffff : 0;
  // Minus zero is zero.
  const words = new Uint32Array(values.map((value) => value + 0).buffer);
  for (let i = 0; i < values.length; i++) {
    const isNone = Number.isNaN(values[i]);
    const flip = words[2 * i + 1] >>> 31 ? 0xffffffff : 0;
    keys.low[i] = isNone ? 0xffffffff : words[2 * i] ^ flip ^ turn;
    keys.high[i] = isNone ? 0xffffffff : words[2 * i + 1] ^ (flip | 0x80000000) ^ turn;
    keys.item[i] = i;
  }
  return keys;
}

/** Puts keys in order by one digit, equal ones as they were. @returns false, and does nothing, where all are equal */
function byDigit(from: Keys, to: Keys, word: "low" | "high", shift: number): boolean {
  const digits = from[word];
  const next = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < digits.length; i++) next[((digits[i] >>> shift) & (DIGITS - 1)) + 1]++;
  if (next.includes(digits.length)) return false;
  for (let digit = 0; digit < DIGITS; digit++) next[digit + 1] += next[digit];
  for (let i = 0; i < digits.length; i++) {
    const at = next[(digits[i] >>> shift) & (DIGITS - 1)]++;
    to.low[at] = from.low[i];
    to.high[at] = from.high[i];
    to.item[at] = from.item[i];
  }
  return true;
}
