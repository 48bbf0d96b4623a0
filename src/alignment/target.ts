// What an alignment example asks of a program's run, and what has to be recorded for that. The questions are put in
// prompts/; which of them a run has an answer for is in ask.ts.

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

/** The kinds that an example may come to ask. */
export function kindsOf(target: Target): readonly QuestionKind[] {
  return target === "mixed" ? questionKinds : [target];
}

/** What the tracer has to record for that. */
export function historyFor(target: Target): HistoryPart[] {
  return kindsOf(target).flatMap((kind) => records[kind] ?? []);
}
