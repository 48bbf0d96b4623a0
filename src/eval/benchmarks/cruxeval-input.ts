// CRUXEval, inputs: arguments for which `f` returns a given output. There are many right answers, so that `f` must be
// run: on arguments that are literals, with the result compared outside.

import { judge } from "../../judge/judge.js";
import { problemSchema } from "../../problems/problem.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { askedOfExpert, cruxevalInputQuestion } from "./answer-prompts.js";
import { answerRegion } from "./answer-text.js";
import { claimedCall, type LiteralCall } from "./assertion.js";
import type { Task } from "./benchmark.js";
import { type CruxevalRow, cruxeval } from "./cruxeval.js";
import { gradedTask } from "./graded-task.js";
import { literalOf } from "./literal.js";
import { type Marked, markOf } from "./marks.js";
import { cruxevalInput as answerIn } from "./published-answers.js";
import { ASSERTION_LIMITS, assertionOf, dropped, runAssertion } from "./value-task.js";

export const cruxevalInput = cruxeval(
  "cruxeval-input",
  "CRUXEval: an input for which each of 800 Python functions returns a given output",
  (row): Task => {
    const { id, code, input, output } = row;
    const question = cruxevalInputQuestion(code, output);
    // A few inputs of the set are expressions, two of them functions: those are not answers here.
    const literal = claimedCall(`f(${input})`, "f") !== undefined;
    return gradedTask({
      id,
      prompts: { official: () => askedOfExpert(question), upstream: () => ({ kind: "text", text: question }) },
      extract: { official: answerIn, upstream: answerIn },
      official: (answer, sandbox) => officialInputMark(row, answer, sandbox),
      strict: (completion, sandbox) => strictInputMark(row, answerRegion(completion), sandbox),
      ...(literal && { solution: () => assertionOf(`f(${input})`, output) }),
    });
  },
);

/** The published check: an answer without a call is dropped, any other evaluated. */
export function officialInputMark({ code, output }: CruxevalRow, answer: string, sandbox: Sandbox): Promise<Marked> {
  if (!answer.includes("f(")) return Promise.resolve(dropped("the answer calls nothing"));
  return runAssertion(sandbox, code, output, answer);
}

/** Python's own `==`, as in the assertion that is asked for. */
export async function strictInputMark(row: CruxevalRow, answer: string, sandbox: Sandbox): Promise<Marked> {
  const expected = literalOf(row.output);
  const call = claimedCall(answer, "f");
  if (expected === undefined) {
    return { mark: { kind: "infrastructure", message: `the set's own output is no value: ${row.output}` }, cpuMs: 0 };
  }
  const problem = call && problemSchema.safeParse(problemOf(row, call, expected)).data;
  if (!problem) return { mark: { kind: "wrong", reason: "no-literal", expected }, cpuMs: 0 };
  const judgement = await judge(sandbox, problem, row.code);
  return { mark: markOf(judgement, problem), cpuMs: judgement.cpuMs };
}

function problemOf({ id }: CruxevalRow, call: LiteralCall, expected: unknown): unknown {
  const test = { kind: "call", function: "f", ...call, expected };
  return { id, language: "python", prompt: "", tests: [test], limits: ASSERTION_LIMITS };
}
