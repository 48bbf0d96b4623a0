// MBPP+: 378 tasks of MBPP's sanitized edition with some 100 inputs each (Liu et al. 2023, arXiv 2305.01210).

import { type Row, textOf } from "../../problems/sources/row.js";
import type { Benchmark, Task } from "./benchmark.js";
import { codeTask, presented } from "./code-task.js";
import { inputsOf, PLUS_DECODING, plusMarks, toleranceOf } from "./evalplus.js";
import { argumentsText } from "./mbpp-plus-inputs.js";
import { longestBlock, matchCode } from "./published-extraction.js";
import { evalPlusPrompt, officialQuestionPrompt } from "./published-prompts.js";
import { readTaskRows } from "./task-file.js";

export const mbppPlus: Benchmark = {
  name: "mbpp-plus",
  about: "MBPP+: 378 tasks of MBPP with 100 inputs each, outputs by the reference",
  licence: "Apache-2.0, over MBPP's CC-BY-4.0",
  file: { kind: "fetched", dataSet: "mbpp-plus" },
  decoding: PLUS_DECODING,
  load: (path) => readTaskRows(path, { name: "MBPP+", fields: [...FIELDS, "base_input", "plus_input"] }, taskOf),
};

const FIELDS = ["task_id", "prompt", "entry_point", "canonical_solution"];

function taskOf(row: Row): Task {
  const [id, prompt, entryPoint, reference] = FIELDS.map((field) => textOf(row, field));
  const marks = plusMarks({
    id,
    prompt,
    entryPoint,
    reference,
    tolerance: toleranceOf(row),
    inputs: inputsOf(row, (input, field) => argumentsText(id, input, field)),
  });
  return codeTask({
    id,
    solution: () => presented(reference),
    prompts: {
      official: () => officialQuestionPrompt(`Write Python code to solve the task.\n${prompt}`),
      upstream: () => evalPlusPrompt(prompt),
    },
    extract: { official: matchCode, upstream: longestBlock },
    ...marks,
  });
}
