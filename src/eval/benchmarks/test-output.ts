// Test output: what a function that is only described returns for a given call (LiveCodeBench's test_generation, Jain
// et al. 2024, arXiv 2403.07974), 442 tasks.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Json, parseJson } from "../../core/json.js";
import { pythonLiteral } from "../../problems/python-literal.js";
import { jsonField } from "../../problems/sources/cases.js";
import { malformed, nameIn, optionalText, type Row, rowOf, textOf } from "../../problems/sources/row.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { officialTestOutputPrompt, type TestOutputQuestion, upstreamTestOutputPrompt } from "./answer-prompts.js";
import { assertedValue } from "./answer-text.js";
import type { Benchmark, Task } from "./benchmark.js";
import { gradedTask } from "./graded-task.js";
import { matchesJson } from "./literal.js";
import { type Marked, runScript } from "./marks.js";
import { testOutputAnswer } from "./published-answers.js";
import { dateIn, readTaskRows } from "./task-file.js";
import { ASSERTION_LIMITS, valueMark } from "./value-task.js";

const SAMPLING = { samples: 10, temperature: 0.2, topP: 0.95, stop: ["###"] };

export const testOutput: Benchmark = {
  name: "test-output",
  about: "LiveCodeBench test_generation: the outputs of 442 test cases, from the problem's text alone",
  licence: "CC (variant not named)",
  file: { kind: "fetched", dataSet: "test-output" },
  decoding: {
    official: { ...SAMPLING, maximumTokens: 4096, contextTokens: 4096 },
    upstream: { ...SAMPLING, maximumTokens: 2000 },
  },
  load: (path) => readTaskRows(path, { name: "test_generation", fields: FIELDS }, taskOf),
};

const FIELDS = ["question_id", "question_content", "starter_code", "function_name", "test"];

function taskOf(row: Row): Task {
  const [question, content, starterCode, name] = FIELDS.map((field) => textOf(row, field));
  const { input, output } = firstTest(row);
  // The harness asks with the name in the starter code.
  const functionName = /\bdef[ \t]+(\w+)[ \t]*\(/.exec(starterCode)?.[1] ?? name;
  const asked: TestOutputQuestion = { content, starterCode, functionName, input };
  const expected = jsonIn(output);
  const literal = expected === undefined ? undefined : pythonLiteral(expected);
  return gradedTask({
    id: `${question}/${nameIn(row, "test_id") ?? 0}`,
    difficulty: optionalText(row, "difficulty"),
    date: dateIn(row, "contest_date"),
    prompts: { official: () => officialTestOutputPrompt(asked), upstream: () => upstreamTestOutputPrompt(asked) },
    extract: { official: testOutputAnswer, upstream: testOutputAnswer },
    official: (answer, sandbox) => evaluated(answer, output, sandbox),
    strict: (completion) => ({
      mark: valueMark(output, expected, assertedValue(completion, functionName), matchesJson),
      cpuMs: 0,
    }),
    ...(literal !== undefined && {
      solution: () => `\`\`\`python\nassert ${functionName}(${input.split("\n").join(", ")}) == ${literal}\n\`\`\`\n`,
    }),
  });
}

function firstTest(row: Row): { readonly input: string; readonly output: string } {
  const tests = jsonField(row, "test");
  if (!Array.isArray(tests) || tests.length === 0) return malformed("test", "a list of tests", tests);
  const first = rowOf(tests[0] as Json, "test");
  return { input: textOf(first, "input"), output: textOf(first, "output") };
}

function jsonIn(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const GRADER = readFileSync(fileURLToPath(new URL("test-output.py", import.meta.url)), "utf8");

/** The published check, which evaluates whatever stands right of the first `==`. */
function evaluated(answer: string, output: string, sandbox: Sandbox): Promise<Marked> {
  const given = [answer, output].map((text) => pythonLiteral(text)).join(", ");
  return runScript(sandbox, `${GRADER}\nassert agrees(${given})`, ASSERTION_LIMITS);
}
