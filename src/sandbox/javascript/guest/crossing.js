// Both sides of a check. On the program's side values are looked up, called and kept for later calls; on the trusted side
// they are stand-ins. Only tagged values cross: what has no tagged form stays where it is, under a number.

import { askAcross } from "./host.js";
import {
  append,
  apply,
  construct,
  defineProperty,
  Error,
  field,
  globals,
  isArray,
  Map,
  Object,
  Promise,
  Proxy,
  parseJson,
  quote,
  Set,
  String,
  TypeError,
  WeakMap,
} from "./primordials.js";
import { lookUp } from "./program.js";
import { encode, RESULT, revive } from "./values.js";

/** The program's values that the other side knows by number. */
const kept = [];

/** Program's side: what one question asks for. */
export function serve({ target, action, key, list }) {
  const owner = typeof target === "string" ? lookUp(target) : kept[target];
  if (action === "get") return owner[key];
  const values = list.map((item) => given(item));
  served.values = values;
  if (action === "new") return construct(owner, values);
  const method = key === null ? owner : owner[key];
  if (typeof method !== "function") throw new TypeError(`${String(key ?? target)} is not a function`);
  return apply(method, key === null ? undefined : owner, values);
}

const served = { values: [] };

function given(item) {
  if (typeof item !== "object" || item === null || isArray(item)) return revive(item);
  if (item.$ref !== undefined) return kept[item.$ref];
  return item.$undefined ? undefined : revive(item);
}

/** Program's side: the answer. The arguments go back too, for tests that look at what was done to them. */
export function answer({ value, isPromise }) {
  const after = [];
  for (let at = 0; at < served.values.length; at++) append(after, reference(served.values[at]));
  let list = "";
  for (let at = 0; at < after.length; at++) list += `${at === 0 ? "" : ", "}${after[at]}`;
  served.values = [];
  return `{"end": "finished", "returned": ${reference(value)}, "promise": ${isPromise}, "arguments": [${list}]}`;
}

function reference(value) {
  if (value === undefined) return '{"$undefined": true}';
  try {
    return encode(value, CROSSING);
  } catch {
    // It stays here.
  }
  append(kept, value);
  return `{"$ref": ${kept.length - 1}, "callable": ${typeof value === "function"}}`;
}

/** Values that can be made again on the other side. */
const CROSSING = { ...RESULT, hasUndefined: false, plain: true };

/** What the trusted side has noticed. */
export const noticed = { uncrossable: false, raised: null, last: null };
const standIns = new WeakMap();

/** Trusted side: a stand-in for a name of the program's, or for one of its values. */
export function standIn(target, callable = true, key = null) {
  const ask = (action, name, list) => question(target, action, name, list);
  const stub = new Proxy(callable ? function () {} : {}, {
    __proto__: null,
    apply: (_self, _this, list) => ask("call", key, list),
    construct: (_self, list) => {
      const made = ask("new", null, list);
      if (typeof made === "object" && made !== null) return made;
      throw new TypeError("not a constructor");
    },
    get: (self, name) => {
      if (typeof name === "symbol" || name === "prototype") return self[name];
      if (name === "then") return undefined;
      const value = ask("get", name, []);
      return standIns.get(value)?.callable ? standIn(target, true, name) : value;
    },
    has: () => true,
  });
  standIns.set(stub, { target, callable });
  return stub;
}

function question(target, action, key, list) {
  let texts = "";
  for (let at = 0; at < list.length; at++) texts += `${at === 0 ? "" : ", "}${crossed(list[at])}`;
  const name = typeof target === "string" ? quote(target) : `${target}`;
  const reply = parseJson(
    askAcross(
      `{"target": ${name}, "action": "${action}", "key": ${key === null ? "null" : quote(key)}, "list": [${texts}]}`,
    ),
  );
  if (reply.end === "raised") {
    const error = rebuild(reply.error);
    noticed.raised = error;
    if (reply.promise) return Promise.reject(error);
    throw error;
  }
  for (let at = 0; at < list.length; at++) update(list[at], reply.arguments[at]);
  const value = meant(reply.returned);
  if (action !== "get") noticed.last = reply.returned;
  return reply.promise ? Promise.resolve(value) : value;
}

/** An argument of the test's own making that has no form brings both sides together; a value of the program's does not. */
function crossed(value) {
  if (value === undefined) return '{"$undefined": true}';
  const stub = typeof value === "object" || typeof value === "function" ? standIns.get(value) : undefined;
  if (stub && typeof stub.target === "number") return `{"$ref": ${stub.target}}`;
  try {
    return encode(value, CROSSING);
  } catch {
    noticed.uncrossable = true;
    throw new TypeError("this argument cannot be given to the program");
  }
}

function meant(tree) {
  if (typeof tree !== "object" || tree === null || isArray(tree)) return revive(tree);
  if (tree.$undefined) return undefined;
  if (tree.$ref !== undefined) return standIn(tree.$ref, tree.callable);
  return revive(tree);
}

/** Does to the test's array, object, Map or Set what the program did to its own. */
function update(value, tree) {
  const after = meant(tree);
  if (typeof value !== "object" || value === null || typeof after !== "object" || after === null) return;
  if (isArray(value) && isArray(after)) value.splice(0, value.length, ...after);
  else if (value instanceof Map && after instanceof Map) {
    value.clear();
    for (const [key, item] of after) value.set(key, item);
  } else if (value instanceof Set && after instanceof Set) {
    value.clear();
    for (const item of after) value.add(item);
  } else if (Object.getPrototypeOf(value) === Object.prototype && Object.getPrototypeOf(after) === Object.prototype) {
    for (const key of Object.keys(value)) if (!(key in after)) delete value[key];
    for (const key of Object.keys(after)) defineProperty(value, key, field(after[key]));
  }
}

/** The error that the program raised, under its own name. */
function rebuild({ type, message }) {
  const kind = globals[type];
  if (typeof kind === "function" && kind.prototype instanceof Error) return new kind(message);
  const error = new Error(message);
  if (type !== "Error") error.name = type;
  return error;
}
