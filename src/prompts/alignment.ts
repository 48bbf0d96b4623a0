// The alignment question and its answer in the continuation dialect: a program, an input, and what is asked of the run.
// Corpus and reinforcement render it here, so that a model sees one text. Reading answers is alignment's work.

import { type Json, stringifyJson } from "../core/json.js";
import { callText } from "../problems/examples.js";
import { type Language, notations } from "../problems/notation.js";
import type { ProgramInput } from "../problems/problem.js";
import { asksLines, numbered, type Question } from "./question.js";

/**
 * `<program>`, then what goes in and what is asked on a line of its own:
 *
 * finalValues  `# f([1, 2]) -> f.a, f.b, output`
 * stepValues   `# f([1, 2]) -> f.t@2`
 * nextLine     `# f([1, 2]) -> line 3#2`, below the program with line numbers
 * coverage     `# f([1, 2]) -> line 3, line 5`, likewise
 * output       `# f([1, 2]) -> output`
 * input        `# f(...) == 3 -> input`, or `# stdout: "3\n" -> input`
 */
export function renderQuestion(question: Question): string {
  const { kind, program, variables, output, language } = question;
  const { comment } = notations[language];
  const text = asksLines(kind) ? numbered(program) : program.replace(/\n+$/, "");
  const asked = kind === "input" ? ["input"] : [...Object.keys(variables), ...(output === undefined ? [] : ["output"])];
  return `${text}\n${comment} ${given(question)} -> ${asked.join(", ")}\n`;
}

/** Undefined nowhere: a value without a literal form is written as `...`. */
function given({ kind, input, output, language }: Question): string {
  if (input.kind === "stdio") {
    return kind === "input" ? `stdout: ${JSON.stringify(output)}` : `stdin: ${JSON.stringify(input.stdin)}`;
  }
  if (kind !== "input") return callText(input, language);
  return `${callText(input, language, ["..."])} == ${notations[language].literal(output ?? null) ?? "..."}`;
}

/**
 * The question for final values.
 *
 * @param asked  variables by scope path and name, in the order they are to be answered
 * @example renderAlignment("x = 1", { kind: "stdio", stdin: "" }, ["x"], false) === 'x = 1\n# stdin: "" -> x\n'
 */
export function renderAlignment(
  program: string,
  input: ProgramInput,
  asked: readonly string[],
  withOutput: boolean,
  language: Language = "python",
): string {
  const variables = Object.fromEntries(asked.map((name) => [name, null]));
  return renderQuestion({
    kind: "finalValues",
    program,
    input,
    variables,
    output: withOutput ? null : undefined,
    language,
  });
}

/** `{"variables": {"f.a": [1], "f.b": 2}, "output": 2}`; without `output` where it is undefined. */
export function renderAnswer(variables: Readonly<Record<string, Json>>, output: Json | undefined): string {
  return stringifyJson({ variables, output });
}

/** `{"input": [[1, 2]]}`, the arguments of a call, or `{"input": "1 2\n"}`, the text of standard input. */
export function renderInputAnswer(input: Json): string {
  return stringifyJson({ input });
}
