// What a traced program tells its values to. The program's text has been given calls of it (../instrument.ts) under a name
// that it does not use; it is a parameter of the function around the program, so nothing else leads to it.

import { stopPromises } from "../../../sandbox/javascript/guest/host.js";
import { onExit } from "../../../sandbox/javascript/guest/modules.js";
import {
  append,
  defineProperty,
  field,
  functionText,
  join,
  Map,
  quote,
  Set,
  sort,
} from "../../../sandbox/javascript/guest/primordials.js";
import { encode, TOO_BIG, typeName } from "../../../sandbox/javascript/guest/values.js";

const LIMITS = { nodes: 2000, characters: 4096, depth: 12, digits: 4214, hasUndefined: false };
/** Activations of a scope that are written down at once; past this a second run knows which one is the last. */
const EAGER = 32;

/** Thrown through the program when it ends itself, so that its activations end too. */
const LEAVING = { __proto__: null };

/** The recorder for one program. @param scopes  as ../writer.ts describes them; @param counts  of a first run, or null */
export function makeRecorder({ scopes, counts, mark }) {
  const values = new Map();
  const owners = new Map();
  const ambiguous = new Set();
  const recursive = new Set();
  const known = scopes.map((scope) => ({ ...scope, depth: 0, exits: 0, seen: new Set() }));
  const open = new Set();
  let module = null;
  let exitCode = null;
  const unbound = { __proto__: null };

  const write = (key, value) => {
    try {
      values.set(key, encode(value, LIMITS));
    } catch (error) {
      if (error === TOO_BIG) values.set(key, `{"$big": ${quote(typeName(value))}}`);
      else values.delete(key);
    }
  };
  /** Several variables may share a key: blocks of a function that use a name again. */
  const capture = (scope, peek) => {
    const held = new Map();
    for (let index = 0; index < scope.keys.length; index++) {
      const key = scope.keys[index];
      const found = held.get(key) ?? [];
      held.set(key, found);
      try {
        const value = peek(index);
        if (value !== unbound && value !== undefined) append(found, value);
      } catch {
        // Not initialised yet.
      }
    }
    held.forEach((found, key) => {
      const lender = scope.borrowed[key];
      if (lender === undefined) settle(scope, key, found);
      // As long as the variable's own function runs, it will tell itself.
      else if (known[lender].depth === 0 && found.length > 0 && !ambiguous.has(key)) write(key, found[0]);
    });
  };
  const settle = (scope, key, found) => {
    const isShared = (owners.get(key) ?? scope.id) !== scope.id;
    if (found.length > 0) owners.set(key, scope.id);
    if (found.length === 1 && !isShared) {
      scope.seen.add(key);
      ambiguous.delete(key);
      write(key, found[0]);
      return;
    }
    values.delete(key);
    if (found.length > 1 || (isShared && found.length > 0) || scope.seen.has(key)) ambiguous.add(key);
  };
  const leaves = (scope) => {
    scope.exits += 1;
    return counts ? scope.exits === counts[scope.id] : scope.exits <= EAGER;
  };

  const api = {
    __proto__: null,
    unbound,
    /** An activation begins. */
    enter(id) {
      const scope = known[id];
      if (scope.depth > 0) recursive.add(scope.path);
      scope.depth += 1;
    },
    /** It ends; true where its values are wanted. */
    leave(id) {
      const scope = known[id];
      scope.depth -= 1;
      return leaves(scope);
    },
    take(id, peek) {
      capture(known[id], peek);
    },
    /** The same for generators and async functions, which may never end. */
    enterOpen(id, peek) {
      const scope = known[id];
      if (scope.callsItself && scope.entered) recursive.add(scope.path);
      scope.entered = true;
      const activation = { scope, peek };
      open.add(activation);
      return activation;
    },
    leaveOpen(activation) {
      open.delete(activation);
      if (leaves(activation.scope)) capture(activation.scope, activation.peek);
    },
    module(peek) {
      module = peek;
    },
    /** In front of every `catch`: the program's end is not for catching. */
    pass() {
      if (exitCode !== null) throw LEAVING;
    },
    isLeaving: () => exitCode !== null,
  };

  onExit((code) => {
    exitCode ??= code;
    stopPromises();
    throw LEAVING;
  });
  hide(mark);

  return {
    api,
    exited: () => exitCode,
    record() {
      for (const { scope, peek } of open) if (leaves(scope)) capture(scope, peek);
      open.clear();
      if (module) capture(known[0], module);
      const total = known.map((scope) => scope.exits);
      const again = !counts && total.some((exits, id) => id > 0 && exits > EAGER && known[id].keys.length > 0);
      const list = (names) =>
        `[${join(
          sort([...names], (a, b) => (a < b ? -1 : 1)).map((name) => quote(name)),
          ", ",
        )}]`;
      const pairs = [];
      for (const [key, text] of values) append(pairs, `[${quote(key)}, ${text}]`);
      return `"variables": [${join(pairs, ", ")}], "recursive": ${list(recursive)}, "ambiguous": ${list(ambiguous)}, "counts": ${again ? `[${join(total, ", ")}]` : "null"}`;
    },
  };
}

/** A mark begins with `$`. A program that prints one of its functions sees its own text. */
function hide(mark) {
  const name = `\\${mark}`;
  const pieces = new RegExp(`/\\*${name}\\*/[^]*?/\\*${name}\\*/`, "g");
  const replace = RegExp.prototype[Symbol.replace];
  const toString = {
    toString() {
      if (this === toString) return "function toString() {\n    [native code]\n}";
      return replace.call(pieces, functionText(this), "");
    },
  }.toString;
  defineProperty(Function.prototype, "toString", { ...field(toString), enumerable: false });
}
