// HumanEval (and the base tests of HumanEval+, which has the same fields): a function to complete, and a `check`.

import type { Format } from "./formats.js";
import { textOf } from "./row.js";

const FIELDS = ["task_id", "prompt", "entry_point", "canonical_solution", "test"];

const humanevalOf = (source: string, license: string): Format["problem"] => {
  return (row) => {
    const [id, prompt, entryPoint, solution, code] = FIELDS.map((field) => textOf(row, field));
    return {
      id,
      language: "python",
      prompt,
      entryPoint,
      tests: [{ kind: "check", code, entryPoint }],
      reference: `${prompt}${solution}`,
      source,
      license,
      metadata: {},
    };
  };
};

export const humaneval: Format = {
  about: "HumanEval (task_id, prompt, entry_point, canonical_solution, test)",
  matches: (fields) => FIELDS.every((field) => fields.has(field)),
  problem: humanevalOf("humaneval", "MIT"),
};

export const humanevalplus: Format = {
  about: "HumanEval+ (as HumanEval, with plus_input)",
  matches: (fields) => humaneval.matches(fields) && fields.has("plus_input"),
  problem: humanevalOf("humanevalplus", "Apache-2.0"),
};
