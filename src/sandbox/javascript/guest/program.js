// One program from its text to its end: the text itself, then promises and timers until none is left, then a call.

import { importLater, leaveWith, process, require, sayGoodbye } from "./modules.js";
import {
  append,
  apply,
  construct,
  evaluate,
  globals,
  hasOwn,
  indexOf,
  isProxy,
  Map,
  mapGet,
  mapSet,
  ownKeys,
  quote,
  ReferenceError,
  slice,
  TypeError,
} from "./primordials.js";
import { isPromise, runTimer, takeRejection, watch } from "./timers.js";
import { describe, revive } from "./values.js";

/** The program that is loaded: its module, and the names that its last line has given away. */
export const loaded = { module: { exports: {} }, revealed: new Map() };

/** The program's function. What is thrown says why there is none. */
export function compile(code) {
  try {
    return { body: evaluate(code) };
  } catch (error) {
    const { type, message } = describe(error);
    return { unparsable: `{"end": "unparsable", "message": ${quote(`${type}: ${message}`)}}` };
  }
}

/** Runs the program's text. @param recorder  what a traced program tells its values to */
export function begin(body, isMain, recorder) {
  const { module } = loaded;
  if (isMain) require.main = module;
  const reveal = (name, value) => mapSet(loaded.revealed, name, value);
  return apply(body, module.exports, [
    module.exports,
    require,
    module,
    "/program.js",
    "/",
    reveal,
    watch,
    importLater,
    recorder,
  ]);
}

/** The value that a test means by a name: an export, or what the program's last line saw under it. */
export function lookUp(name) {
  const { exports } = loaded.module;
  if ((typeof exports === "object" || typeof exports === "function") && exports !== null && name in exports) {
    return exports[name];
  }
  const value = mapGet(loaded.revealed, name) ?? globals[name];
  if (value === undefined) throw new ReferenceError(`${name} is not defined`);
  return value;
}

/** Calls `f`, or `Class.method` on an instance made without arguments. */
export function callFunction({ function: path, arguments: list, keywords }) {
  let owner;
  let from = 0;
  let target = globals.undefined;
  while (from <= path.length) {
    const dot = indexOf(path, ".", from);
    const end = dot < 0 ? path.length : dot;
    const name = slice(path, from, end);
    if (from === 0) target = lookUp(name);
    else {
      owner = typeof target === "function" && !hasOwn(target, name) ? construct(target, []) : target;
      target = owner[name];
    }
    from = end + 1;
  }
  const values = revive(list);
  // JavaScript has no arguments by name: they come as one object at the end, as its own functions take them.
  if (ownKeys(keywords ?? {}).length > 0) append(values, revive(keywords));
  if (typeof target !== "function") throw new TypeError(`${path} is not a function`);
  return apply(target, owner, values);
}

/** Follows one value to where it settles. */
export class Outcome {
  settled = false;
  value = undefined;
  error = null;
  isPromise = false;

  /** @param action  calls into the program */
  constructor(action) {
    try {
      const value = action();
      this.isPromise = isPromise(value) && !isProxy(value);
      if (this.isPromise) this.#follow(value);
      else this.settle(value);
    } catch (error) {
      this.fail(error);
    }
  }

  settle(value) {
    this.value = value;
    this.settled = true;
  }

  fail(error) {
    this.error = { thrown: error };
    this.settled = true;
  }

  async #follow(promise) {
    try {
      this.settle(await promise);
    } catch (error) {
      this.fail(error);
    }
  }
}

export function raised(thrown) {
  const { type, message } = describe(thrown);
  return `{"end": "raised", "error": {"type": ${quote(type)}, "message": ${quote(message)}}}`;
}

/** What is over: a rejection that nobody handles, or a task that throws. Null while there is more to do. */
export function stepOn() {
  const rejection = takeRejection();
  if (rejection) return { over: raised(rejection.reason) };
  try {
    return { more: runTimer() };
  } catch (error) {
    return { over: raised(error) };
  }
}

/** The end of a program whose tasks are all done: its exit handlers, then its exit code. */
export function conclude() {
  try {
    sayGoodbye(process.exitCode ?? 0);
  } catch (error) {
    return raised(error);
  }
  if (process.exitCode !== undefined && process.exitCode !== 0) leaveWith(process.exitCode);
  return null;
}
