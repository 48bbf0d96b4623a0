// What an alignment example asks of a program's run, and what has to be recorded for that. The questions are put in
// prompts/; which of them a run has an answer for is in ask.ts.

import { DataError } from "../core/errors.js";
import { type Language, notations } from "../problems/notation.js";
import type { Problem } from "../problems/problem.js";
import { type QuestionKind, questionKinds } from "../prompts/question.js";
import type { HistoryPart } from "../tracer/history.js";

/** `mixed`: each example draws one of the kinds. */
export const targets = [...questionKinds, "mixed"] as const;
export type Target = (typeof targets)[number];

const records: Readonly<Record<QuestionKind, HistoryPart | null>> = {
  finalValues: null,
  stepValues: "steps",
  nextLine: "lines",
  coverage: "coverage",
  output: null,
  input: null,
};

/** @throws DataError where the target cannot be asked of some of the problems in `path` */
export function checkTarget(target: Target, problems: readonly Problem[], path: string): void {
  const unable = problems.find(({ language }) => kindsOf(target, language).some((kind) => !isPossible(kind, language)));
  if (unable) {
    throw new DataError(
      `${path}: ${unable.id} is in ${notations[unable.language].name}, but ${target} is asked of Python programs only; take finalValues, output, input or mixed as the target`,
    );
  }
}

/** Whether the kind can be asked of programs in this language. */
function isPossible(kind: QuestionKind, language: Language): boolean {
  return language === "python" || records[kind] === null;
}

/** The kinds that an example may come to ask. */
export function kindsOf(target: Target, language: Language): readonly QuestionKind[] {
  return target === "mixed" ? questionKinds.filter((kind) => isPossible(kind, language)) : [target];
}

/** What the tracer has to record for that. */
export function historyFor(target: Target, language: Language): HistoryPart[] {
  return kindsOf(target, language).flatMap((kind) => records[kind] ?? []);
}
