// What an alignment example asks of a program's run, and what has to be recorded for that. The questions are put in
// prompts/; which of them a run has an answer for is in ask.ts.

import type { Language } from "../problems/notation.js";
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

/** Whether the kind can be asked of programs in this language. */
export function isPossible(kind: QuestionKind, language: Language): boolean {
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
