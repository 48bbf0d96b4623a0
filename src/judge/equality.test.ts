// Equality against Python's own, and what it costs where a claim is large.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Float, type Json } from "../core/json.js";
import { defaultLimits } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { keyOf } from "./canonical.js";
import { equalValues } from "./equality.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const exact = { tolerance: null, unordered: false, tupleAsList: false };

/** Few and close together, so that equal values of different types meet often. */
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, 2, -1, "", "a", "1", "None"),
  fc.constantFrom(0, -0, 1, 2, 0.5, 1e16, 2 ** 53, 1e300, Number.POSITIVE_INFINITY).map((value) => new Float(value)),
  fc.constantFrom<Json>(
    { $int: "9007199254740993" },
    { $int: "10000000000000000" },
    { $bytes: "" },
    { $bytes: "61" },
    2 ** 53 - 1,
  ),
);
const hashable: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 2 }).map((items) => ({ $tuple: items })),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => ({ $set: items })),
  ),
})).value;
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    hashable,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => ({ $tuple: items })),
    fc.array(tie("value"), { maxLength: 2 }).map((items) => ({ $deque: items })),
    fc
      .uniqueArray(fc.tuple(hashable, tie("value")), { maxLength: 3, selector: ([key]) => keyOf(key, exact) })
      .map((pairs) => ({ $dict: pairs })),
    fc.dictionary(fc.constantFrom("a", "b", "1"), tie("value"), { maxKeys: 2 }),
  ),
})).value;

const NAN: Json = new Float(Number.NaN);

describe("equality", () => {
  test("agrees with Python's on generated built-in values", async () => {
    const pairs = fc.sample(fc.tuple(value, value), { numRuns: 1500, seed: 7 });
    const close = fc.sample(
      value.chain((one) => fc.tuple(fc.constant(one), fc.constant(one))),
      { numRuns: 300, seed: 8 },
    );
    const all = [...pairs, ...close, [[NAN], [NAN]] as [Json, Json]];
    const source = "def f(pairs): return [[a, b, a == b, b == a] for a, b in pairs]";
    const call = { function: "f", arguments: [all], keywords: {} };
    const { reply } = await sandbox.lease((room) =>
      room.run({
        request: { op: "run", name: "program", source, preamble: "", call },
        stdin: "",
        limits: defaultLimits,
      }),
    );
    const rows = reply?.returned as ReadonlyArray<readonly [Json, Json, boolean, boolean]>;
    expect(rows).toHaveLength(all.length);
    const different = rows.filter(
      ([a, b, forth, back]) => equalValues(a, b, exact) !== forth || equalValues(b, a, exact) !== back,
    );
    expect(different).toEqual([]);
    expect(rows.filter(([, , same]) => same).length).toBeGreaterThan(300);
    expect(rows.filter(([, , same]) => !same).length).toBeGreaterThan(300);
  });

  test("is reflexive where no NaN is, and symmetric, under all rules", () => {
    const rules = fc.record({
      tolerance: fc.constantFrom(null, 1e-6),
      unordered: fc.boolean(),
      tupleAsList: fc.boolean(),
    });
    fc.assert(
      fc.property(value, value, rules, (a, b, by) => {
        expect(equalValues(a, a, by)).toBe(true);
        expect(equalValues(a, b, by)).toBe(equalValues(b, a, by));
        expect(equalValues([a, NAN], [a, NAN], by)).toBe(false);
      }),
      { seed: 9, numRuns: 500 },
    );
  });

  test("in any order: a shuffled list equals the list, one with another element does not", () => {
    const shuffled = fc
      .array(value, { minLength: 1, maxLength: 8 })
      .chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })));
    fc.assert(
      fc.property(shuffled, ([items, other]) => {
        expect(equalValues(items, other, { ...exact, unordered: true })).toBe(true);
        expect(equalValues([...items, "x"], [...other, "y"], { ...exact, unordered: true })).toBe(false);
      }),
      { seed: 10, numRuns: 300 },
    );
  });

  test("in any order and within tolerance", () => {
    const floats = (...numbers: number[]): Json => numbers.map((number) => new Float(number));
    const by = { tolerance: 1e-6, unordered: true, tupleAsList: false };
    expect(equalValues(floats(0.1 + 0.2, 5, 1), floats(1.0000000001, 0.3, 5), by)).toBe(true);
    expect(equalValues(floats(0.1 + 0.2, 5, 1), floats(1.1, 0.3, 5), by)).toBe(false);
    expect(equalValues([[1, new Float(0.3)], ["a"]], [["a"], [1, new Float(0.1 + 0.2)]], by)).toBe(true);
  });
});

/** A value that counts how often its inside is looked at. */
function counted(item: Json, looks: { count: number }): Json {
  return Object.defineProperty({}, "$tuple", {
    enumerable: true,
    get: () => {
      looks.count++;
      return [item];
    },
  });
}

describe("a claim of 100,000 elements", () => {
  const SIZE = 100_000;
  const upwards = Array.from({ length: SIZE }, (_, i) => i);
  const by = { ...exact, unordered: true };

  test.each([
    ["in any order", (items: readonly Json[]): Json => items, by],
    ["of a set", (items: readonly Json[]): Json => ({ $set: items }), exact],
  ] as const)("%s is looked at a few times an element", (_name, of, rules) => {
    const looks = { count: 0 };
    const ours = of(upwards.map((item) => counted(item, looks)));
    const theirs = of(upwards.toReversed().map((item) => ({ $tuple: [item] })));
    expect(equalValues(ours, theirs, rules)).toBe(true);
    const others = of(upwards.map((item) => ({ $tuple: [item + 1] })));
    expect(equalValues(ours, others, rules)).toBe(false);
    expect(looks.count).toBeLessThan(10 * SIZE);
  });

  test("all of them the same, and all within tolerance of another", () => {
    const looks = { count: 0 };
    const same = upwards.map(() => counted(1, looks));
    expect(
      equalValues(
        same,
        upwards.map(() => ({ $tuple: [1] })),
        by,
      ),
    ).toBe(true);
    const near = upwards.map((item) => new Float(item + 1e-9));
    expect(equalValues(near, upwards.toReversed(), { ...by, tolerance: 1e-6 })).toBe(true);
    expect(looks.count).toBeLessThan(10 * SIZE);
  });

  test("the search for partners within tolerance is bounded", () => {
    const looks = { count: 0 };
    const ours = upwards.slice(0, 2000).map((item) => counted(new Float(item + 1e-9), looks));
    const theirs = upwards.slice(5000, 7000).map((item) => ({ $tuple: [item] }));
    expect(equalValues(ours, theirs, { ...by, tolerance: 1e-6 })).toBe(false);
    expect(looks.count).toBeLessThan(600_000);
  });

  test("a dict whose keys are tuples", () => {
    const looks = { count: 0 };
    const ours = { $dict: upwards.map((item) => [counted(item, looks), item]) };
    const theirs = { $dict: upwards.toReversed().map((item) => [{ $tuple: [item] }, item]) };
    expect(equalValues(ours as unknown as Json, theirs as unknown as Json, exact)).toBe(true);
    expect(looks.count).toBeLessThan(10 * SIZE);
  });
});
