// The dialect of base models, the bundled one among them: the prompt is the beginning of a file, and the model goes on.

import { renderAlignment, renderQuestion } from "./alignment.js";
import type { Dialect } from "./dialect.js";
import { renderTestOutput } from "./test-output.js";

export const continuation: Dialect = {
  code: (problem) => problem.prompt + (problem.starterCode ?? ""),
  program: (problem, completion) => (problem.starterCode ?? problem.prompt) + completion,
  completion: ({ starterCode = "" }, program) =>
    program.startsWith(starterCode) ? program.slice(starterCode.length) : null,
  alignment: (program, input, asked, withOutput, language) =>
    renderAlignment(program, input, Object.keys(asked), withOutput, language),
  question: renderQuestion,
  testOutput: (problem, test) => renderTestOutput(problem, test)?.prompt,
  testOutputStop: "\n",
  testOutputAnswer: (completion) => completion.split("\n")[0] ?? "",
  sequencesAsArrays: false,
};

/** For a model whose texts begin with a special token: every prompt begins with it. */
export function continuationFrom(start: string): Dialect {
  return {
    ...continuation,
    code: (problem) => start + continuation.code(problem),
    alignment: (...asked) => start + continuation.alignment(...asked),
    question: (question) => start + renderQuestion(question),
    testOutput: (problem, test) => {
      const prompt = continuation.testOutput(problem, test);
      return prompt === undefined ? undefined : start + prompt;
    },
  };
}
