// CRUXEval: a function f, one input and its output, all as Python text. The benchmark asks for one of the two; as a
// problem it is a reference program with one call, for tracing and probing.

import type { Json } from "../../core/json.js";
import { parsePythonLiteral } from "../python-literal.js";
import type { Format } from "./formats.js";
import { skip, textOf } from "./row.js";

const FIELDS = ["code", "input", "output", "id"];

export const cruxeval: Format = {
  about: "CRUXEval (id, code, input, output)",
  matches: (fields) => FIELDS.every((field) => fields.has(field)),
  problem: (row) => {
    const [code, input, output, id] = FIELDS.map((field) => textOf(row, field));
    const values = parsePythonLiteral(`[${input}]`);
    const expected = parsePythonLiteral(output);
    if (!Array.isArray(values)) skip("input: not a list of Python literals", input.slice(0, 60));
    if (expected === undefined) skip("output: not a Python literal", output.slice(0, 60));
    return {
      id: `cruxeval/${id}`,
      language: "python",
      prompt: `What does \`f(${input})\` return?\n\n${code}\n`,
      entryPoint: "f",
      tests: [{ kind: "call", function: "f", arguments: values as Json[], expected }],
      reference: code,
      source: "cruxeval",
      license: "MIT",
      metadata: {},
    };
  },
};
