// How one test is written as a comment line: what goes in, then what comes out. Prompts of the family, alignment
// questions and test-output questions all use these words, so that a model sees one notation.

import { entriesOf, type Json } from "../core/json.js";
import { type Language, notations } from "./notation.js";
import type { ProgramInput, Test } from "./problem.js";

/**
 * `f([1, 2], k=3)`, in JavaScript `f([1, 2], { k: 3 })`; a value without a literal form is written as `...`.
 *
 * @param positional  what to write in the place of the positional arguments
 */
export function callText(
  call: Extract<ProgramInput, { kind: "call" }>,
  language: Language = "python",
  positional: readonly string[] = call.arguments.map((value) => literal(value, language)),
): string {
  const named = entriesOf(call.keywords ?? {});
  return `${call.function}(${[...positional, ...namedTexts(named, language)].join(", ")})`;
}

function namedTexts(named: ReadonlyArray<readonly [string, Json]>, language: Language): string[] {
  if (language === "python") return named.map(([name, value]) => `${name}=${literal(value, language)}`);
  return named.length === 0 ? [] : [literal(Object.fromEntries(named), language)];
}

function literal(value: Json, language: Language): string {
  return notations[language].literal(value) ?? "...";
}

/** One line in two parts, `# f([1]) == ` and `1`; undefined for a test that is opaque code. */
export function exampleOf(
  test: Test,
  language: Language = "python",
): { readonly question: string; readonly answer: string } | undefined {
  const { comment } = notations[language];
  if (test.kind === "call") {
    return { question: `${comment} ${callText(test, language)} == `, answer: literal(test.expected, language) };
  }
  if (test.kind === "stdio") {
    return { question: `${comment} input: ${oneLine(test.stdin)} -> output: `, answer: oneLine(test.stdout) };
  }
  return undefined;
}

/** The text without its last newline where that leaves one line, else as a quoted string. */
function oneLine(text: string): string {
  const bare = text.replace(/\n$/, "");
  return bare.includes("\n") || bare === "" ? JSON.stringify(text) : bare;
}

/** The input that a test runs the program on; undefined for a test that is opaque code. */
export function inputOf(test: Test): ProgramInput | undefined {
  if (test.kind === "stdio") return { kind: "stdio", stdin: test.stdin };
  if (test.kind !== "call") return undefined;
  const { kind, function: name, arguments: values, keywords } = test;
  return { kind, function: name, arguments: values, ...(keywords && { keywords }) };
}
