// Problems in the style of open-r1: `verification_info` holds the language and the test cases.

import type { Json } from "../../core/json.js";
import type { Test } from "../problem.js";
import { casesOf, jsonField } from "./cases.js";
import type { Format } from "./formats.js";
import { kept, malformed, nameIn, optionalText, type Row, rowOf, skip, textOf } from "./row.js";

const LANGUAGES: Readonly<Record<string, "python" | "javascript">> = {
  python: "python",
  python3: "python",
  javascript: "javascript",
  js: "javascript",
};
const PROMPT_FIELDS = ["problem", "prompt", "question", "problem_statement"];

export const verificationInfo: Format = {
  about: "open-r1 (problem, verification_info)",
  matches: (fields) => fields.has("verification_info"),
  problem: (row, index) => {
    const info = rowOf(jsonField(row, "verification_info"), "verification_info");
    const named = (optionalText(info, "language") ?? "python").toLowerCase();
    const language = LANGUAGES[named] ?? skip("another language", named);
    const field = PROMPT_FIELDS.find((name) => typeof row[name] === "string") ?? "problem";
    const reference = optionalText(row, "gold_standard_solution");
    const prompt = textOf(row, field);
    const { tests, callee } = testsOf(jsonField(info, "test_cases"), reference ?? prompt);
    const source = optionalText(row, "source") ?? "open-r1";
    return {
      id: `${source}/${nameIn(row, "problem_id", "id") ?? index}`,
      language,
      prompt,
      tests,
      source,
      ...(callee !== undefined && { entryPoint: callee, comparison: { tupleAsList: true } }),
      ...(reference !== undefined && { reference: unfenced(reference) }),
      metadata: kept(row, "task_type", "in_source_id"),
    };
  },
};

/** All calls of a row together: only together they show whether results are wrapped. */
function testsOf(value: Json, code: string): { tests: readonly Test[]; callee?: string | undefined } {
  if (!Array.isArray(value)) return malformed("test_cases", "a list of tests", value);
  const cases = value.map((item: Json) => rowOf(item, "test_cases"));
  const isCall = (one: Row): boolean => optionalText(one, "fn_name") !== undefined;
  const name = cases.find(isCall)?.["fn_name"] ?? null;
  const [calls, others] = [cases.filter(isCall), cases.filter((one) => !isCall(one))].map((some) => ({
    inputs: some.map((one) => one["input"] ?? ""),
    outputs: some.map((one) => one["output"] ?? ""),
  }));
  const called = calls.inputs.length > 0 ? casesOf({ ...calls, fn_name: name }, "test_cases", code) : undefined;
  return { tests: [...casesOf(others, "test_cases", code).tests, ...(called?.tests ?? [])], callee: called?.callee };
}

/** A solution is often shown as it would be answered: in a fence. */
function unfenced(text: string): string {
  return /```\w*\n([\s\S]*?)```/.exec(text)?.[1] ?? text;
}
