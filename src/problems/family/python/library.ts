// The built-in functions and methods that the family's programs call.

import { UnsupportedPython } from "./syntax.js";
import {
  asInt,
  Callable,
  compare,
  contains,
  equal,
  isInt,
  iterate,
  members,
  Raised,
  subscript,
  Tuple,
  text,
  truthy,
  type Value,
} from "./values.js";

export type Keywords = Readonly<Record<string, Value>>;

const FUNCTIONS: Readonly<Record<string, (values: readonly Value[], keywords: Keywords) => Value>> = {
  sum: ([items]) => members(items).reduce<number>((total, item) => total + asInt(item), 0),
  max: (values, keywords) => extreme(values, keywords, 1),
  min: (values, keywords) => extreme(values, keywords, -1),
  len: ([items]) => members(items).length,
  abs: ([value]) => Math.abs(asInt(value)),
  int: ([value]) => {
    if (isInt(value)) return Number(value);
    if (typeof value !== "string" || !/^\s*[-+]?\d+\s*$/.test(value)) throw new Raised("ValueError");
    return Number(value);
  },
  str: ([value]) => text(value),
  list: ([items]) => (items === undefined ? [] : [...iterate(items)]),
  dict: () => new Map(),
  set: ([items]) => new Set(items === undefined ? [] : members(items)),
  range: (values) => {
    const [start, stop, step] = values.length === 1 ? [0, asInt(values[0]), 1] : [...values.map(asInt), 1];
    const result: Value[] = [];
    for (let i = start; step > 0 ? i < stop : i > stop; i += step) result.push(i);
    return result;
  },
  enumerate: ([items]) => iterate(items).map((item, index) => new Tuple([index, item])),
  zip: (lists) => {
    const columns = lists.map(iterate);
    const size = Math.min(...columns.map((column) => column.length));
    return Array.from({ length: size }, (_, row) => new Tuple(columns.map((column) => column[row])));
  },
  reversed: ([items]) => [...iterate(items)].reverse(),
  sorted: ([items], { key, reverse }) => {
    const order = keyed(key);
    const sign = reverse !== undefined && truthy(reverse) ? -1 : 1;
    return [...members(items)].sort((a, b) => sign * compare(order(a), order(b)));
  },
  any: ([items]) => members(items).some(truthy),
  all: ([items]) => members(items).every(truthy),
};

function keyed(key: Value | undefined): (item: Value) => Value {
  if (key === undefined) return (item) => item;
  if (!(key instanceof Callable)) throw new Raised("TypeError");
  return (item) => key.call([item]);
}

function extreme(values: readonly Value[], { key }: Keywords, sign: 1 | -1): Value {
  const items = values.length === 1 ? members(values[0]) : values;
  if (items.length === 0) throw new Raised("ValueError");
  const order = keyed(key);
  return items.reduce((best, item) => (sign * compare(order(item), order(best)) > 0 ? item : best));
}

/** The built-in of this name as a value; undefined where there is none. */
export function builtin(name: string): Callable | undefined {
  const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  return call && new Callable((values) => call(values, {}));
}

/** Calls a built-in function. @throws Raised, UnsupportedPython */
export function callBuiltin(name: string, values: readonly Value[], keywords: Keywords): Value {
  if (!Object.hasOwn(FUNCTIONS, name)) throw new Raised("NameError");
  return FUNCTIONS[name](values, keywords);
}

/** Calls a method of a list, a string or a dict. @throws Raised, UnsupportedPython */
export function callMethod(object: Value, name: string, values: readonly Value[]): Value {
  if (typeof object === "string") return stringMethod(object, name, values);
  if (object instanceof Map) return dictMethod(object, name, values);
  if (!Array.isArray(object)) throw new UnsupportedPython(`the method ${name}`);
  switch (name) {
    case "append":
      object.push(values[0]);
      return null;
    case "count":
      return object.filter((item) => equal(item, values[0])).length;
    case "index": {
      const at = object.findIndex((item) => equal(item, values[0]));
      if (at < 0) throw new Raised("ValueError");
      return at;
    }
    case "pop":
      if (object.length === 0) throw new Raised("IndexError");
      return object.splice(values.length === 0 ? -1 : asInt(values[0]), 1)[0];
    default:
      throw new UnsupportedPython(`the list method ${name}`);
  }
}

function stringMethod(object: string, name: string, values: readonly Value[]): Value {
  const [first, second] = values;
  switch (name) {
    case "upper":
      return object.toUpperCase();
    case "lower":
      return object.toLowerCase();
    case "capitalize":
      return object.slice(0, 1).toUpperCase() + object.slice(1).toLowerCase();
    case "join":
      return iterate(first).map(text).join(object);
    case "replace":
      return object.replaceAll(text(first), text(second));
    case "count":
      return object.split(text(first)).length - 1;
    case "split":
      return first === undefined ? object.split(/\s+/).filter((part) => part !== "") : object.split(text(first));
    case "startswith":
      return object.startsWith(text(first));
    case "endswith":
      return object.endsWith(text(first));
    case "find":
      return object.indexOf(text(first));
    default:
      throw new UnsupportedPython(`the string method ${name}`);
  }
}

function dictMethod(object: Map<Value, Value>, name: string, values: readonly Value[]): Value {
  switch (name) {
    case "get":
      return contains(object, values[0]) ? subscript(object, values[0]) : (values[1] ?? null);
    case "items":
      return [...object].map((entry) => new Tuple(entry));
    case "keys":
      return [...object.keys()];
    case "values":
      return [...object.values()];
    default:
      throw new UnsupportedPython(`the dict method ${name}`);
  }
}
