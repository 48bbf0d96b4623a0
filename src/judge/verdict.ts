// What the judge says of one completion. Plain data: everything a model or its program can cause is a kind.

import type { Json } from "../core/json.js";

export type TestOutcome =
  | { readonly kind: "passed" | "passed-within-tolerance"; readonly cpuMs: number }
  | { readonly kind: "wrong-answer"; readonly expected: Json; readonly got: Json; readonly cpuMs: number }
  | {
      readonly kind: "raised";
      /** The name of the exception's type. */
      readonly error: string;
      readonly message: string;
      readonly cpuMs: number;
      /** The program needs what this interpreter cannot do, such as a second process: no fault of its logic. */
      readonly reason?: "unsupported";
    }
  | { readonly kind: "exited"; readonly exitCode: number; readonly cpuMs: number }
  | {
      readonly kind: "timed-out" | "out-of-memory" | "output-limit" | "denied" | "crashed";
      readonly message?: string;
      readonly cpuMs: number;
    }
  | { readonly kind: "not-run" };

export type TestKind = TestOutcome["kind"];

export type Verdict =
  | { readonly kind: "passed"; readonly passed: number; readonly total: number }
  | { readonly kind: "failed"; readonly reason: TestKind; readonly passed: number; readonly total: number }
  | { readonly kind: "unparsable"; readonly message: string; readonly passed: 0; readonly total: number }
  | { readonly kind: "infrastructure"; readonly message: string };

/** One judged program: the verdict, each test's outcome, and the engine that ran it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly tests: readonly TestOutcome[];
  readonly programSha256: string | null;
  /** "none" where no interpreter was asked. */
  readonly engine: string;
  readonly cpuMs: number;
  /** Set where a check had to run in one interpreter with the program, or by stubs of its helper functions. */
  readonly protection?: "weaker";
  /** What the problem's preamble imports in vain; absent where it finds everything. */
  readonly skippedImports?: readonly string[];
}
