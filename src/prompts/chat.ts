// The dialect of chat models: each task is one user message in the model's own template.

import type { Json } from "../core/json.js";
import { callText, inputOf } from "../problems/examples.js";
import { type Language, notations } from "../problems/notation.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { renderAnswer } from "./alignment.js";
import type { ChatTemplate, Dialect } from "./dialect.js";
import { extractProgram } from "./extract.js";

export function chat(template: ChatTemplate): Dialect {
  const ask = (content: string): string => template([{ role: "user", content }]);
  return {
    code: (problem) => ask(codeQuestion(problem)),
    program: ({ language }, completion) => extractProgram(completion, language),
    completion: ({ language }, program) => `\`\`\`${language}\n${program}\n\`\`\``,
    alignment: (program, input, asked, withOutput, language = "python") =>
      ask(alignmentQuestion(program, input, asked, withOutput, language)),
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

const example = renderAnswer({ total: 6, "main.names": ["a", "b"] }, undefined);
const exampleWithOutput = renderAnswer({ total: 6, "main.names": ["a", "b"] }, "6\n");

function alignmentQuestion(
  program: string,
  input: ProgramInput,
  asked: Readonly<Record<string, Json>>,
  withOutput: boolean,
  language: Language,
): string {
  const names = Object.entries(asked).map(([name, value]) => `- \`${name}\`${notation(value)}`);
  const output = `${input.kind === "call" ? "what the call returns" : "all that the program prints, as one string"}; or, if an exception ends it, the name of the exception's type`;
  return [
    `This ${notations[language].name} program runs ${input.kind === "call" ? `the call \`${callText(input, language)}\`` : "on the standard input below"}.`,
    `\`\`\`${language}\n${program}\n\`\`\``,
    ...(input.kind === "call" ? [] : [`Standard input:\n\`\`\`\n${input.stdin}\n\`\`\``]),
    `What is the final value of each of these variables (\`f.x\` is the variable x of the function f, when its last call ends)?\n${names.join("\n")}`,
    ...(withOutput ? [`Also give "output": ${output}.`] : []),
    `Reason first if you like. The last line of your answer is one JSON object, written like this:\n${withOutput ? exampleWithOutput : example}`,
  ].join("\n\n");
}

/** How a value that JSON has no form for is to be written; nothing for the others. */
function notation(value: Json): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  if ("$tuple" in value || "$deque" in value) return " (write it as a JSON array)";
  if ("$set" in value) return ' (a set: write {"$set": [...]})';
  if ("$dict" in value) return ' (a dict: write {"$dict": [[key, value], ...]})';
  if ("$int" in value) return ' (a large integer: write {"$int": "digits"})';
  if ("$float" in value) return ' (write {"$float": "nan"}, {"$float": "inf"} or {"$float": "-inf"})';
  if ("$bytes" in value) return ' (bytes: write {"$bytes": "hexadecimal"})';
  if ("$obj" in value) return ' (an object: write {"$obj": "class name", "attrs": {...}})';
  if ("$enum" in value) return ' (an enum member: write {"$enum": "Class.NAME"})';
  if ("$repr" in value) return ' (write {"$repr": "its text"})';
  return "";
}

function testOutputQuestion(problem: Problem, input: ProgramInput): string {
  const call =
    input.kind === "call"
      ? `\`${callText(input, problem.language)}\``
      : `the standard input\n\`\`\`\n${input.stdin}\n\`\`\``;
  return `${problem.prompt}\n\nWhat is the right result for ${call}? Reason first if you like; the last line of your answer is the value alone, as a ${notations[problem.language].name} literal.`;
}
