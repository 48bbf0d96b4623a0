// Keys: one, one after another, and what happens to those that are neither.

import { expect, test } from "vitest";
import { type KeyBinding, press } from "./keyboard.js";

const bindings: KeyBinding[] = ["j", "g r", "g o", "?"].map((keys) => ({ keys, says: keys, run: () => {} }));

function pressed(...keys: string[]): Array<string | null> {
  let pending = "";
  return keys.map((key) => {
    const found = press(pending, key, bindings);
    pending = found.pending;
    return found.binding?.keys ?? null;
  });
}

test("one key is meant at once", () => {
  expect(pressed("j", "?")).toEqual(["j", "?"]);
});

test("two keys are meant with the second", () => {
  expect(pressed("g", "r", "g", "o")).toEqual([null, "g r", null, "g o"]);
});

test("a second key that goes with no first one is meant for itself", () => {
  expect(pressed("g", "j", "r", "x")).toEqual([null, "j", null, null]);
});

test("of two with the same keys the later is meant", () => {
  const later = { keys: "j", says: "later", run: () => {} };
  expect(press("", "j", [...bindings, later]).binding).toBe(later);
});
