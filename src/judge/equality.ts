// Python's `==` on tagged values: bool, int and float by value, a list is no tuple, a set is a frozenset, NaN equals
// nothing. Where order does not count, partners are found by key (canonical.ts), so that a large claim costs little.

import type { Json } from "../core/json.js";
import { keyOf } from "./canonical.js";
import { type Entry, normalise } from "./normal.js";

export interface EqualityRules {
  /** Relative above 1, absolute below; null is exact. */
  readonly tolerance: number | null;
  /** Sequences may come in any order. */
  readonly unordered: boolean;
  readonly tupleAsList: boolean;
}

export function equalValues(a: Json, b: Json, rules: EqualityRules): boolean {
  return equal(a, b, { ...rules, tries: { left: MAX_TRIES } });
}

/** Tolerance as in `math.isclose` with both tolerances the same. */
export function closeTo(a: number, b: number, tolerance: number): boolean {
  if (a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

/** How often a partner within tolerance may be sought in one comparison before the values count as different. */
const MAX_TRIES = 100_000;

interface Search extends EqualityRules {
  readonly tries: { left: number };
}

function equal(a: Json, b: Json, rules: Search): boolean {
  const [left, right] = [normalise(a, rules.tupleAsList), normalise(b, rules.tupleAsList)];
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case "number":
      return equalNumbers(left.value, (right as typeof left).value, rules.tolerance);
    case "text":
      return left.value === (right as typeof left).value;
    case "sequence": {
      const other = (right as typeof left).items;
      if (left.items.length !== other.length) return false;
      if (rules.unordered && !left.ordered) return sameBag(left.items, other, rules);
      return left.items.every((item, index) => equal(item, other[index], rules));
    }
    case "set":
      return sameBag(left.items, (right as typeof left).items, rules);
    case "dict":
      return equalDicts(left.entries, (right as typeof left).entries, rules);
    case "nothing":
      return false;
    default:
      return left satisfies never;
  }
}

function equalNumbers(a: number | bigint, b: number | bigint, tolerance: number | null): boolean {
  // Mixed comparison of bigint and number is by exact mathematical value, as in Python.
  // oxlint-disable-next-line eqeqeq
  if (a == b) return true;
  return tolerance !== null && closeTo(Number(a), Number(b), tolerance);
}

/** Same elements, in any order, each used once. */
function sameBag(a: readonly Json[], b: readonly Json[], rules: Search): boolean {
  if (a.length !== b.length) return false;
  const partners = new Map<string, number[]>();
  for (const [index, item] of b.entries()) {
    const key = keyOf(item, rules);
    if (key === null) continue;
    const same = partners.get(key);
    if (same) same.push(index);
    else partners.set(key, [index]);
  }
  const taken = new Set<number>();
  const alone = a.filter((item) => {
    const key = keyOf(item, rules);
    const at = key === null ? undefined : partners.get(key)?.pop();
    if (at !== undefined) taken.add(at);
    return at === undefined;
  });
  if (alone.length === 0) return true;
  if (rules.tolerance === null) return false;
  const left = b.filter((_, index) => !taken.has(index));
  return closePartners(alone, left, rules);
}

/** What no equal was found for, numbers first and by size: then the first that is left is nearly always the partner. */
function closePartners(a: readonly Json[], b: readonly Json[], rules: Search): boolean {
  const [ours, theirs] = [inSize(a, rules), inSize(b, rules)];
  return ours.every((item) => {
    const at = theirs.findIndex((other) => rules.tries.left-- > 0 && equal(item, other, rules));
    if (at < 0) return false;
    theirs.splice(at, 1);
    return true;
  });
}

function inSize(items: readonly Json[], { tupleAsList }: Search): Json[] {
  const size = (item: Json): number => {
    const normal = normalise(item, tupleAsList);
    return normal.kind === "number" ? Number(normal.value) : Number.POSITIVE_INFINITY;
  };
  return items
    .map((item) => ({ item, size: size(item) }))
    .sort((x, y) => (x.size < y.size ? -1 : x.size > y.size ? 1 : 0))
    .map(({ item }) => item);
}

/** Same keys with the same values, each entry used once: a forged dict may name a key twice. */
function equalDicts(a: readonly Entry[], b: readonly Entry[], rules: Search): boolean {
  if (a.length !== b.length) return false;
  const exact = { unordered: false, tupleAsList: rules.tupleAsList };
  const others = new Map<string, Json>();
  for (const [key, item] of b) {
    const name = keyOf(key, exact);
    if (name !== null) others.set(name, item);
  }
  return a.every(([key, item]) => {
    const name = keyOf(key, exact);
    const other = name === null ? undefined : others.get(name);
    if (name === null || other === undefined) return false;
    others.delete(name);
    return equal(item, other, rules);
  });
}
