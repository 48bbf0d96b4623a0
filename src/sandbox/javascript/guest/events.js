// Listeners by name, as much of Node's `events` as streams and programs for judges need.

import {
  append,
  apply,
  Map,
  mapClear,
  mapDelete,
  mapGet,
  mapSet,
  markBuiltIn,
  Promise,
  TypeError,
} from "./primordials.js";
import { watch } from "./timers.js";

export class EventEmitter {
  #listeners = new Map();

  on(name, listener) {
    return this.#add(name, listener, false);
  }

  addListener(name, listener) {
    return this.on(name, listener);
  }

  once(name, listener) {
    return this.#add(name, listener, true);
  }

  off(name, listener) {
    const entries = this.#of(name);
    const kept = [];
    for (let at = 0; at < entries.length; at++) if (entries[at].listener !== listener) append(kept, entries[at]);
    mapSet(this.#listeners, name, kept);
    return this;
  }

  removeListener(name, listener) {
    return this.off(name, listener);
  }

  removeAllListeners(name) {
    if (name === undefined) mapClear(this.#listeners);
    else mapDelete(this.#listeners, name);
    return this;
  }

  listenerCount(name) {
    return this.#of(name).length;
  }

  emit(name, ...parts) {
    // A list is never changed once it is there: what is added meanwhile is in another.
    const entries = this.#of(name);
    if (entries.length === 0 && name === "error") throw parts[0];
    for (let at = 0; at < entries.length; at++) {
      if (entries[at].once) this.off(name, entries[at].listener);
      watch(apply(entries[at].listener, this, parts));
    }
    return entries.length > 0;
  }

  #of(name) {
    return mapGet(this.#listeners, name) ?? [];
  }

  #add(name, listener, once) {
    if (typeof listener !== "function") throw new TypeError('The "listener" argument must be of type function');
    const entries = this.#of(name);
    const longer = [];
    for (let at = 0; at < entries.length; at++) append(longer, entries[at]);
    append(longer, { listener, once });
    mapSet(this.#listeners, name, longer);
    return this;
  }
}
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.once = (emitter, name) => new Promise((resolve) => emitter.once(name, (...parts) => resolve(parts)));
markBuiltIn(EventEmitter.prototype);
