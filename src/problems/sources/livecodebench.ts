// LiveCodeBench's code generation problems: public tests as JSON, hidden ones as JSON or packed (base64 of zlib of a
// pickle). Also the samples of it that other harnesses carry, whose `test` is a packed dict.

import { messageOf } from "../../core/errors.js";
import { type Json, parseJson } from "../../core/json.js";
import type { Test } from "../problem.js";
import { calleeOf, callTests, casesOf, jsonField, stdioTests } from "./cases.js";
import type { Format } from "./formats.js";
import { type Pickled, unpackPickle } from "./pickle.js";
import { kept, malformed, nameIn, optionalText, type Row, RowFault, rowOf, textOf } from "./row.js";

export const livecodebench: Format = {
  about: "LiveCodeBench (question_content, public_test_cases, private_test_cases)",
  matches: (fields) => fields.has("question_content") && fields.has("private_test_cases"),
  problem: (row, index) => {
    const starterCode = optionalText(row, "starter_code");
    const name = optionalText(
      rowOf(optionalText(row, "metadata") === undefined ? {} : jsonField(row, "metadata"), "metadata"),
      "func_name",
    );
    const callee = name === undefined ? undefined : calleeOf(name, starterCode ?? "class Solution");
    return {
      id: `livecodebench/${nameIn(row, "question_id") ?? index}`,
      language: "python",
      prompt: textOf(row, "question_content"),
      tests: [
        ...tests(listed(jsonField(row, "public_test_cases"), "public_test_cases"), callee, true),
        ...tests(listed(hidden(row), "private_test_cases"), callee, false),
      ],
      source: "livecodebench",
      ...(starterCode !== undefined && { starterCode }),
      ...(callee !== undefined && { entryPoint: callee, comparison: { tupleAsList: true } }),
      metadata: kept(row, "question_title", "platform", "contest_id", "contest_date", "difficulty"),
    };
  },
};

export const livecodebenchSamples: Format = {
  about: "samples of LiveCodeBench with packed tests (content, test, labels)",
  matches: (fields) => ["content", "test", "labels"].every((field) => fields.has(field)),
  problem: (row, index) => {
    const unpacked = unpackedField(textOf(row, "test"), "test");
    const inputOutput = unpacked instanceof Map ? unpacked.get("input_output") : undefined;
    if (typeof inputOutput !== "string") malformed("test", "a dict with input_output", typeof inputOutput);
    const prompt = textOf(row, "content");
    const { tests, callee } = casesOf(jsonField({ input_output: inputOutput }, "input_output"), "input_output", prompt);
    const labels = rowOf(jsonField(row, "labels"), "labels");
    return {
      id: `livecodebench/${nameIn(labels, "task_id") ?? index}`,
      language: "python",
      prompt,
      tests,
      source: "livecodebench",
      ...(callee !== undefined && { entryPoint: callee, comparison: { tupleAsList: true } }),
      metadata: kept(labels, "category", "difficulty"),
    };
  },
};

function hidden(row: Row): Json {
  const text = textOf(row, "private_test_cases");
  if (text.trimStart().startsWith("[")) return jsonField(row, "private_test_cases");
  const unpacked = unpackedField(text, "private_test_cases");
  if (typeof unpacked !== "string") return malformed("private_test_cases", "a packed text", "a packed dict");
  try {
    return parseJson(unpacked);
  } catch (error) {
    throw new RowFault("malformed", "private_test_cases: expected packed JSON", messageOf(error));
  }
}

function unpackedField(text: string, field: string): Pickled {
  try {
    return unpackPickle(text);
  } catch (error) {
    throw new RowFault("malformed", `${field}: expected base64 of zlib of a pickled text`, messageOf(error));
  }
}

function listed(value: Json, field: string): readonly Row[] {
  if (!Array.isArray(value)) return malformed(field, "a list of tests", value);
  return value.map((item: Json) => rowOf(item, field));
}

function tests(cases: readonly Row[], callee: string | undefined, visible: boolean): Test[] {
  const inputs = cases.map((one) => textOf(one, "input"));
  const outputs = cases.map((one) => textOf(one, "output"));
  return callee === undefined ? stdioTests(inputs, outputs, visible) : callTests(callee, inputs, outputs, visible);
}
