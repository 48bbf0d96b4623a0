// The alignment question and its answer in the continuation dialect: a program, an input, and which final values are
// asked. Corpus and reinforcement render it here, so that a model sees one text. Reading answers is alignment's work.

import { type Json, stringifyJson } from "../core/json.js";
import { callText } from "../problems/examples.js";
import { type Language, notations } from "../problems/notation.js";
import type { ProgramInput } from "../problems/problem.js";

/**
 * `<program>`, then `# f([1, 2]) -> f.a, f.b, output` on its own line.
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
  const question = input.kind === "call" ? callText(input, language) : `stdin: ${JSON.stringify(input.stdin)}`;
  const { comment } = notations[language];
  return `${program.replace(/\n+$/, "")}\n${comment} ${question} -> ${[...asked, ...(withOutput ? ["output"] : [])].join(", ")}\n`;
}

/** `{"variables": {"f.a": [1], "f.b": 2}, "output": 2}`; without `output` where it is undefined. */
export function renderAnswer(variables: Readonly<Record<string, Json>>, output: Json | undefined): string {
  return stringifyJson({ variables, output });
}
