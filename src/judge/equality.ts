// Python's `==` on tagged values: bool, int and float by value, a list is no tuple, a set is a frozenset, NaN equals
// nothing. Values that are no exact built-in (`$obj`, `$enum`, `$foreign`, `$big`, `$cycle`) equal nothing either.

import { Float, type Json } from "../core/json.js";

export interface EqualityRules {
  /** Relative above 1, absolute below; null is exact. */
  readonly tolerance: number | null;
  /** Sequences may come in any order. */
  readonly unordered: boolean;
  readonly tupleAsList: boolean;
}

export function equalValues(a: Json, b: Json, rules: EqualityRules): boolean {
  const [left, right] = [normalise(a, rules), normalise(b, rules)];
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case "number":
      return equalNumbers(left.value, (right as typeof left).value, rules.tolerance);
    case "text":
      return left.value === (right as typeof left).value;
    case "sequence": {
      const other = (right as typeof left).items;
      if (left.items.length !== other.length) return false;
      if (rules.unordered) return sameBag(left.items, other, rules);
      return left.items.every((item, index) => equalValues(item, other[index], rules));
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

/** Tolerance as in `math.isclose` with both tolerances the same. */
export function closeTo(a: number, b: number, tolerance: number): boolean {
  if (a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

type Entry = readonly [Json, Json];
type Normal =
  | { readonly kind: "number"; readonly value: number | bigint }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "sequence"; readonly items: readonly Json[] }
  | { readonly kind: "set"; readonly items: readonly Json[] }
  | { readonly kind: "dict"; readonly entries: readonly Entry[] }
  | { readonly kind: "nothing" };

const NOTHING: Normal = { kind: "nothing" };

/** One form for what Python holds equal; `text` carries its type in front. */
function normalise(value: Json, rules: EqualityRules): Normal {
  if (value === null) return { kind: "text", value: "None" };
  if (typeof value === "boolean") return { kind: "number", value: value ? 1 : 0 };
  if (typeof value === "number" || typeof value === "bigint") return { kind: "number", value };
  if (value instanceof Float) return { kind: "number", value: value.value };
  if (typeof value === "string") return { kind: "text", value: `str ${value}` };
  if (Array.isArray(value)) return { kind: "sequence", items: value as readonly Json[] };
  return normaliseTagged(value as { readonly [key: string]: Json }, rules);
}

function normaliseTagged(value: { readonly [key: string]: Json }, rules: EqualityRules): Normal {
  const keys = Object.keys(value);
  const tag = keys.length === 1 ? keys[0] : "";
  const body = value[tag];
  if (!tag.startsWith("$")) {
    if (keys.some((key) => key.startsWith("$"))) return NOTHING;
    return { kind: "dict", entries: Object.entries(value) };
  }
  if (typeof body === "string") return normaliseText(tag, body);
  if (!Array.isArray(body)) return NOTHING;
  const items = body as readonly Json[];
  if (tag === "$tuple" && rules.tupleAsList) return { kind: "sequence", items };
  // A tuple in front of its items keeps it apart from a list of the same.
  if (tag === "$tuple") return { kind: "sequence", items: [TUPLE, ...items] };
  if (tag === "$deque") return { kind: "sequence", items: [DEQUE, ...items] };
  if (tag === "$set") return { kind: "set", items };
  if (tag === "$dict") return items.every(isEntry) ? { kind: "dict", entries: items } : NOTHING;
  return NOTHING;
}

function isEntry(item: Json): item is Entry {
  return Array.isArray(item) && item.length === 2;
}

function normaliseText(tag: string, body: string): Normal {
  if (tag === "$int") {
    if (body.length > MAX_DIGITS || !/^-?\d+$/.test(body)) return NOTHING;
    return { kind: "number", value: BigInt(body) };
  }
  if (tag === "$float") return { kind: "number", value: FLOATS[body] ?? Number.NaN };
  if (tag === "$bytes" || tag === "$repr") return { kind: "text", value: `${tag} ${body}` };
  return NOTHING;
}

/** Reading a longer integer would hold up the host; no test expects one. */
const MAX_DIGITS = 1_000_000;
const TUPLE: Json = { $bytes: "tuple" };
const DEQUE: Json = { $bytes: "deque" };
const FLOATS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function equalNumbers(a: number | bigint, b: number | bigint, tolerance: number | null): boolean {
  // Mixed comparison of bigint and number is by exact mathematical value, as in Python.
  // oxlint-disable-next-line eqeqeq
  if (a == b) return true;
  return tolerance !== null && closeTo(Number(a), Number(b), tolerance);
}

/** Same elements, in any order, each used once. */
function sameBag(a: readonly Json[], b: readonly Json[], rules: EqualityRules): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item, index) => {
    // Sets are written in one order, so the partner is nearly always at the same place.
    const here = equalValues(item, left[index], rules);
    const at = here ? index : left.findIndex((other) => equalValues(item, other, rules));
    if (at < 0) return false;
    left[at] = TAKEN;
    return true;
  });
}

/** Equal to nothing. */
const TAKEN: Json = { $taken: true };

/** Same keys with the same values, each entry used once: a forged dict may name a key twice. */
function equalDicts(a: readonly Entry[], b: readonly Entry[], rules: EqualityRules): boolean {
  if (a.length !== b.length) return false;
  const exact = { ...rules, tolerance: null, unordered: false };
  const byText = new Map(b.flatMap((entry) => (typeof entry[0] === "string" ? [[entry[0], entry] as const] : [])));
  const others = b.filter(([key]) => typeof key !== "string");
  return a.every(([key, item]) => {
    let entry: Entry | undefined;
    if (typeof key === "string") {
      entry = byText.get(key);
      byText.delete(key);
    } else {
      const at = others.findIndex(([other]) => equalValues(key, other, exact));
      if (at >= 0) [entry] = others.splice(at, 1);
    }
    return entry !== undefined && equalValues(item, entry[1], rules);
  });
}
