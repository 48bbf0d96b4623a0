// The built-ins that the guest works with, held from before any program runs: patching a prototype does not reach them.

export const globals = globalThis;
export const {
  Array,
  ArrayBuffer,
  BigInt,
  Boolean,
  Date,
  Error,
  Function,
  JSON,
  Map,
  Math,
  Number,
  Object,
  Promise,
  RangeError,
  ReferenceError,
  Reflect,
  RegExp,
  Set,
  String,
  Symbol,
  TypeError,
  Uint8Array,
  WeakMap,
  WeakSet,
  parseInt,
} = globalThis;
export const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
export const InternalErrorPrototype = globalThis.InternalError.prototype;
export const { isArray } = Array;
export const { isSafeInteger } = Number;
export const { setPrototypeOf } = Object;
const { bind, call } = Function.prototype;
/** A method as a function that takes its object first. */
export const uncurry = bind.bind(call);

export const hasOwn = uncurry(Object.prototype.hasOwnProperty);
export const quote = JSON.stringify;
export const parseJson = JSON.parse;
// Compiles a program in the global scope: this is what the guest is for.
// oxlint-disable-next-line no-eval
export const evaluate = globalThis.eval;
export const indexOf = uncurry(String.prototype.indexOf);
export const lastIndexOf = uncurry(String.prototype.lastIndexOf);
export const slice = uncurry(String.prototype.slice);
export const repeat = uncurry(String.prototype.repeat);
export const charCodeAt = uncurry(String.prototype.charCodeAt);
export const toWellFormed = uncurry(String.prototype.toWellFormed);
export const toHex = uncurry(Number.prototype.toString);
export const sort = uncurry(Array.prototype.sort);
export const join = uncurry(Array.prototype.join);
export const functionText = uncurry(Function.prototype.toString);
export const symbolText = uncurry(Symbol.prototype.toString);
export const regExpText = uncurry(RegExp.prototype.toString);
export const dateText = uncurry(Date.prototype.toISOString);
export const dateTime = uncurry(Date.prototype.getTime);
export const mapClear = uncurry(Map.prototype.clear);
export const mapDelete = uncurry(Map.prototype.delete);
export const mapEach = uncurry(Map.prototype.forEach);
export const mapGet = uncurry(Map.prototype.get);
export const mapSet = uncurry(Map.prototype.set);
export const setClear = uncurry(Set.prototype.clear);
export const setDelete = uncurry(Set.prototype.delete);
export const setEach = uncurry(Set.prototype.forEach);
export const setAdd = uncurry(Set.prototype.add);
export const setHas = uncurry(Set.prototype.has);
export const mapSize = getter(Map.prototype, "size");
export const setSize = getter(Set.prototype, "size");
export const then = uncurry(Promise.prototype.then);
export const TypedArray = getPrototypeOf(Uint8Array);
export const typedArrayName = getter(TypedArray.prototype, Symbol.toStringTag);
export const typedArrayLength = getter(TypedArray.prototype, "length");
export const { floor, max, min, round, sqrt } = Math;
const weakSetAdd = uncurry(WeakSet.prototype.add);
const weakSetHas = uncurry(WeakSet.prototype.has);

function getter(prototype, name) {
  return uncurry(getOwnPropertyDescriptor(prototype, name).get);
}

/** Puts an item at the end of a list, whatever the program has put in the way of indexes. */
export function append(list, item) {
  defineProperty(list, list.length, field(item));
}

/** What makes a usual property of an object. */
export function field(value) {
  return { __proto__: null, value, writable: true, enumerable: true, configurable: true };
}

/** Proxies can be told from what they stand for only by who made them. */
const proxies = new WeakSet();

export function isProxy(value) {
  return weakSetHas(proxies, value);
}

function remember(proxy) {
  weakSetAdd(proxies, proxy);
  return proxy;
}

const NativeProxy = globalThis.Proxy;
const { revocable } = NativeProxy;
NativeProxy.revocable = function (target, handler) {
  const made = apply(revocable, NativeProxy, [target, handler]);
  remember(made.proxy);
  return made;
};
export const Proxy = new NativeProxy(NativeProxy, {
  __proto__: null,
  construct: (_target, parts, newTarget) => remember(construct(NativeProxy, parts, newTarget)),
});
globalThis.Proxy = Proxy;

/** The prototypes that an instance of a program's own class does not inherit from. */
const builtIn = new Set();

export function isBuiltIn(prototype) {
  return setHas(builtIn, prototype);
}

export function markBuiltIn(prototype) {
  setAdd(builtIn, prototype);
}

for (const name of Object.getOwnPropertyNames(globalThis)) {
  const value = globalThis[name];
  if (typeof value === "function" && value !== Object && value.prototype) builtIn.add(value.prototype);
}
for (const made of [
  (function* () {})(),
  (async function* () {})(),
  [].values(),
  new Map().values(),
  new Set().values(),
  ""[Symbol.iterator](),
  "".matchAll(/a/g),
]) {
  for (let line = getPrototypeOf(made); line && line !== Object.prototype; line = getPrototypeOf(line)) {
    if (Object.getOwnPropertyNames(line).length > 0 || line[Symbol.toStringTag]) builtIn.add(line);
  }
}
builtIn.add(TypedArray.prototype);
builtIn.add(Function.prototype);
