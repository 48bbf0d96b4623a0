// What a traced program tells its values to. The program's text has been given calls of it (../instrument.ts) under a name
// that it does not use; it is a parameter of the function around the program, so nothing else leads to it.

import { stopPromises } from "../../../sandbox/javascript/guest/host.js";
import { onExit } from "../../../sandbox/javascript/guest/modules.js";
import {
  append,
  defineProperty,
  Function,
  field,
  functionText,
  hasOwn,
  join,
  Map,
  mapDelete,
  mapEach,
  mapGet,
  mapSet,
  quote,
  RegExp,
  Set,
  Symbol,
  setAdd,
  setClear,
  setDelete,
  setEach,
  setHas,
  sort,
} from "../../../sandbox/javascript/guest/primordials.js";
import { encode, TOO_BIG, typeName } from "../../../sandbox/javascript/guest/values.js";
import { makeHistory } from "./history.js";
import { makeMoments } from "./moments.js";

const LIMITS = { nodes: 2000, characters: 4096, depth: 12, digits: 4214, hasUndefined: false };
/** Activations of a scope that are written down at once; past this a second run knows which one is the last. */
const EAGER = 32;

/** Thrown through the program when it ends itself, so that its activations end too. */
const LEAVING = { __proto__: null };

/**
 * The recorder for one program.
 *
 * @param scopes  as ../writer.ts describes them; @param counts  of a first run, or null; @param history  as ./history.js has it;
 * @param moments  as ./moments.js has it
 */
export function makeRecorder({ scopes, counts, mark, history, moments }) {
  const along = history ? makeHistory(history) : null;
  const course = moments ? makeMoments(moments) : null;
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
      mapSet(values, key, encode(value, LIMITS));
    } catch (error) {
      if (error === TOO_BIG) mapSet(values, key, `{"$big": ${quote(typeName(value))}}`);
      else mapDelete(values, key);
    }
  };
  /** Several variables may share a key: blocks of a function that use a name again. */
  const capture = (scope, peek) => {
    const held = new Map();
    for (let index = 0; index < scope.keys.length; index++) {
      const key = scope.keys[index];
      const found = mapGet(held, key) ?? [];
      mapSet(held, key, found);
      try {
        const value = peek(index);
        if (value !== unbound && value !== undefined) append(found, value);
      } catch {
        // Not initialised yet.
      }
    }
    mapEach(held, (found, key) => {
      if (!hasOwn(scope.borrowed, key)) settle(scope, key, found);
      // As long as the variable's own function runs, it will tell itself.
      else if (known[scope.borrowed[key]].depth === 0 && found.length > 0 && !setHas(ambiguous, key))
        write(key, found[0]);
    });
  };
  const settle = (scope, key, found) => {
    const isShared = (mapGet(owners, key) ?? scope.id) !== scope.id;
    if (found.length > 0) mapSet(owners, key, scope.id);
    if (found.length === 1 && !isShared) {
      setAdd(scope.seen, key);
      setDelete(ambiguous, key);
      write(key, found[0]);
      return;
    }
    mapDelete(values, key);
    if (found.length > 1 || (isShared && found.length > 0) || setHas(scope.seen, key)) setAdd(ambiguous, key);
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
      if (scope.depth > 0 && scope.isNamed) setAdd(recursive, scope.path);
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
      if (scope.callsItself && scope.entered && scope.isNamed) setAdd(recursive, scope.path);
      scope.entered = true;
      const activation = { scope, peek };
      setAdd(open, activation);
      return activation;
    },
    leaveOpen(activation) {
      setDelete(open, activation);
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
    ...along?.api,
    ...course?.api,
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
      setEach(open, ({ scope, peek }) => {
        if (leaves(scope)) capture(scope, peek);
      });
      setClear(open);
      if (module) capture(known[0], module);
      let again = false;
      const total = [];
      for (let id = 0; id < known.length; id++) {
        append(total, known[id].exits);
        again ||= !counts && id > 0 && known[id].exits > EAGER && known[id].keys.length > 0;
      }
      const pairs = [];
      mapEach(values, (text, key) => append(pairs, `[${quote(key)}, ${text}]`));
      return `"variables": [${join(pairs, ", ")}], "recursive": ${listed(recursive)}, "ambiguous": ${listed(ambiguous)}, "counts": ${again ? `[${join(total, ", ")}]` : "null"}${along ? `, "history": ${along.record()}` : ""}${course ? `, "moments": ${course.record()}` : ""}`;
    },
  };
}

function listed(names) {
  const list = [];
  setEach(names, (name) => append(list, quote(name)));
  return `[${join(
    sort(list, (a, b) => (a < b ? -1 : 1)),
    ", ",
  )}]`;
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
