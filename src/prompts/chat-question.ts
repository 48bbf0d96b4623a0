// The alignment question as a chat model is asked it: in words, with the notation of every key and value it is to write.

import type { Json } from "../core/json.js";
import { callText } from "../problems/examples.js";
import { type Language, notations } from "../problems/notation.js";
import { renderAnswer, renderInputAnswer } from "./alignment.js";
import { asksLines, numbered, type Question } from "./question.js";

export function chatQuestion(question: Question): string {
  const { program, language, kind } = question;
  const text = asksLines(kind) ? numbered(program) : program;
  return [
    opening(question),
    `\`\`\`${language}\n${text}\n\`\`\``,
    ...(asksLines(kind) ? ["The numbers before `|` are line numbers, not part of the program."] : []),
    ...(kind === "input" ? [wantedOutput(question)] : standardInput(question)),
    ...asked(question),
    `Reason first if you like. The last line of your answer is one JSON object, written like this:\n${exampleAnswer(question)}`,
  ].join("\n\n");
}

function opening({ kind, input, language }: Question): string {
  const { name } = notations[language];
  if (kind === "input") return `This is a ${name} program.`;
  const on = input.kind === "call" ? `the call \`${callText(input, language)}\`` : "on the standard input below";
  return `This ${name} program runs ${on}.`;
}

function standardInput({ input }: Question): string[] {
  return input.kind === "call" ? [] : [`Standard input:\n\`\`\`\n${input.stdin}\n\`\`\``];
}

function wantedOutput({ input, output, language }: Question): string {
  if (input.kind === "stdio") {
    return `It printed exactly this, as one JSON string: ${JSON.stringify(output)}\n\nGive a standard input with which it prints that: "input" is one string. Any that does is right.`;
  }
  const call = callText(input, language, ["..."]);
  const value = notations[language].literal(output ?? null) ?? "...";
  return `The call \`${call}\` returned \`${value}\`.\n\nGive positional arguments in the place of \`...\` with which it returns that: "input" is the JSON array of them${tupleNote(input.arguments)}. Any that do are right.`;
}

function tupleNote(values: readonly Json[]): string {
  return JSON.stringify(values).includes('"$tuple"') ? ' (write a tuple as {"$tuple": [...]})' : "";
}

/** What "output" means. */
const output = (question: Question): string =>
  `${question.input.kind === "call" ? "what the call returns" : "all that the program prints, as one string"}; or, if an exception ends it, the name of the exception's type`;

/** What is assigned without an operator. */
const loops: Readonly<Record<Language, string>> = {
  python: "the target of a `for`",
  javascript: "the variable of a `for ... of` or `for ... in`",
};

function asked(question: Question): string[] {
  const { kind, variables, language } = question;
  const names = Object.entries(variables)
    .map(([name, value]) => `- \`${name}\`${notation(value)}`)
    .join("\n");
  const alsoOutput = question.output === undefined ? [] : [`Also give "output": ${output(question)}.`];
  switch (kind) {
    case "finalValues":
      return [
        `What is the final value of each of these variables (\`f.x\` is the variable x of the function f, when its last call ends)?\n${names}`,
        ...alsoOutput,
      ];
    case "stepValues":
      return [
        `What is the value of each of these right after that assignment (\`f.x@2\` is the variable x of the function f after the 2nd time in the whole run that the name is assigned; a parameter's first value is not an assignment, ${loops[language]} is assigned in every round)?\n${names}`,
      ];
    case "nextLine":
      return [
        `Which line is executed next (\`line 3#2\` is the 2nd time in the whole run that line 3 is executed)? Next means in the same call of the same function, over whatever the line calls; a loop's head is executed again before each round. Give the line's number, or null where the call, or the program, ends with that line.\n${names}`,
      ];
    case "coverage":
      return [`Is each of these lines executed at least once in the run? Give true or false.\n${names}`];
    case "output":
      return [`Give "output": ${output(question)}.`];
    case "input":
      return [];
    default:
      return kind satisfies never;
  }
}

/** Of the right shape, with values that are nobody's. */
function exampleAnswer({ kind, input, output: wanted }: Question): string {
  switch (kind) {
    case "finalValues":
      return renderAnswer({ total: 6, "main.names": ["a", "b"] }, wanted === undefined ? undefined : "6\n");
    case "stepValues":
      return renderAnswer({ "total@2": 6, "main.names@1": ["a", "b"] }, undefined);
    case "nextLine":
      return renderAnswer({ "line 3#2": 4, "line 9#1": null }, undefined);
    case "coverage":
      return renderAnswer({ "line 3": true, "line 9": false }, undefined);
    case "output":
      return renderAnswer({}, input.kind === "call" ? 6 : "6\n");
    case "input":
      return renderInputAnswer(input.kind === "call" ? [6, "a"] : "6\n");
    default:
      return kind satisfies never;
  }
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
