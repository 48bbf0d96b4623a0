import { expect, it } from "vitest";
import { parseJson } from "../core/json.js";
import { gradeAnswer } from "./reward.js";
import { valueTypeOf } from "./value-type.js";

it.each([
  ["1", "int"],
  ['{"$int": "9007199254740993"}', "int"],
  ["9007199254740993", "int"],
  ["1.0", "float"],
  ['{"$float": "nan"}', "float"],
  ["true", "bool"],
  ['"a"', "str"],
  ["null", "none"],
  ["[1]", "list"],
  ['{"$tuple": [1]}', "tuple"],
  ['{"$set": []}', "set"],
  ["{}", "dict"],
  ['{"a": {"$set": []}}', "dict"],
  ['{"$dict": [[1, 2]]}', "dict"],
  ['{"$deque": [1]}', "other"],
  ['{"$obj": "P", "attrs": {}}', "other"],
  ['{"$repr": "range(3)"}', "other"],
])("the type of %s is %s", (text, type) => expect(valueTypeOf(parseJson(text))).toBe(type));

it("a grade tells the type of every asked value, and whether it was right", () => {
  const truth = { variables: { a: 1, b: parseJson("2.0"), c: [1] }, output: "x\n" };
  const { values } = gradeAnswer(truth, '{"variables": {"a": 1, "b": 2, "c": [1]}, "output": "x\\n"}', "paper", false);
  expect(values).toEqual([
    { type: "int", right: true },
    { type: "float", right: false },
    { type: "list", right: true },
    { type: "str", right: true },
  ]);
  expect(gradeAnswer(truth, "no answer", "paper", false).values.map(({ right }) => right)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
