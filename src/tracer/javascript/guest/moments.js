// The course of a traced program, to be stepped through: lines over all functions in the order of time, and what became
// different while each was executed: what was assigned, and objects that were assigned and read otherwise than before. Told
// by the calls that ../writer.ts and ../lines.ts have put into the program's text.

import { leave, printed } from "../../../sandbox/javascript/guest/host.js";
import {
  append,
  join,
  Map,
  mapDelete,
  mapEach,
  mapGet,
  mapSet,
  quote,
} from "../../../sandbox/javascript/guest/primordials.js";
import { encode, TOO_BIG, typeName } from "../../../sandbox/javascript/guest/values.js";

const SMALL = { nodes: 400, characters: 400, depth: 12, digits: 421, hasUndefined: false };
/** What is written down at most, of the beginning of the run; past this it ends. */
const LINES = 5000;
const CHARACTERS = 1_000_000;
const FOREIGN = '{"$foreign": true}';

/** @param keys  the variable of each number that `step` is told; @param functions  path and first line of each by its number */
export function makeMoments({ keys, functions }) {
  const list = [];
  const stack = [];
  /** By variable: the object that it was last assigned, how that reads, and the call that it belongs to. */
  const held = new Map();
  let calls = 0;
  let characters = CHARACTERS;
  let newest = null;
  let module = null;

  const text = () => `{"list": [${join(list, ", ")}]`;
  const close = () => {
    if (newest === null) return;
    const { line, call, depth, before, changes } = newest;
    append(list, `[${line}, ${quote(call.path)}, ${call.number}, ${depth}, ${before}, [${join(changes, ", ")}]]`);
    newest = null;
  };
  const open = (call, line) => {
    close();
    if (list.length === LINES || characters < 0)
      leave(`{"end": "exited", "exitCode": 0, "moments": ${text()}, "cut": true}}`);
    call.line = line;
    const depth = call === module && stack.length === 0 ? 0 : stack.length - 1;
    newest = { __proto__: null, line, call, depth: depth < 0 ? 0 : depth, before: printed.units, changes: [] };
  };
  const change = (call, key, written) => {
    characters -= written.length;
    if (newest === null || newest.call !== call) open(call, call.line);
    append(newest.changes, `[${quote(key)}, ${written}]`);
  };
  /** Objects that read otherwise than when they were last looked at. */
  const settle = (call) => {
    mapEach(held, (one, key) => {
      const now = textOf(one.value);
      if (now === one.text) return;
      one.text = now;
      change(call, key, now);
    });
  };
  const top = () => (stack.length > 0 ? stack[stack.length - 1] : module);

  return {
    api: {
      __proto__: null,
      step(number, value) {
        const key = keys[number];
        const call = top();
        if (key === null || call === null) return value;
        const written = textOf(value);
        const known = mapGet(held, key);
        if (written !== FOREIGN || known) change(call, key, written);
        if (typeof value === "object" && value !== null)
          mapSet(held, key, { __proto__: null, value, text: written, call });
        else mapDelete(held, key);
        return value;
      },
      began(id) {
        const [path, line] = functions[id];
        const call = { __proto__: null, number: calls, path, line };
        calls += 1;
        const around = top();
        if (around !== null) settle(around);
        if (id === 0) module = call;
        append(stack, call);
        if (id !== 0) open(call, line);
        return call;
      },
      ended(call) {
        settle(call);
        mapEach(held, (one, key) => {
          if (one.call === call && call !== module) mapDelete(held, key);
        });
        for (let at = stack.length - 1; at >= 0; at--) if (stack[at] === call) stack.length = at;
      },
      line(call, line) {
        settle(call);
        if (newest === null || newest.call !== call || newest.line !== line || newest.changes.length > 0)
          open(call, line);
      },
      seen() {},
    },
    record() {
      if (module !== null) settle(module);
      close();
      return `${text()}, "cut": false}`;
    },
  };
}

function textOf(value) {
  try {
    return encode(value, SMALL);
  } catch (error) {
    return error === TOO_BIG ? `{"$big": ${quote(typeName(value))}}` : FOREIGN;
  }
}
