// A benchmark: tasks, how each is put to a model, and what an answer is worth. One file a benchmark. Not here: who
// answers (policies/), how answers are kept and resumed (evaluation.ts), what is reported of them (report/).

import type { Json } from "../../core/json.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Decoding, Prompt } from "../policies/policy.js";

/**
 * Whose prompts, decoding and extraction: those of the evaluation that CodeRL+ published (`official`), or those of the
 * benchmark's own harness (`upstream`).
 */
export type PromptStyle = "official" | "upstream";

/** What one way of grading says of one completion. */
export type Mark =
  | { readonly kind: "right" }
  | {
      readonly kind: "wrong";
      /** A test's kind (contracts: wrong-answer, raised, timed-out, ...), or what is the matter with an answer. */
      readonly reason: string;
      /** The published grader leaves such an answer out of a task's count, as long as the task has a right one. */
      readonly dropped?: true;
      readonly message?: string;
      /** The test, call or statement that failed, as text. */
      readonly test?: string;
      readonly expected?: Json;
      readonly got?: Json;
    }
  /** The grader failed: no answer's fault, and no part of any mean. */
  | { readonly kind: "infrastructure"; readonly message: string };

/** What is said of one completion. */
export interface Grade {
  /** The program or answer in it, as the style extracts it; null where it holds none. */
  readonly extracted: string | null;
  /** As the published graders have it, bugs included, so that numbers can be put beside theirs. */
  readonly official: Mark;
  /** As it should be: decided outside the program, whatever it does; a right answer in another form is still right. */
  readonly strict: Mark;
  readonly cpuMs: number;
}

export interface Task {
  /** Unique in its benchmark. */
  readonly id: string;
  readonly difficulty?: string;
  /** Day the task was published, YYYY-MM-DD. */
  readonly date?: string;
  prompt(style: PromptStyle): Prompt;
  /** Never throws for what a completion holds. */
  grade(completion: string, style: PromptStyle, sandbox: Sandbox): Promise<Grade>;
  /** A completion that is right in either style; absent where the set has no solutions. For checks of the graders. */
  readonly solution?: (style: PromptStyle) => string;
}

/** Where a benchmark's tasks come from. */
type TaskFile =
  /** Ships with the package, under its own licence: a path below assets/benchmarks. */
  | { readonly kind: "bundled"; readonly path: string }
  /** The user's to fetch: `coderlplus data fetch NAME`, or a file of theirs. NAME is in problems/hub/catalogue.ts. */
  | { readonly kind: "fetched"; readonly dataSet: string };

export interface Benchmark {
  readonly name: string;
  /** One line for `eval --list`. */
  readonly about: string;
  /** Of the tasks, as their publishers name it. */
  readonly licence: string;
  readonly file: TaskFile;
  readonly decoding: Readonly<Record<PromptStyle, Decoding>>;
  /** @param path  a file, or a folder of files (taskFiles) @throws DataError naming file, line and field */
  load(path: string): Promise<readonly Task[]>;
}
