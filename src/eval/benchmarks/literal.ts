// Answers that are Python literals: read, never evaluated, and compared by value and type. Not here: where in a
// completion the answer stands (answer-text.ts), nor which way a benchmark wants it compared.

import { Float, type Json } from "../../core/json.js";
import { keyOf } from "../../judge/canonical.js";
import { equalValues } from "../../judge/equality.js";
import { parsePythonLiteral } from "../../problems/python-literal.js";

/** Also a tuple without its brackets, which is a literal to Python. */
export function literalOf(text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  return parsePythonLiteral(text) ?? parsePythonLiteral(`(${text.trim()})`);
}

const EXACT = { tolerance: null, unordered: false, tupleAsList: false };

/** Whether two values are what Python prints alike: 1 is neither True nor 1.0, NaN is NaN; sets and dicts have no order. */
export function sameValue(a: Json, b: Json): boolean {
  return equalValues(typed(a), typed(b), EXACT);
}

/** LeetCode's own tolerance for answers that are floats. */
const FLOAT_TOLERANCE = 1e-5;

/**
 * As {@link sameValue}, but by value, where the expected one was written as JSON: that knows neither tuples nor whether
 * 2.0 was meant, and cuts floats after some digits.
 */
export function matchesJson(expected: Json, value: Json): boolean {
  const tolerance = holdsFloat(expected) ? FLOAT_TOLERANCE : null;
  return equalValues(unique(value), expected, { ...EXACT, tolerance, tupleAsList: true });
}

function holdsFloat(value: Json): boolean {
  if (value instanceof Float) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsFloat);
}

/** A form in which what Python's `==` holds equal across types differs. */
function typed(value: Json): Json {
  return mapped(value, (leaf) => {
    if (typeof leaf === "boolean") return { $repr: `bool ${leaf}` };
    // A float that is -0.0 prints so, and is another.
    return leaf instanceof Float ? { $repr: `float ${Object.is(leaf.value, -0) ? "-0" : leaf.value}` } : leaf;
  });
}

/** A literal may name an element of a set, or a key, twice: Python then keeps the first key and the last value. */
function unique(value: Json): Json {
  return mapped(value, (leaf) => leaf);
}

type Pair = readonly [Json, Json];

function mapped(value: Json, leafOf: (leaf: Json) => Json): Json {
  if (typeof value !== "object" || value === null || value instanceof Float) return leafOf(value);
  const inside = (item: Json): Json => mapped(item, leafOf);
  if (Array.isArray(value)) return value.map(inside);
  const { $set, $dict } = value as Readonly<Record<string, Json | undefined>>;
  if (Array.isArray($set))
    return { $set: firstOfEach($set.map((item: Json) => [item, item])).map(([item]) => inside(item)) };
  if (Array.isArray($dict)) {
    return { $dict: firstOfEach($dict as readonly Pair[]).map(([key, item]) => [inside(key), inside(item)]) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item)]));
}

function firstOfEach(pairs: readonly Pair[]): Pair[] {
  const kept = new Map<string | number, Pair>();
  for (const [index, [key, item]] of pairs.entries()) {
    const name = keyOf(key, EXACT) ?? index;
    kept.set(name, [kept.get(name)?.[0] ?? key, item]);
  }
  return [...kept.values()];
}
