// What may be wrong with a problem, and what a cleaned file does about it.

export const findingKinds = {
  "malformed row": { drops: true, about: "rows that are no problem: not JSON, missing fields, no tests" },
  "repeated id": { drops: true, about: "problems whose id an earlier one has" },
  "repeated problem": { drops: true, about: "the same prompt as an earlier one, but for case and spacing" },
  "repeated tests": { drops: false, about: "tests that stand twice in a problem; a cleaned file has them once" },
  "contradicting tests": { drops: true, about: "the same input with different expected results" },
  "empty tests": { drops: false, about: "tests that say nothing; a cleaned file is without them" },
  "unusable tests": { drops: true, about: "test code that does not run for any program, or no test is left" },
  "trivial tests": { drops: true, about: "all tests pass for a program that does nothing" },
  "wrong reference": { drops: true, about: "references that do not pass their own tests" },
  "unsteady reference": { drops: true, about: "references that pass one time and not another" },
  "slow reference": { drops: false, about: "references that need more than half of a test's time limit" },
  "overlaps evaluation": { drops: true, about: "prompts that share their runs of words with an evaluation problem" },
  "dated in evaluation": { drops: true, about: "problems first set on the given day or later" },
} as const;

export type FindingKind = keyof typeof findingKinds;

export interface Finding {
  readonly kind: FindingKind;
  /** What was found; one line. */
  readonly detail: string;
}
