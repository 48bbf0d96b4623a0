// CRUXEval, outputs: what `f` returns for a given input.

import type { Json } from "../../core/json.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import { askedOfExpert, cruxevalOutputQuestion } from "./answer-prompts.js";
import { assertedValue } from "./answer-text.js";
import type { Mark, Task } from "./benchmark.js";
import { type CruxevalRow, cruxeval } from "./cruxeval.js";
import { gradedTask } from "./graded-task.js";
import { literalOf, sameValue } from "./literal.js";
import type { Marked } from "./marks.js";
import { cruxevalOutput as answerIn } from "./published-answers.js";
import { assertionOf, dropped, runAssertion, valueMark } from "./value-task.js";

export const cruxevalOutput = cruxeval(
  "cruxeval-output",
  "CRUXEval: what 800 Python functions return for a given input",
  (row): Task => {
    const { id, code, input, output } = row;
    const question = cruxevalOutputQuestion(code, input);
    return gradedTask({
      id,
      prompts: { official: () => askedOfExpert(question), upstream: () => ({ kind: "text", text: question }) },
      extract: { official: answerIn, upstream: answerIn },
      official: (answer, sandbox) => officialOutputMark(row, answer, sandbox),
      strict: (completion) => ({ mark: strictOutputMark(output, assertedValue(completion, "f")), cpuMs: 0 }),
      solution: () => assertionOf(`f(${input})`, output),
    });
  },
);

/** The published check: an answer that calls the function on the input is dropped, any other evaluated. */
export function officialOutputMark(row: CruxevalRow, answer: string, sandbox: Sandbox): Promise<Marked> {
  const { code, input, output } = row;
  if (answer.includes(`f(${input})`)) return Promise.resolve(dropped("the answer calls the function"));
  return runAssertion(sandbox, code, output, answer);
}

export function strictOutputMark(output: string, value: Json | undefined): Mark {
  return valueMark(output, literalOf(output), value, sameValue);
}
