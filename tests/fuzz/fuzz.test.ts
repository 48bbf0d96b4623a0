import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { fuzz } from "./fuzz.js";
import { fuzzProgram } from "./programs.js";

test("the same seed and number give the same program, another another", () => {
  expect(fuzzProgram(1, 5)).toEqual(fuzzProgram(1, 5));
  expect(fuzzProgram(1, 5)).not.toEqual(fuzzProgram(1, 6));
  expect(fuzzProgram(1, 5)).not.toEqual(fuzzProgram(2, 5));
});

test("random and mutated programs forge nothing, leave nothing and reach nothing", { timeout: 600_000 }, async () => {
  const before = readdirSync(".");
  const { outcomes, defects } = await fuzz({ programs: 150, seed: 7, workers: 2 });
  expect(defects).toEqual([]);
  // Programs that all end in the same way would try nothing.
  expect(Object.keys(outcomes).length).toBeGreaterThan(8);
  expect(readdirSync(".")).toEqual(before);
  expect(existsSync("/tmp/PWNED")).toBe(false);
});
