// Names of runs that are shown together.

import { expect, test } from "vitest";
import { placeNames } from "./place-names.js";

test("places lose the folders that all are in, and no more", () => {
  expect(placeNames(["first/ours/seed-0", "first/grpo/seed-0", "first/grpo/seed-1"])).toEqual([
    "ours/seed-0",
    "grpo/seed-0",
    "grpo/seed-1",
  ]);
  expect(placeNames(["first/grpo/seed-0", "mine"])).toEqual(["first/grpo/seed-0", "mine"]);
  expect(placeNames(["first/grpo", "first/grpo/seed-1"])).toEqual(["grpo", "grpo/seed-1"]);
  expect(placeNames(["first/grpo/seed-0"])).toEqual(["seed-0"]);
  expect(placeNames([])).toEqual([]);
});

test("no two are the same, even where the places are", () => {
  expect(placeNames(["grpo", "ours", "grpo"])).toEqual(["grpo", "ours", "grpo (2)"]);
});
