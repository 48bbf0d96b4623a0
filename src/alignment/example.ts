// An alignment example: a program, an input, and what really happened when it ran. The model is asked for that. A record
// of its own; how the text looks is prompts/'s business.

import type { Json } from "../core/json.js";
import type { ProgramInput } from "../problems/problem.js";
import type { QuestionKind } from "../prompts/question.js";

export interface Truth {
  /** Tagged values of the asked variables. */
  readonly variables: Readonly<Record<string, Json>>;
  /** What the call returned, what the program printed, or the type of the exception that ended it; absent otherwise. */
  readonly output?: Json;
  /** Where an input is asked for: one that gives the output, as the list of a call's arguments or the text. */
  readonly input?: Json;
}

export interface AlignmentExample {
  readonly id: string;
  readonly problem: string;
  /** The step whose rollout failed. */
  readonly step: number;
  readonly program: string;
  readonly input: ProgramInput;
  readonly target: QuestionKind;
  readonly asked: readonly string[];
  readonly truth: Truth;
  readonly prompt: string;
  readonly funnel: "kept";
}

/** Why a failed program gave no example; each is counted in the step's metrics. */
export const dropReasons = [
  "passed",
  "unparsable",
  "complexity",
  "raised",
  "timed-out",
  "no-input",
  "no-variables",
  "too-big",
  "nondeterministic",
  "tampered",
  "duplicate",
  "prompt-too-long",
  "over-limit",
  "infrastructure",
] as const;
export type DropReason = (typeof dropReasons)[number];

/** candidates = kept + the sum of all that was dropped. */
export interface Funnel {
  readonly candidates: number;
  readonly kept: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}
