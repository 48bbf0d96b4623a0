// The program in a completion record: given as it is, the prompt's continuation, or somewhere in what a model wrote.

import type { Completion } from "../problems/completion.js";
import type { Problem } from "../problems/problem.js";
import { extractProgram } from "./extract.js";

/** Null where there is none. */
export function programIn(record: Completion, problem: Problem): string | null {
  if (record.program !== undefined) return record.program;
  const completion = record.completion ?? "";
  if (record.continuesPrompt) return (problem.starterCode ?? problem.prompt) + completion;
  return extractProgram(completion, problem.language);
}
