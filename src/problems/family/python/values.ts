// Python values of the family's programs as JavaScript values, and their operators with Python's meaning. Ints are
// numbers; what leaves the exactly representable range is refused.

import type { Json } from "../../../core/json.js";
import { UnsupportedPython } from "./syntax.js";

export type Value = null | boolean | number | string | Value[] | Tuple | Map<Value, Value> | Set<Value> | Callable;

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

export class Callable {
  constructor(readonly call: (values: readonly Value[]) => Value) {}
}

/** An exception that the Python program raises. */
export class Raised extends Error {
  override readonly name = "Raised";
  constructor(readonly type: string) {
    super(type);
  }
}

export function isInt(value: Value): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function int(value: number): number {
  if (!Number.isSafeInteger(value)) throw new UnsupportedPython(`the integer ${value} is too large`);
  return value + 0;
}

export function asInt(value: Value): number {
  if (!isInt(value)) throw new Raised("TypeError");
  return Number(value);
}

export function truthy(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  return Boolean(value);
}

/** What a `for` over the value goes through. The order of a set is Python's own affair. */
export function iterate(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof Tuple) return value.items;
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof Set) throw new UnsupportedPython("the order of a set");
  throw new Raised("TypeError");
}

/** As {@link iterate}, where the order does not matter. */
export function members(value: Value): readonly Value[] {
  return value instanceof Set ? [...value] : iterate(value);
}

export function equal(left: Value, right: Value): boolean {
  if (isInt(left) && isInt(right)) return Number(left) === Number(right);
  if (Array.isArray(left) && Array.isArray(right)) return sameItems(left, right);
  if (left instanceof Tuple && right instanceof Tuple) return sameItems(left.items, right.items);
  if (left instanceof Map && right instanceof Map) {
    return (
      left.size === right.size &&
      [...left].every(([key, value]) => right.has(key) && equal(value, right.get(key) ?? null))
    );
  }
  return left === right;
}

function sameItems(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => equal(item, right[index]));
}

/** Negative, zero or positive as Python orders the two. */
export function compare(left: Value, right: Value): number {
  if (isInt(left) && isInt(right)) return Number(left) - Number(right);
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  const a = left instanceof Tuple ? left.items : left;
  const b = right instanceof Tuple ? right.items : right;
  if (!Array.isArray(a) || !Array.isArray(b)) throw new Raised("TypeError");
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function contains(container: Value, item: Value): boolean {
  if (typeof container === "string") return typeof item === "string" && container.includes(item);
  return members(container).some((member) => equal(member, item));
}

export function binary(operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right);
    case "<":
      return compare(left, right) < 0;
    case ">":
      return compare(left, right) > 0;
    case "<=":
      return compare(left, right) <= 0;
    case ">=":
      return compare(left, right) >= 0;
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    default:
      return arithmetic(operator, left, right);
  }
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  if (operator === "+") {
    if (typeof left === "string" && typeof right === "string") return left + right;
    if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  }
  if (operator === "*" && isInt(right)) {
    if (typeof left === "string") return left.repeat(Math.max(0, Number(right)));
    if (Array.isArray(left))
      return Array.from({ length: Math.max(0, Number(right)) * left.length }, (_, index) => left[index % left.length]);
  }
  const a = asInt(left);
  const b = asInt(right);
  if (operator === "+") return int(a + b);
  if (operator === "-") return int(a - b);
  if (operator === "*") return int(a * b);
  if (b === 0) throw new Raised("ZeroDivisionError");
  if (operator === "//") return int(Math.floor(a / b));
  if (operator === "%") return int(a - b * Math.floor(a / b));
  throw new UnsupportedPython(`the operator ${operator}`);
}

export function subscript(object: Value, index: Value): Value {
  if (object instanceof Map) {
    const value = object.get(index);
    if (value === undefined) throw new Raised("KeyError");
    return value;
  }
  const items = iterate(object);
  const at = asInt(index) < 0 ? items.length + asInt(index) : asInt(index);
  if (at < 0 || at >= items.length) throw new Raised("IndexError");
  return items[at];
}

/** `object[start:stop:step]` with Python's defaults and clamping. */
export function slice(object: Value, bounds: ReadonlyArray<Value | undefined>): Value {
  const items = iterate(object);
  const size = items.length;
  const step = bounds[2] === undefined ? 1 : asInt(bounds[2]);
  if (step === 0) throw new Raised("ValueError");
  const low = step > 0 ? 0 : -1;
  const high = step > 0 ? size : size - 1;
  const clamp = (bound: Value | undefined, otherwise: number): number => {
    if (bound === undefined) return otherwise;
    const at = asInt(bound) < 0 ? asInt(bound) + size : asInt(bound);
    return Math.min(high, Math.max(low, at));
  };
  const stop = clamp(bounds[1], step > 0 ? high : low);
  const result: Value[] = [];
  for (let i = clamp(bounds[0], step > 0 ? low : high); step > 0 ? i < stop : i > stop; i += step) {
    result.push(items[i]);
  }
  return typeof object === "string" ? result.map(text).join("") : result;
}

/** `print`'s text of a value; only of what prints alike inside and outside a container. */
export function text(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  throw new UnsupportedPython("the printed form of a container");
}

/** The tagged value; undefined of a function. */
export function toJson(value: Value): Json | undefined {
  if (value instanceof Callable) return undefined;
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  if (value instanceof Tuple) return { $tuple: value.items.map((item) => toJson(item) ?? null) };
  if (value instanceof Set) return { $set: [...value].sort(compare).map((item) => toJson(item) ?? null) };
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [toJson(key) ?? null, toJson(item) ?? null] as const);
    const plain = entries.every(([key]) => typeof key === "string" && !key.startsWith("$"));
    return plain ? (Object.fromEntries(entries) as Json) : { $dict: entries };
  }
  return value;
}

/** The Python value of a test's argument. */
export function fromJson(value: Json): Value {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (Array.isArray(value)) return value.map((item: Json) => fromJson(item));
  if (typeof value === "object" && Object.keys(value).every((key) => !key.startsWith("$"))) {
    return new Map(Object.entries(value as Record<string, Json>).map(([key, item]) => [key, fromJson(item)]));
  }
  throw new UnsupportedPython("an argument of this type");
}
