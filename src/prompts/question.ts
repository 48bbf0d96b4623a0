// What a model is asked about a program's run: the record that both dialects put into words, and the forms they share.
// What may be asked, and what is true, is alignment's work.

import type { Json } from "../core/json.js";
import type { Language } from "../problems/notation.js";
import type { ProgramInput } from "../problems/problem.js";

/** docs/targets.md defines each. */
export const questionKinds = ["finalValues", "stepValues", "nextLine", "coverage", "output", "input"] as const;
export type QuestionKind = (typeof questionKinds)[number];

export interface Question {
  readonly kind: QuestionKind;
  readonly program: string;
  /** For the kind `input`, only its function and keyword arguments are shown. */
  readonly input: ProgramInput;
  /** By key, in the order in which they are to be answered. The true values, for their notation; never shown. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Asked where it is set; for the kind `input` it is what is given. */
  readonly output?: Json | undefined;
  readonly language: Language;
}

/** Whether the question names lines by number. */
export function asksLines(kind: QuestionKind): boolean {
  return kind === "nextLine" || kind === "coverage";
}

/** The program with a margin of line numbers: `1| def f(x):`. */
export function numbered(program: string): string {
  return program
    .replace(/\n+$/, "")
    .split("\n")
    .map((line, i) => `${i + 1}| ${line}`.trimEnd())
    .join("\n");
}
