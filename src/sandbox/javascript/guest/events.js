// Listeners by name, as much of Node's `events` as streams and programs for judges need.

import { append, apply, Map, markBuiltIn, Promise, TypeError } from "./primordials.js";
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
    const kept = [];
    for (const entry of this.#listeners.get(name) ?? []) if (entry.listener !== listener) append(kept, entry);
    this.#listeners.set(name, kept);
    return this;
  }

  removeListener(name, listener) {
    return this.off(name, listener);
  }

  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  listenerCount(name) {
    return this.#listeners.get(name)?.length ?? 0;
  }

  emit(name, ...parts) {
    const entries = this.#listeners.get(name) ?? [];
    if (entries.length === 0 && name === "error") throw parts[0];
    for (const entry of entries.slice()) {
      if (entry.once) this.off(name, entry.listener);
      watch(apply(entry.listener, this, parts));
    }
    return entries.length > 0;
  }

  #add(name, listener, once) {
    if (typeof listener !== "function") throw new TypeError('The "listener" argument must be of type function');
    if (!this.#listeners.has(name)) this.#listeners.set(name, []);
    append(this.#listeners.get(name), { listener, once });
    return this;
  }
}
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.once = (emitter, name) => new Promise((resolve) => emitter.once(name, (...parts) => resolve(parts)));
markBuiltIn(EventEmitter.prototype);
