// How a model is spoken to: what text it sees for each task, and how its completion becomes a program. A base model
// continues a file; a chat model is asked. Nothing here runs or judges anything.

import type { Json } from "../core/json.js";
import type { Language } from "../problems/notation.js";
import type { Problem, ProgramInput, Test } from "../problems/problem.js";
import type { Question } from "./question.js";

export type ChatTemplate = (messages: ReadonlyArray<{ role: string; content: string }>) => string;

export interface Dialect {
  /** The text the model sees for a coding problem. */
  readonly code: (problem: Problem) => string;
  /** The program in a completion; null where there is none. Never throws: the completion is the model's. */
  readonly program: (problem: Problem, completion: string) => string | null;
  /** The completion that {@link program} reads this program from; null where the prompt begins another one. */
  readonly completion: (problem: Problem, program: string) => string | null;
  /** The text that asks for final values; the answer is one JSON object on the last line. */
  readonly alignment: (
    program: string,
    input: ProgramInput,
    asked: Readonly<Record<string, Json>>,
    withOutput: boolean,
    /** Python unless told otherwise. */
    language?: Language,
  ) => string;
  /** The text that asks anything of a program's run; final values as above. */
  readonly question: (question: Question) => string;
  /** The text that asks for one test's expected output, without any program; undefined where the test is opaque code. */
  readonly testOutput: (problem: Problem, test: Test) => string | undefined;
  /** Text that ends the answer to `testOutput`; undefined where the model says when it is done. */
  readonly testOutputStop: string | undefined;
  /** The completion's answer to `testOutput`, as text. */
  readonly testOutputAnswer: (completion: string) => string;
  /** Whether the alignment prompt says to write tuples and deques as JSON arrays. */
  readonly sequencesAsArrays: boolean;
}
