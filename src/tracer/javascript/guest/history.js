// What happens along the way of a traced program: values right after each assignment, lines in the order of time, and the
// lines that are executed at all. Told by the calls that ../writer.ts and ../lines.ts have put into its text.

import {
  append,
  join,
  quote,
  Set,
  setAdd,
  setEach,
  setHas,
  sort,
} from "../../../sandbox/javascript/guest/primordials.js";
import { encode, TOO_BIG, typeName } from "../../../sandbox/javascript/guest/values.js";

/** There are many values, and each is asked alone. */
const SMALL = { nodes: 200, characters: 400, depth: 12, digits: 421, hasUndefined: false };
/** What is written down at most, of the beginning of the run. */
const STEPS = 1000;
const LINES = 5000;
const FOREIGN = '{"$foreign": true}';

/** @param keys  the variable of each number that `step` is told, null for one that is not asked; @param parts  what is wanted */
export function makeHistory({ keys, parts }) {
  const wants = new Set(parts);
  const steps = keys.map(() => []);
  let left = setHas(wants, "steps") ? STEPS : 0;
  const lines = [];
  const executed = new Set();
  const depths = { __proto__: null };
  /** Functions that were called while they ran. */
  const recursive = new Set();
  const open = new Set();
  const isFull = () => lines.length === LINES || !setHas(wants, "lines");

  const api = {
    __proto__: null,
    /** A variable has just been assigned this value. @returns it */
    step(number, value) {
      if (left > 0) {
        left -= 1;
        append(steps[number], textOf(value));
      }
      return value;
    },
    /** A call begins. @returns its record */
    began(id) {
      const depth = depths[id] ?? 0;
      if (depth > 0) setAdd(recursive, id);
      depths[id] = depth + 1;
      const call = { __proto__: null, id, newest: null };
      if (id === 0) setAdd(open, call);
      return call;
    },
    /** It ends, with the line that it executed last. */
    ended(call) {
      depths[call.id] -= 1;
      if (call.newest !== null && !isFull()) call.newest.next = null;
    },
    line(call, line) {
      setAdd(executed, line);
      if (isFull()) return;
      const { id } = call;
      if (call.newest !== null) call.newest.next = line;
      call.newest = { __proto__: null, id, line, next: 0 };
      append(lines, call.newest);
    },
    seen(line) {
      setAdd(executed, line);
    },
  };

  return {
    api,
    record() {
      // The program's own text ends with the program.
      setEach(open, (call) => api.ended(call));
      const values = [];
      for (let number = 0; number < keys.length; number++) {
        if (keys[number] === null || steps[number].length === 0) continue;
        append(values, `[${quote(keys[number])}, [${join(steps[number], ", ")}]]`);
      }
      const moves = [];
      for (let at = 0; at < lines.length; at++) {
        const { id, line, next } = lines[at];
        if (!setHas(recursive, id)) append(moves, `[${line}, ${next}]`);
      }
      const numbers = [];
      setEach(executed, (line) => append(numbers, line));
      sort(numbers, (a, b) => a - b);
      return `{"steps": [${join(values, ", ")}], "lines": [${join(moves, ", ")}], "executed": [${join(numbers, ", ")}]}`;
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
