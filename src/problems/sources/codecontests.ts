// CodeContests: tests as public, private and generated ones, solutions in several languages, by number.

import { type Json } from "../../core/json.js";
import type { Test } from "../problem.js";
import { stdioTests } from "./cases.js";
import type { Format } from "./formats.js";
import { kept, listOf, nameIn, optionalText, type Row, rowOf, skip, textOf } from "./row.js";

const PYTHON3 = 3;

export const codecontests: Format = {
  about: "CodeContests (description, public_tests, private_tests, generated_tests)",
  matches: (fields) => fields.has("public_tests") && fields.has("generated_tests"),
  columns: [
    "name",
    "description",
    "public_tests",
    "private_tests",
    "generated_tests",
    "source",
    "difficulty",
    "solutions",
    "cf_contest_id",
    "cf_index",
    "cf_rating",
    "cf_tags",
    "is_description_translated",
    "time_limit",
    "memory_limit_bytes",
    "input_file",
    "output_file",
  ],
  problem: (row, index) => {
    if (optionalText(row, "input_file") ?? optionalText(row, "output_file")) skip("reads or writes a file by name");
    const reference = firstPython3(row["solutions"]);
    return {
      id: `codecontests/${nameIn(row, "name") ?? index}`,
      language: "python",
      prompt: textOf(row, "description"),
      tests: [
        ...tests(row, "public_tests", true),
        ...tests(row, "private_tests", false),
        ...tests(row, "generated_tests", false),
      ],
      source: "codecontests",
      license: "CC-BY-4.0",
      ...(reference !== undefined && { reference }),
      metadata: kept(
        row,
        "source",
        "difficulty",
        "cf_contest_id",
        "cf_index",
        "cf_rating",
        "cf_tags",
        "time_limit",
        "memory_limit_bytes",
      ),
    };
  },
};

/** `{input: [...], output: [...]}`, or a list of `{input, output}`. */
function tests(row: Row, field: string, visible: boolean): Test[] {
  const value = row[field];
  if (value === undefined || value === null) return [];
  const columns = columnsOf(value, field);
  return stdioTests(listOf(columns, "input"), listOf(columns, "output"), visible);
}

function columnsOf(value: Json, field: string): Row {
  if (!Array.isArray(value)) return rowOf(value, field);
  const rows = value.map((item: Json) => rowOf(item, field));
  return Object.fromEntries(
    ["input", "output", "language", "solution"].map((name) => [name, rows.map((row) => row[name] ?? null)]),
  );
}

function firstPython3(solutions: Json | undefined): string | undefined {
  if (solutions === undefined || solutions === null) return undefined;
  const columns = columnsOf(solutions, "solutions");
  const at = listOf(columns, "language").findIndex((language) => language === PYTHON3 || language === "PYTHON3");
  const text = at < 0 ? undefined : listOf(columns, "solution")[at];
  return typeof text === "string" ? text : undefined;
}
