// APPS and TACO: a question, `input_output` as a JSON text, solutions, starter code.

import { casesOf, jsonField } from "./cases.js";
import type { Format } from "./formats.js";
import { type Draft, kept, nameIn, optionalText, type Row, textOf } from "./row.js";

const common = ["question", "solutions", "starter_code", "input_output", "difficulty", "url"];

export const apps: Format = {
  about: "APPS (question, input_output, solutions)",
  matches: (fields) => fields.has("question") && fields.has("input_output"),
  columns: [...common, "problem_id", "id"],
  problem: (row, index) => problem(row, `apps/${nameIn(row, "problem_id", "id") ?? index}`, "apps", "MIT"),
};

export const taco: Format = {
  about: "TACO (as APPS, with skill_types, source, name)",
  matches: (fields) => apps.matches(fields) && fields.has("skill_types"),
  columns: [...common, "name", "source", "skill_types", "time_limit", "date"],
  problem: (row, index) => problem(row, `taco/${index}`, "taco", "Apache-2.0"),
};

function problem(row: Row, id: string, source: string, license: string): Draft {
  const starterCode = optionalText(row, "starter_code");
  const reference = firstSolution(row);
  const code = starterCode ?? reference ?? "";
  const { tests, callee } = casesOf(jsonField(row, "input_output"), "input_output", code);
  return {
    id,
    language: "python",
    prompt: textOf(row, "question"),
    tests,
    source,
    license,
    ...(starterCode !== undefined && { starterCode }),
    ...(reference !== undefined && { reference }),
    ...(callee !== undefined && { entryPoint: callee, comparison: { tupleAsList: true } }),
    metadata: kept(
      row,
      "difficulty",
      "url",
      "name",
      "skill_types",
      "time_limit",
      "date",
      ...(source === "taco" ? ["source"] : []),
    ),
  };
}

/** Solutions are a list, or a JSON text of one; many rows have none. */
function firstSolution(row: Row): string | undefined {
  if (optionalSolutions(row)) return undefined;
  const solutions = jsonField(row, "solutions");
  const first = Array.isArray(solutions) ? solutions[0] : undefined;
  return typeof first === "string" && first.trim() !== "" ? first : undefined;
}

function optionalSolutions(row: Row): boolean {
  const value = row["solutions"];
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}
