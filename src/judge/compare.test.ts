import { expect, test } from "vitest";
import { parseJson } from "../core/json.js";
import type { Comparison } from "../problems/problem.js";
import { compareStdout, compareValues } from "./compare.js";

const exact: Comparison = { floatTolerance: null, unordered: false, tupleAsList: false };
const stdout = (got: string, expected: string, rules: Partial<Comparison> = {}) =>
  compareStdout(got, expected, { ...exact, ...rules }, "strict");
const values = (got: string, expected: string, rules: Partial<Comparison> = {}) =>
  compareValues(parseJson(got), parseJson(expected), { ...exact, ...rules }, "strict");

test.each([
  ["1 \n2\n\n", "1\n2", "equal"],
  ["1\n\n2\n", "1\n2\n", "different"],
  ["1  2\n", "1 2\n", "equal"],
  ["3.0\n", "3\n", "equal"],
  ["1e3\n", "1000\n", "equal"],
  ["007\n", "7\n", "equal"],
  ["-0\n", "0\n", "equal"],
  ["0.30000000000000004\n", "0.3\n", "different"],
  ["1.0000001\n", "1.0\n", "different"],
  ["Yes\n", "YES\n", "different"],
  ["a\nb\n", "b\na\n", "different"],
  ["12345678901234567890123\n", "12345678901234567890124\n", "different"],
  ["", "", "equal"],
  ["x\r\n", "x\n", "equal"],
] as const)("standard output %j against %j is %s", (got, expected, match) => {
  expect(stdout(got, expected)).toBe(match);
});

test("a declared tolerance is reported where it was needed", () => {
  expect(stdout("0.30000000000000004\n", "0.3\n", { floatTolerance: 1e-6 })).toBe("within-tolerance");
  expect(stdout("0.3\n", "0.3\n", { floatTolerance: 1e-6 })).toBe("equal");
  expect(stdout("nan\n", "0.3\n", { floatTolerance: 1e-6 })).toBe("different");
  expect(values("[0.30000000000000004]", "[0.3]", { floatTolerance: 1e-6 })).toBe("within-tolerance");
});

test("lines may come in any order where the problem says so", () => {
  expect(stdout("b\na\n", "a\nb\n", { unordered: true })).toBe("equal");
  expect(values("[2, 1, 1]", "[1, 2, 2]", { unordered: true })).toBe("different");
  expect(values("[2, 1, 1]", "[1, 2, 1]", { unordered: true })).toBe("equal");
});

test.each([
  ["1", "true", "equal"],
  ["1.0", "1", "equal"],
  ["9007199254740993", "9007199254740993.0", "different"],
  ['{"$int": "9007199254740993"}', "9007199254740993", "equal"],
  ["null", "0", "different"],
  ['"1"', "1", "different"],
  ['{"$tuple": [1, 2]}', "[1, 2]", "different"],
  ['{"$set": [1, 2]}', '{"$set": [2, 1]}', "equal"],
  ['{"$set": [1]}', '{"$tuple": [1]}', "different"],
  ['{"$float": "nan"}', '{"$float": "nan"}', "different"],
  ['{"$float": "inf"}', '{"$float": "inf"}', "equal"],
  ['{"$set": [1e22]}', '{"$set": [{"$int": "10000000000000000000000"}]}', "equal"],
  ['{"$set": [1.0, "1"]}', '{"$set": ["1", true]}', "equal"],
  ['{"$set": [1]}', '{"$set": ["1"]}', "different"],
  ['{"a": 1, "b": [2]}', '{"b": [2.0], "a": 1}', "equal"],
  ['{"$dict": [[1, 2], [{"$tuple": [1]}, 3]]}', '{"$dict": [[{"$tuple": [1]}, 3], [1.0, 2]]}', "equal"],
  ['{"a": 1}', '{"a": 1, "b": 2}', "different"],
  ['{"$bytes": "00"}', '{"$bytes": "00"}', "equal"],
  ['{"$deque": [1]}', "[1]", "different"],
  ['{"$foreign": "A"}', '{"$foreign": "A"}', "different"],
  ['{"$obj": "P", "attrs": {}}', '{"$obj": "P", "attrs": {}}', "different"],
  ['{"$big": "list"}', '{"$big": "list"}', "different"],
  ["[]", "{}", "different"],
] as const)("the value %s against %s is %s", (got, expected, match) => {
  expect(values(got, expected)).toBe(match);
});

test.each([
  ['{"$dict": [1]}', '{"a": 1}'],
  ['{"$dict": [1]}', '{"$dict": [[1, 1]]}'],
  ['{"$dict": [[1, 2], null]}', '{"$dict": [[1, 2], [3, 4]]}'],
  ['{"$dict": [["a", 1], ["a", 1]]}', '{"a": 1, "b": 2}'],
  ['{"$dict": [[1, 1], [1, 1]]}', '{"$dict": [[1, 1], [2, 2]]}'],
  ['{"$set": [1, 1]}', '{"$set": [1, 2]}'],
  ['{"$set": {"length": 1}}', '{"$set": [1]}'],
  ['{"$tuple": [null, {"$dict": [[]]}]}', '{"$tuple": [null, {"$dict": [[1, 2]]}]}'],
  ['{"$int": "x"}', "1"],
  ['{"$float": {}}', "1.0"],
] as const)("the forged value %s against %s is different in every mode", (got, expected) => {
  expect(values(got, expected)).toBe("different");
  expect(values(got, expected, { unordered: true, tupleAsList: true, floatTolerance: 1e-6 })).toBe("different");
  expect(compareValues(parseJson(got), parseJson(expected), exact, "official")).toBe("different");
});

test.each([
  ["blanks inside", `${" ".repeat(1 << 20)}x`, "y"],
  ["blanks in front of a line end", `a${" ".repeat(1 << 20)}\n`, "a"],
  ["line ends inside", `a${"\n".repeat(1 << 20)}x`, "a"],
  ["a long decimal", `1${"0".repeat(1 << 20)}1.0`, `1${"0".repeat(1 << 20)}1`],
])("a mebibyte of %s is compared at once", (_name, got, expected) => {
  for (const mode of ["strict", "official"] as const) {
    const before = process.cpuUsage();
    compareStdout(got, expected, { ...exact, floatTolerance: 1e-6 }, mode);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000);
  }
  expect(stdout(`a${" ".repeat(1 << 20)}\n`, "a")).toBe("equal");
});

test("tuples count as lists, at every depth, where expectations were JSON", () => {
  expect(values('{"$tuple": [{"$tuple": [1]}]}', "[[1]]", { tupleAsList: true })).toBe("equal");
});

// The "official" column of the differential test of LiveCodeBench's vendored checker.
test.each([
  ["0.30000000000000004\n", "0.3\n", "equal"],
  ["1.0000001\n", "1.0\n", "equal"],
  ["3.0\n", "3\n", "equal"],
  ["1\n\n2\n", "1\n2\n", "equal"],
  ["1  2\n", "1 2\n", "different"],
  ["Yes\n", "YES\n", "different"],
  ["b\na\n", "a\nb\n", "different"],
] as const)("in official mode the output %j against %j is %s", (got, expected, match) => {
  expect(compareStdout(got, expected, exact, "official")).toBe(match);
});

test.each([
  ["4", "[4, 5]", "equal"],
  ['{"$tuple": [1, 2]}', "[1, 2]", "equal"],
  ['{"$tuple": [{"$tuple": [1]}]}', "[[1]]", "different"],
  ['[{"$tuple": [1]}, {"$tuple": [2]}]', "[[[1], [2]], 0]", "equal"],
  ["0.30000000000000004", "0.3", "different"],
  ["1", "true", "equal"],
] as const)("in official mode the value %s against %s is %s", (got, expected, match) => {
  expect(compareValues(parseJson(got), parseJson(expected), exact, "official")).toBe(match);
});
