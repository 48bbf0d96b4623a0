// The dialect of chat models: each task is one user message in the model's own template.

import { callText, inputOf } from "../problems/examples.js";
import { notations } from "../problems/notation.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { chatQuestion } from "./chat-question.js";
import type { ChatTemplate, Dialect } from "./dialect.js";
import { extractProgram } from "./extract.js";

export function chat(template: ChatTemplate): Dialect {
  const ask = (content: string): string => template([{ role: "user", content }]);
  return {
    code: (problem) => ask(codeQuestion(problem)),
    program: ({ language }, completion) => extractProgram(completion, language),
    completion: ({ language }, program) => `\`\`\`${language}\n${program}\n\`\`\``,
    alignment: (program, input, variables, withOutput, language = "python") => {
      const output = withOutput ? null : undefined;
      return ask(chatQuestion({ kind: "finalValues", program, input, variables, output, language }));
    },
    question: (question) => ask(chatQuestion(question)),
    testOutput: (problem, test) => {
      const input = inputOf(test);
      return input && ask(testOutputQuestion(problem, input));
    },
    testOutputStop: undefined,
    testOutputAnswer: (completion) => completion.trimEnd().split("\n").at(-1) ?? "",
    sequencesAsArrays: true,
  };
}

function codeQuestion({ prompt, starterCode, language }: Problem): string {
  const { name } = notations[language];
  const starter = starterCode === undefined ? "" : `\n\nBegin with:\n\`\`\`${language}\n${starterCode}\n\`\`\``;
  return `${prompt}${starter}\n\nWrite a ${name} program. End with the whole program in one \`\`\`${language} block.`;
}

function testOutputQuestion(problem: Problem, input: ProgramInput): string {
  const call =
    input.kind === "call"
      ? `\`${callText(input, problem.language)}\``
      : `the standard input\n\`\`\`\n${input.stdin}\n\`\`\``;
  return `${problem.prompt}\n\nWhat is the right result for ${call}? Reason first if you like; the last line of your answer is the value alone, as a ${notations[problem.language].name} literal.`;
}
