// HumanEval+: HumanEval's tasks with some 760 inputs each (Liu et al. 2023, arXiv 2305.01210).

import { pythonLiteral } from "../../problems/python-literal.js";
import { malformed, type Row, textOf } from "../../problems/sources/row.js";
import type { Benchmark, Task } from "./benchmark.js";
import { codeTask, presented } from "./code-task.js";
import { inputsOf, PLUS_DECODING, plusMarks, toleranceOf } from "./evalplus.js";
import { behindPrompt, signatureIn } from "./humaneval.js";
import { longestBlock, matchCode } from "./published-extraction.js";
import { evalPlusPrompt, officialFunctionPrompt } from "./published-prompts.js";
import { readTaskRows } from "./task-file.js";

export const humanevalPlus: Benchmark = {
  name: "humaneval-plus",
  about: "HumanEval+: HumanEval with 760 inputs a task, outputs by the reference",
  licence: "Apache-2.0",
  file: { kind: "fetched", dataSet: "humaneval-plus" },
  decoding: PLUS_DECODING,
  load: (path) => readTaskRows(path, { name: "HumanEval+", fields: [...FIELDS, "base_input", "plus_input"] }, taskOf),
};

const FIELDS = ["task_id", "prompt", "entry_point", "canonical_solution"];

function taskOf(row: Row): Task {
  const [id, prompt, entryPoint, solution] = FIELDS.map((field) => textOf(row, field));
  const signature = signatureIn(prompt, entryPoint);
  const reference = prompt + solution;
  const marks = plusMarks({
    id,
    prompt,
    entryPoint,
    reference,
    tolerance: toleranceOf(row),
    inputs: inputsOf(row, (input, field) => pythonLiteral(input) ?? malformed(field, "plain values", input)),
  });
  return codeTask({
    id,
    solution: () => presented(reference),
    prompts: {
      official: () => officialFunctionPrompt(prompt, signature),
      upstream: () => evalPlusPrompt(prompt),
    },
    extract: { official: matchCode, upstream: longestBlock },
    // As in HumanEval the official evaluation's grader puts the prompt in front; EvalPlus takes a whole program.
    official: (program, sandbox, style) =>
      marks.official(style === "official" ? prompt + prompt + program : program, sandbox, style),
    strict: (program, sandbox) => marks.strict(behindPrompt(prompt, program), sandbox),
  });
}
