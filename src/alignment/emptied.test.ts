import { expect, it } from "vitest";
import { parseJson, stringifyJson } from "../core/json.js";
import type { ProgramInput } from "../problems/problem.js";
import { emptied } from "./emptied.js";

it("leaves an input of the same types with nothing in it", () => {
  const call = (values: string): ProgramInput => ({
    kind: "call",
    function: "f",
    arguments: parseJson(values) as never,
  });
  const given = call(
    '[[1, [2]], "abc", 3, 2.5, {"$int": "99999999999999999999"}, {"a": 1}, {"$set": [1]}, {"$tuple": [1, 2]}, true, null]',
  );
  const empty = call('[[], "", 0, 0.0, 0, {}, {"$set": []}, {"$tuple": []}, true, null]');
  expect(stringifyJson(emptied(given))).toBe(stringifyJson(empty));
  expect(emptied({ kind: "stdio", stdin: "3\n" })).toEqual({ kind: "stdio", stdin: "" });
});

it("keeps keyword arguments, which settle how a program is used rather than on what", () => {
  const given = { kind: "call", function: "f", arguments: [[1]], keywords: { reverse: true } } as const;
  expect(emptied(given)).toEqual({ ...given, arguments: [[]] });
});
