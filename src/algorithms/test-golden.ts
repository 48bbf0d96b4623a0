// The golden cases of this room's tests: computed in float64 from the formulas of verl, OpenRLHF and TRL.

import { readFileSync } from "node:fs";
import { expect } from "vitest";

export interface Golden {
  readonly name: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape differs with every case
  readonly input: any;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape differs with every case
  readonly expected: any;
}

export const goldenCases = (
  JSON.parse(readFileSync(new URL("./fixtures/algorithms.json", import.meta.url), "utf8")) as {
    readonly cases: readonly Golden[];
  }
).cases;

export function goldenCase(name: string): Golden {
  const found = goldenCases.find((item) => item.name === name);
  if (!found) throw new Error(`no golden case ${name}`);
  return found;
}

export function expectClose(got: ArrayLike<number>, expected: readonly number[], tolerance = 1e-9): void {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(got[i] - value), `element ${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(tolerance);
  }
}
