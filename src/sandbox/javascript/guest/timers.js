// What happens after the program's text has run: timers in the order of their virtual time, tasks in the order in which
// they were put off, and the promises whose rejection nobody would hear of.

import { wait } from "./host.js";
import { append, apply, Map, Math, Number, Promise, Symbol, TypeError, then, WeakMap } from "./primordials.js";

/** Sorted by time, then by age. */
const queue = [];
const ticks = [];
let now = 0;
let age = 0;
/** The first rejection that nobody handles: it ends the program. */
let rejected = null;

function schedule(task, parts, ms, every) {
  if (typeof task !== "function") throw new TypeError('The "callback" argument must be of type function');
  const delay = Number(ms) >= 1 && Number(ms) <= 2147483647 ? Math.trunc(Number(ms)) : 1;
  const timer = { task, parts, due: now + delay, age: age++, every: every ? delay : null, live: true };
  insert(timer);
  return handleOf(timer);
}

function insert(timer) {
  let at = queue.length;
  append(queue, timer);
  for (; at > 0 && isBefore(timer, queue[at - 1]); at--) queue[at] = queue[at - 1];
  queue[at] = timer;
}

function isBefore(a, b) {
  return a.due < b.due || (a.due === b.due && a.age < b.age);
}

const timers = new WeakMap();
const byNumber = new Map();

/** As in Node an object, that is a number where a number is asked for. */
function handleOf(timer) {
  const handle = {
    ref: () => handle,
    unref: () => {
      timer.idle = true;
      return handle;
    },
    hasRef: () => !timer.idle,
    [Symbol.toPrimitive]: () => {
      byNumber.set(timer.age + 1, timer);
      return timer.age + 1;
    },
  };
  timers.set(handle, timer);
  return handle;
}

function cancel(handle) {
  const known = typeof handle === "object" && handle !== null ? timers.get(handle) : byNumber.get(Number(handle));
  if (known) known.live = false;
}

/** Does the next task that is due. False where there is none left. */
export function runTimer() {
  if (ticks.length > 0) {
    const tick = takeFirst(ticks);
    watch(apply(tick.task, undefined, tick.parts));
    return true;
  }
  let isAwaited = false;
  for (let at = 0; at < queue.length; at++) isAwaited ||= queue[at].live && !queue[at].idle;
  if (!isAwaited) return false;
  const timer = takeFirst(queue);
  if (!timer.live) return true;
  if (timer.due > now) {
    wait(timer.due - now);
    now = timer.due;
  }
  watch(apply(timer.task, undefined, timer.parts));
  if (timer.every !== null && timer.live) {
    timer.due = now + timer.every;
    timer.age = age++;
    insert(timer);
  }
  return true;
}

function takeFirst(list) {
  const first = list[0];
  for (let at = 1; at < list.length; at++) list[at - 1] = list[at];
  list.length -= 1;
  return first;
}

/** Runs after what runs now, before any timer. */
export function defer(task, ...parts) {
  append(ticks, { task, parts });
}

/** Keeps an eye on a promise that the program has thrown away. @returns the value as it is */
export function watch(value) {
  if (isPromise(value)) {
    then(value, undefined, (reason) => {
      rejected ??= { reason };
    });
  }
  return value;
}

export function isPromise(value) {
  return typeof value === "object" && value !== null && value instanceof Promise;
}

export function takeRejection() {
  const taken = rejected;
  rejected = null;
  return taken;
}

globalThis.setTimeout = (task, ms, ...parts) => schedule(task, parts, ms, false);
globalThis.setInterval = (task, ms, ...parts) => schedule(task, parts, ms, true);
globalThis.setImmediate = (task, ...parts) => schedule(task, parts, 0, false);
globalThis.clearTimeout = globalThis.clearInterval = globalThis.clearImmediate = cancel;
globalThis.queueMicrotask = (task) => {
  if (typeof task !== "function") throw new TypeError('The "callback" argument must be of type function');
  then(Promise.resolve(), () => task()).catch((reason) => {
    rejected ??= { reason };
  });
};
