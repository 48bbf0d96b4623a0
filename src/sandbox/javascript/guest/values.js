// JavaScript values as tagged JSON text and back, by exact built-in type: no code of the program's is ever called, no
// getter, no trap, no `toJSON`. What has no form here (functions, symbols, promises, proxies) is refused.

import {
  Array,
  append,
  BigInt,
  Date,
  dateText,
  dateTime,
  defineProperty,
  field,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  indexOf,
  isArray,
  isBuiltIn,
  isProxy,
  isSafeInteger,
  Map,
  mapEach,
  mapSet,
  mapSize,
  Number,
  Object,
  ownKeys,
  parseJson,
  quote,
  Set,
  setAdd,
  setEach,
  setSize,
  slice,
  sort,
  typedArrayLength,
  typedArrayName,
  Uint8Array,
} from "./primordials.js";

/** Thrown for a value that holds something that has no tagged form, or is over the limits. */
export const UNSUPPORTED = { __proto__: null };
export const TOO_BIG = { __proto__: null };

/** A result may be of any size that can be read back; `undefined` in it is written as null. */
export const RESULT = {
  nodes: Infinity,
  characters: Infinity,
  depth: 400,
  digits: Infinity,
  hasUndefined: true,
  plain: false,
};

const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;
const MapPrototype = Map.prototype;
const SetPrototype = Set.prototype;
const DatePrototype = Date.prototype;
let limits = RESULT;
let left = 0;

/** The tagged JSON text of a value. @throws UNSUPPORTED, TOO_BIG */
export function encode(value, within) {
  limits = within;
  left = within.nodes;
  return text(value, null, 1);
}

function text(value, parent, depth) {
  left -= 1;
  if (left < 0) throw TOO_BIG;
  switch (typeof value) {
    case "number":
      return numberText(value);
    case "string":
      return quote(bounded(value));
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return bigintText(value);
    case "undefined":
      if (limits.hasUndefined) return "null";
      throw UNSUPPORTED;
    case "object":
      return value === null ? "null" : objectText(value, parent, depth);
    default:
      throw UNSUPPORTED;
  }
}

function bounded(value) {
  if (value.length > limits.characters) throw TOO_BIG;
  return value;
}

/** Whole numbers are ints as far as they are exact; everything else is a float, and says so in its text. */
function numberText(value) {
  if (value !== value) return '{"$float": "nan"}';
  if (value === Infinity) return '{"$float": "inf"}';
  if (value === -Infinity) return '{"$float": "-inf"}';
  if (value === 0) return 1 / value < 0 ? "-0.0" : "0";
  const digits = `${value}`;
  if (isSafeInteger(value) || indexOf(digits, ".") >= 0 || indexOf(digits, "e") >= 0) return digits;
  return `${digits}.0`;
}

function bigintText(value) {
  const digits = `${value}`;
  if (digits.length > limits.digits) throw TOO_BIG;
  return value > -9007199254740992n && value < 9007199254740992n ? digits : `{"$int": "${digits}"}`;
}

function objectText(value, parent, depth) {
  let distance = 1;
  for (let above = parent; above !== null; above = above.parent) {
    if (above.value === value) return unlessPlain(`{"$cycle": ${distance}}`);
    distance += 1;
  }
  if (depth > limits.depth) throw TOO_BIG;
  if (isProxy(value)) throw UNSUPPORTED;
  const inside = { value, parent };
  const prototype = getPrototypeOf(value);
  if (isArray(value)) return arrayText(value, prototype, inside, depth);
  if (prototype === MapPrototype && is(mapSize, value)) return mapText(value, inside, depth);
  if (prototype === SetPrototype && is(setSize, value)) return setText(value, inside, depth);
  if (prototype === DatePrototype && is(dateTime, value)) return dateTextOf(value);
  if (typedArrayName(value) !== undefined) return unlessPlain(typedArrayText(value));
  if (prototype === ObjectPrototype || prototype === null) return fieldsText(value, inside, depth);
  return unlessPlain(`{"$obj": ${quote(className(prototype))}, "attrs": ${fieldsText(value, inside, depth)}}`);
}

/** What cannot be made again from its text has none where only such values are wanted. */
function unlessPlain(json) {
  if (limits.plain) throw UNSUPPORTED;
  return json;
}

/** Whether a value is of a built-in's kind: its own functions refuse any other. */
function is(brand, value) {
  try {
    brand(value);
    return true;
  } catch {
    return false;
  }
}

/** The value of a data property; there is no other way to look into an object without calling the program. */
function own(value, key) {
  const descriptor = getOwnPropertyDescriptor(value, key);
  if (descriptor === undefined) return undefined;
  if (!hasOwn(descriptor, "value")) throw UNSUPPORTED;
  return descriptor.value;
}

function arrayText(value, prototype, inside, depth) {
  if (prototype !== ArrayPrototype) throw UNSUPPORTED;
  let body = "";
  for (let index = 0; index < value.length; index++) {
    body += `${index === 0 ? "" : ", "}${text(own(value, index), inside, depth + 1)}`;
  }
  return `[${body}]`;
}

function typedArrayText(value) {
  let body = "";
  const length = typedArrayLength(value);
  for (let index = 0; index < length; index++) {
    body += `${index === 0 ? "" : ", "}${text(value[index], null, 1)}`;
  }
  return `[${body}]`;
}

function dateTextOf(value) {
  const time = dateTime(value);
  return `{"$repr": "${time === time ? dateText(value) : "Invalid Date"}"}`;
}

function setText(value, inside, depth) {
  const items = [];
  setEach(value, (item) => {
    append(items, { item, text: text(item, inside, depth + 1) });
  });
  sort(items, (a, b) => {
    const numeric = (entry) => typeof entry.item === "number" && entry.item === entry.item;
    if (numeric(a) && numeric(b)) return a.item - b.item;
    if (numeric(a) !== numeric(b)) return numeric(a) ? -1 : 1;
    return a.text < b.text ? -1 : 1;
  });
  let body = "";
  for (let index = 0; index < items.length; index++) body += `${index === 0 ? "" : ", "}${items[index].text}`;
  return `{"$set": [${body}]}`;
}

function mapText(value, inside, depth) {
  const entries = [];
  let plain = true;
  mapEach(value, (item, key) => {
    plain &&= isPlainKey(key);
    append(entries, { key: text(key, inside, depth + 1), item: text(item, inside, depth + 1) });
  });
  return entriesText(entries, plain);
}

function fieldsText(value, inside, depth) {
  const entries = [];
  let plain = true;
  const keys = ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (typeof key !== "string" || !getOwnPropertyDescriptor(value, key).enumerable) continue;
    plain &&= isPlainKey(key);
    append(entries, { key: quote(bounded(key)), item: text(own(value, key), inside, depth + 1) });
  }
  return entriesText(entries, plain);
}

function isPlainKey(key) {
  return typeof key === "string" && key[0] !== "$";
}

function entriesText(entries, plain) {
  let body = "";
  for (let index = 0; index < entries.length; index++) {
    const { key, item } = entries[index];
    body += `${index === 0 ? "" : ", "}${plain ? `${key}: ${item}` : `[${key}, ${item}]`}`;
  }
  return plain ? `{${body}}` : `{"$dict": [${body}]}`;
}

/** The name of a program's own class. Whatever inherits from a built-in holds more than its fields: no form. */
function className(prototype) {
  for (let line = prototype; line !== null && line !== ObjectPrototype; line = getPrototypeOf(line)) {
    if (isProxy(line) || isBuiltIn(line)) throw UNSUPPORTED;
  }
  const maker = own(prototype, "constructor");
  if (typeof maker !== "function" || isProxy(maker)) throw UNSUPPORTED;
  const name = own(maker, "name");
  if (typeof name !== "string" || name === "") throw UNSUPPORTED;
  return name;
}

/** The name of a value's type, for a value that cannot be written. */
export function typeName(value) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return typeof value;
  try {
    if (isProxy(value)) return "Proxy";
    const maker = own(getPrototypeOf(value), "constructor");
    const name = own(maker, "name");
    return typeof name === "string" ? name : "object";
  } catch {
    return "object";
  }
}

/** A function's result: its text, or what stands for one that has none and equals nothing. */
export function encodeResult(value) {
  try {
    return encode(value, RESULT);
  } catch {
    return `{"$foreign": ${quote(typeName(value))}}`;
  }
}

/** The value of a tagged text. */
export function decode(json) {
  return revive(parseJson(json));
}

/** Values are made in place: what `parseJson` made has the right prototypes already. */
export function revive(tree) {
  if (typeof tree !== "object" || tree === null) return tree;
  const keys = ownKeys(tree);
  if (!isArray(tree) && keys.length > 0 && keys[0][0] === "$") return tagged(keys[0], tree[keys[0]]);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (key !== "length" || !isArray(tree)) defineProperty(tree, key, field(revive(tree[key])));
  }
  return tree;
}

function tagged(tag, body) {
  switch (tag) {
    case "$tuple":
    case "$deque":
      return revive(body);
    case "$set": {
      const set = new Set();
      for (let index = 0; index < body.length; index++) setAdd(set, revive(body[index]));
      return set;
    }
    case "$dict": {
      const map = new Map();
      for (let index = 0; index < body.length; index++) mapSet(map, revive(body[index][0]), revive(body[index][1]));
      return map;
    }
    case "$int":
      return BigInt(body);
    case "$float":
      return body === "nan" ? NaN : body === "inf" ? Infinity : -Infinity;
    case "$bytes": {
      const bytes = new Uint8Array(body.length / 2);
      for (let index = 0; index < bytes.length; index++)
        bytes[index] = Number(`0x${slice(body, 2 * index, 2 * index + 2)}`);
      return bytes;
    }
    case "$repr":
      return new Date(body);
    default:
      throw UNSUPPORTED;
  }
}

/** What was thrown, as a type and a message, read without calling anything of the program's. */
export function describe(thrown) {
  if (typeof thrown !== "object" || thrown === null) {
    const message = typeof thrown === "symbol" || typeof thrown === "function" ? "" : `${thrown}`;
    return { type: typeof thrown, message: slice(message, 0, 500) };
  }
  const name = inherited(thrown, "name");
  const message = inherited(thrown, "message");
  return {
    type: typeof name === "string" && name !== "Error" ? slice(name, 0, 200) : classOf(thrown),
    message: typeof message === "string" ? slice(message, 0, 500) : "",
  };
}

function classOf(thrown) {
  const maker = inherited(thrown, "constructor");
  const name = typeof maker === "function" ? inherited(maker, "name") : undefined;
  return typeof name === "string" && name !== "" ? slice(name, 0, 200) : "object";
}

function inherited(value, key) {
  try {
    for (let line = value; line !== null && !isProxy(line); line = getPrototypeOf(line)) {
      const descriptor = getOwnPropertyDescriptor(line, key);
      if (descriptor) return hasOwn(descriptor, "value") ? descriptor.value : undefined;
    }
  } catch {
    // A prototype line of the program's making may be endless or broken: it has no name then.
  }
  return undefined;
}
