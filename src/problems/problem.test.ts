import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringifyJson } from "../core/json.js";
import { readProblems } from "./problem.js";

const read = (...lines: string[]): ReturnType<typeof readProblems> => {
  const path = join(mkdtempSync(join(tmpdir(), "coderlplus-problems-")), "p.jsonl");
  writeFileSync(path, lines.join("\n"));
  return readProblems(path);
};
const problem = (test: string, id = "a"): string =>
  `{"id": "${id}", "language": "python", "prompt": "", "tests": [${test}]}`;

describe("problems", () => {
  it("have unique ids; the error names both lines", () => {
    const test = '{"kind": "assert", "code": ""}';
    expect(() => read(problem(test), "", problem(test, "b"), problem(test))).toThrow(
      /p\.jsonl:4: id: "a" is the id of line 1 too/,
    );
  });

  const call = (argument: string, expected = "1"): string =>
    problem(`{"kind": "call", "function": "f", "arguments": [0, ${argument}], "expected": ${expected}}`);

  it.each([
    ['{"$tuple": 3}', "$tuple: expected an array; found 3"],
    ['{"$set": {"a": 1}}', '$set: expected an array; found {"a": 1}'],
    ['{"$deque": [1, {"$int": 3}]}', "$deque[1].$int: expected digits; found 3"],
    ['{"$dict": [["a", 1], ["b"]]}', '$dict[1]: expected a pair [key, value]; found ["b"]'],
    ['{"$dict": {"a": 1}}', "$dict: expected an array of pairs"],
    ['{"$int": "12x"}', '$int: expected digits; found "12x"'],
    ['{"$float": "NaN"}', '$float: expected "nan", "inf" or "-inf"; found "NaN"'],
    ['{"$bytes": "abc"}', "$bytes: expected an even number of hexadecimal digits"],
    ['{"a": [{"$tupel": []}]}', 'a[0]: unknown tag "$tupel" (did you mean "$tuple"?)'],
    ['{"$tuple": [], "b": 1}', 'expected nothing beside "$tuple"'],
    ['{"b": 1, "$x": 1}', 'unknown tag "$x"'],
    ['{"$obj": "P", "attrs": {}}', 'a value tagged "$obj" cannot be given to a program'],
    ['{"$repr": "range(3)"}', "cannot be given to a program"],
    ['{"$cycle": 1}', "cannot be given to a program"],
    ['{"10": {"$int": 1}, "2": 2}', "$dict[0][1].$int: expected digits"],
  ])("name line and field of the malformed argument %s", (argument, message) => {
    expect(() => read(call(argument))).toThrow(
      new RegExp(`:1: tests\\[0\\]\\.arguments\\[1\\].*${message.replace(/[$[\]{}().?]/g, "\\$&")}`),
    );
  });

  it("may expect what cannot be given, well tagged", () => {
    const good = [
      '{"$obj": "P", "attrs": {"x": {"$repr": "1/2"}}}',
      '{"$enum": "K.A"}',
      '{"$big": "list"}',
      '[{"$cycle": 1}]',
    ];
    for (const expected of good) expect(read(call("0", expected))).toHaveLength(1);
    expect(() => read(call("0", '{"$obj": "P"}'))).toThrow(/:1: tests\[0\]\.expected: expected \{"\$obj"/);
    expect(() => read(problem('{"kind": "call", "function": "f", "arguments": []}'))).toThrow(
      /:1: tests\[0\]\.expected: expected a value; found nothing/,
    );
  });

  it("keep the order of dicts and keywords", () => {
    const keywords =
      '{"kind": "call", "function": "f", "arguments": [{"10": 1, "2": 2}], "keywords": {"b": 1, "0": 2}, "expected": 1}';
    expect(stringifyJson(read(problem(keywords))[0].tests[0])).toBe(keywords);
    const broken = '{"kind": "call", "function": "f", "arguments": [], "keywords": {"k": {"$int": 1}}, "expected": 1}';
    expect(() => read(problem(broken))).toThrow(/:1: tests\[0\]\.keywords\.k\.\$int: expected digits; found 1/);
  });

  it("find their metadata by name, whatever the names", () => {
    const text = `${problem('{"kind": "assert", "code": ""}').slice(0, -1)}, "metadata": {"split": "train", "1": {"10": 1, "2": 2}}}`;
    const { metadata } = read(text)[0];
    expect(metadata["split"]).toBe("train");
    expect(stringifyJson(metadata["1"])).toBe('{"10": 1, "2": 2}');
  });
});
