// Node's `assert`, as much of it as tests use. Values are compared by what they hold, field by field, with nothing of the
// program's called; in a check the program's values have become plain ones before they come here.

import { inspect } from "./inspect.js";
import {
  Array,
  apply,
  dateTime,
  Error,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isProxy,
  Map,
  mapEach,
  mapGet,
  mapSize,
  Object,
  ownKeys,
  RegExp,
  regExpText,
  setEach,
  setSize,
  TypeError,
  uncurry,
} from "./primordials.js";

const { is } = Object;
const testPattern = uncurry(RegExp.prototype.test);
const mapHas = uncurry(Map.prototype.has);

export class AssertionError extends Error {
  constructor(message) {
    super(message);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
  }
}

function fail(message, usual) {
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? usual : `${message}`);
}

function differ(actual, expected) {
  return `Expected values to be equal: ${inspect(actual)} and ${inspect(expected)}`;
}

export function assert(value, message) {
  if (!value) fail(message, "The expression evaluated to a falsy value");
}

assert.ok = assert;
assert.AssertionError = AssertionError;
assert.strict = assert;
assert.equal = (actual, expected, message) => {
  // oxlint-disable-next-line eqeqeq
  if (!(actual == expected || (actual !== actual && expected !== expected))) fail(message, differ(actual, expected));
};
assert.notEqual = (actual, expected, message) => {
  // oxlint-disable-next-line eqeqeq
  if (actual == expected) fail(message, `Expected values not to be equal: ${inspect(actual)}`);
};
assert.strictEqual = (actual, expected, message) => {
  if (!is(actual, expected)) fail(message, differ(actual, expected));
};
assert.notStrictEqual = (actual, expected, message) => {
  if (is(actual, expected)) fail(message, `Expected values not to be equal: ${inspect(actual)}`);
};
assert.deepEqual = (actual, expected, message) => {
  if (!alike(actual, expected, false, null)) fail(message, differ(actual, expected));
};
assert.deepStrictEqual = (actual, expected, message) => {
  if (!alike(actual, expected, true, null)) fail(message, differ(actual, expected));
};
assert.notDeepEqual = (actual, expected, message) => {
  if (alike(actual, expected, false, null)) fail(message, `Expected values not to be equal: ${inspect(actual)}`);
};
assert.notDeepStrictEqual = (actual, expected, message) => {
  if (alike(actual, expected, true, null)) fail(message, `Expected values not to be equal: ${inspect(actual)}`);
};
assert.fail = (message) => fail(message, "Failed");
assert.match = (text, pattern, message) => {
  if (typeof text !== "string" || !testPattern(pattern, text))
    fail(message, `${inspect(text)} does not match ${regExpText(pattern)}`);
};
assert.throws = (action, expected, message) => {
  if (typeof action !== "function") throw new TypeError('The "fn" argument must be of type function');
  let thrown;
  try {
    action();
  } catch (error) {
    thrown = { error };
  }
  if (!thrown) fail(typeof expected === "string" ? expected : message, "Missing expected exception");
  checkThrown(thrown.error, expected, message);
};
assert.doesNotThrow = (action) => {
  action();
};
assert.rejects = async (action, expected, message) => {
  let thrown;
  try {
    await (typeof action === "function" ? action() : action);
  } catch (error) {
    thrown = { error };
  }
  if (!thrown) fail(message, "Missing expected rejection");
  checkThrown(thrown.error, expected, message);
};

function checkThrown(error, expected, message) {
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    if (!testPattern(expected, `${error}`)) fail(message, `${error} does not match ${regExpText(expected)}`);
  } else if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Error.isPrototypeOf(expected) || apply(expected, {}, [error]) !== true) throw error;
  } else {
    const keys = ownKeys(expected);
    for (let at = 0; at < keys.length; at++) {
      const [want, got] = [expected[keys[at]], error[keys[at]]];
      const same =
        want instanceof RegExp && typeof got === "string" ? testPattern(want, got) : alike(got, want, true, null);
      if (!same) fail(message, differ(got, want));
    }
  }
}

/** @param above  the pairs that are being compared further up: a cycle meets itself there */
function alike(a, b, strict, above) {
  if (is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    // oxlint-disable-next-line eqeqeq
    return !strict && typeof a !== "object" && typeof b !== "object" && a == b;
  }
  if (isProxy(a) || isProxy(b)) return false;
  for (let pair = above; pair !== null; pair = pair.above) if (pair.a === a && pair.b === b) return true;
  if ((strict && getPrototypeOf(a) !== getPrototypeOf(b)) || Array.isArray(a) !== Array.isArray(b)) return false;
  const inside = { a, b, above };
  return sameParts(a, b, strict, inside) && sameFields(a, b, strict, inside);
}

function sameParts(a, b, strict, inside) {
  const kind = brandOf(a);
  if (kind !== brandOf(b)) return false;
  if (kind === "date") return is(dateTime(a), dateTime(b));
  if (kind === "map") {
    let same = mapSize(a) === mapSize(b);
    mapEach(a, (item, key) => {
      same &&= mapHas(b, key) ? alike(item, mapGet(b, key), strict, inside) : someEntry(b, key, item, strict, inside);
    });
    return same;
  }
  if (kind === "set") {
    let same = setSize(a) === setSize(b);
    setEach(a, (item) => {
      let found = false;
      setEach(b, (other) => {
        found ||= alike(item, other, strict, inside);
      });
      same &&= found;
    });
    return same;
  }
  return !(a instanceof RegExp && b instanceof RegExp) || regExpText(a) === regExpText(b);
}

function someEntry(map, key, item, strict, inside) {
  let found = false;
  mapEach(map, (other, otherKey) => {
    found ||= typeof key === "object" && alike(key, otherKey, strict, inside) && alike(item, other, strict, inside);
  });
  return found;
}

function brandOf(value) {
  for (const [name, brand] of [
    ["map", mapSize],
    ["set", setSize],
    ["date", dateTime],
  ]) {
    try {
      brand(value);
      return name;
    } catch {
      // Of another kind.
    }
  }
  return "object";
}

function sameFields(a, b, strict, inside) {
  const [left, right] = [fieldsOf(a), fieldsOf(b)];
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) {
    const [one, other] = [getOwnPropertyDescriptor(a, left[at]), getOwnPropertyDescriptor(b, left[at])];
    if (!other || !hasOwn(one, "value") || !hasOwn(other, "value")) return false;
    if (!alike(one.value, other.value, strict, inside)) return false;
  }
  return true;
}

function fieldsOf(value) {
  const keys = ownKeys(value);
  const fields = [];
  for (let at = 0; at < keys.length; at++) {
    if (keys[at] === "length" || getOwnPropertyDescriptor(value, keys[at]).enumerable) fields[fields.length] = keys[at];
  }
  return fields;
}
