// LeetCode as CodeRL+ and DeepSeek-Coder evaluate it: 180 problems of the contests from July 2023 to January 2024, each
// with 100 cases. The problems' texts are LeetCode's: the file is the user's to fetch, and no part of the package.

import { defaultLimits, type Test } from "../../problems/problem.js";
import { parsePythonLiteral } from "../../problems/python-literal.js";
import { malformed, type Row, rowOf, textOf } from "../../problems/sources/row.js";
import { isObject } from "../../problems/tags.js";
import type { Benchmark, Task } from "./benchmark.js";
import { codeTask, judged, problemOf } from "./code-task.js";
import { runScript } from "./marks.js";
import { deepSeekProgram, leetCodeProgram } from "./published-extraction.js";
import { LEETCODE_IMPORTS, LIVE_IMPORTS, leetCodePrompt, officialQuestionPrompt } from "./published-prompts.js";
import { readTaskRows } from "./task-file.js";

export const leetcode: Benchmark = {
  name: "leetcode",
  about: "LeetCode contests of July 2023 to January 2024: 180 problems, 100 cases each",
  licence: "problem texts are LeetCode's; not to be passed on",
  file: { kind: "fetched", dataSet: "leetcode" },
  decoding: {
    official: { samples: 1, temperature: 0, topP: 1, maximumTokens: 8192, stop: ["<|eot_id|>"] },
    upstream: { samples: 1, temperature: 0, topP: 1, maximumTokens: 1024, contextTokens: 4096, stop: [] },
  },
  load: (path) => readTaskRows(path, { name: "LeetCode", fields: ["task_id", "prompt_sft", "test", "meta"] }, taskOf),
};

/** Published: 10 s for the 100 cases together. Strictly each case is a test of its own, under the same whole. */
const LIMITS = { ...defaultLimits, timeMs: 10_000, totalMs: 10_000 };
/** What LeetCode itself has imported. */
const PREAMBLE = `${LIVE_IMPORTS}${LEETCODE_IMPORTS}`;

function taskOf(row: Row): Task {
  const [id, question, test] = ["task_id", "prompt_sft", "test"].map((field) => textOf(row, field));
  const starterCode = deepSeekProgram(question);
  const problem = problemOf({
    id,
    language: "python",
    prompt: question,
    starterCode,
    tests: casesOf(test),
    preamble: PREAMBLE,
    limits: LIMITS,
    comparison: { tupleAsList: true },
  });
  return codeTask({
    id,
    difficulty: textOf(rowOf(row["meta"], "meta"), "difficulty").toLowerCase(),
    ...dateOf(row),
    prompts: { official: () => officialQuestionPrompt(question), upstream: () => leetCodePrompt(question) },
    extract: {
      official: leetCodeProgram,
      // A completion that goes on inside the method gets the starter code in front.
      upstream: (completion) =>
        completion.startsWith("\n        ") ? `${starterCode.trim()}\n${completion}` : deepSeekProgram(completion),
    },
    official: (program, sandbox) => runScript(sandbox, `${program}\n${test}\n`, LIMITS, LEETCODE_IMPORTS),
    strict: (program, sandbox) =>
      judged(sandbox, problem, INDENTED.test(program) ? `${starterCode.trimEnd()}\n${program}` : program),
  });
}

/** Whether the first line that is not blank is the inside of something. */
const INDENTED = /^(?:[ \t]*\r?\n)*[ \t]+\S/;

function dateOf(row: Row): { date?: string } {
  const seconds = row["start_time"];
  if (typeof seconds !== "number") return {};
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return malformed("start_time", "seconds since 1970", seconds);
  return { date: date.toISOString().slice(0, 10) };
}

/** Two lines a case; `_f1` and `_f2` turn lists into linked lists and back, which the annotations say as well. */
const CASE = /^test_input = (\{.*\})\nassert (?:_f2\()?my_solution\.([A-Za-z_]\w*)\(\*\*test_input\)\)? == (.*)$/gm;
const MADE_NODES = /_f1\((\[[^\]]*\])\)/g;

/** The test code's cases as calls. @throws RowFault where a case is written in another way */
function casesOf(test: string): Test[] {
  const cases = [...test.matchAll(CASE)].map(([text, input, method, expected]): Test => {
    const keywords = parsePythonLiteral(input.replace(MADE_NODES, "$1"));
    const value = parsePythonLiteral(expected);
    if (!isObject(keywords) || value === undefined) return malformed("test", "literals in every case", text);
    return { kind: "call", function: `Solution.${method}`, arguments: [], keywords, expected: value };
  });
  const asserts = test.split("\nassert ").length - 1;
  if (cases.length === 0 || cases.length !== asserts) malformed("test", "two lines for every case", test);
  return cases;
}
