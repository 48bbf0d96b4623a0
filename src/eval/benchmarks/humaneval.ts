// HumanEval: 164 functions to complete, each with a `check` (Chen et al. 2021, arXiv 2107.03374).

import { defaultLimits } from "../../problems/problem.js";
import { humaneval as format } from "../../problems/sources/humaneval.js";
import { malformed, type Row, textOf } from "../../problems/sources/row.js";
import type { Benchmark, Task } from "./benchmark.js";
import { codeTask, judged, presented, problemOf } from "./code-task.js";
import { runScript } from "./marks.js";
import { matchCode } from "./published-extraction.js";
import { HUMANEVAL_STOPS, officialFunctionPrompt } from "./published-prompts.js";
import { readTaskRows } from "./task-file.js";

export const humaneval: Benchmark = {
  name: "humaneval",
  about: "HumanEval: 164 Python functions to complete from signature and docstring",
  licence: "MIT",
  file: { kind: "bundled", path: "humaneval/HumanEval.jsonl.gz" },
  decoding: {
    official: { samples: 1, temperature: 0, topP: 1, maximumTokens: 4096, stop: ["<|eot_id|>"] },
    // The harness leaves decoding to its user: greedy, and the stop texts of the paper.
    upstream: { samples: 1, temperature: 0, topP: 1, maximumTokens: 512, stop: HUMANEVAL_STOPS },
  },
  load: (path) => readTaskRows(path, { name: "HumanEval", fields: FIELDS }, taskOf),
};

const FIELDS = ["task_id", "prompt", "entry_point", "canonical_solution", "test"];
/** The published limit, in the sandbox's own measure of time. */
const LIMITS = { ...defaultLimits, timeMs: 3000 };

function taskOf(row: Row): Task {
  const [id, prompt, entryPoint, solution, test] = FIELDS.map((field) => textOf(row, field));
  const signature = signatureIn(prompt, entryPoint);
  const problem = problemOf({ ...format.problem(row, 0), limits: LIMITS });
  return codeTask({
    id,
    solution: (style) => (style === "official" ? presented(prompt + solution) : solution),
    prompts: {
      official: () => officialFunctionPrompt(prompt, signature),
      upstream: () => ({ kind: "text", text: prompt }),
    },
    extract: { official: matchCode, upstream: (completion) => completion },
    // The official evaluation keeps prompt and code as the completion, which its grader puts behind the prompt again.
    official: (program, sandbox, style) => {
      const completion = style === "official" ? prompt + program : program;
      return runScript(sandbox, `${prompt}${completion}\n${test}\ncheck(${entryPoint})`, LIMITS);
    },
    // A whole function behind the prompt is another of its name; a body alone completes the prompt's.
    strict: (program, sandbox) => judged(sandbox, problem, behindPrompt(prompt, program)),
  });
}

/** A program behind the prompt, which is no longer the beginning of the file: imports that must be there go in front. */
export function behindPrompt(prompt: string, program: string): string {
  return [...(program.match(FUTURE) ?? []), prompt, program.replaceAll(FUTURE, "")].join("");
}

const FUTURE = /^from __future__ import .*\n/gm;

/** From the function's name to what stands before the colon at the end of its line. @throws RowFault */
export function signatureIn(prompt: string, entryPoint: string): string {
  if (!NAME.test(entryPoint)) malformed("entry_point", "the name of a function", entryPoint);
  const found = new RegExp(`def\\s+(${entryPoint}.*?):\\s*\\n`).exec(prompt)?.[1];
  return found ?? malformed("prompt", `a function ${entryPoint}`, prompt);
}

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
