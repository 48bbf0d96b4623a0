// What an evaluation keeps on disk, one folder a policy: for each benchmark who was asked and how, every sample, and the
// summary that the contract names (EvaluationRecord in runs/records.ts).

import type { Grade, PromptStyle } from "./benchmarks/benchmark.js";
import type { Completion, Decoding, Prompt } from "./policies/policy.js";

/** Everything that decides what the samples are: a resumed evaluation must find the same. */
export interface EvaluationInfo {
  readonly benchmark: string;
  readonly policy: string;
  readonly identity: Readonly<Record<string, string>>;
  /** Of the policy's checkpoint; 0 where it has none. */
  readonly step: number;
  readonly prompts: PromptStyle;
  readonly decoding: Decoding;
  readonly seed: number;
  /** Hash of the task file. */
  readonly dataSha256: string;
  /** Tasks asked, after windows and limits. */
  readonly tasks: number;
}

/** One completion, whole, and what was said of it. */
export interface SampleRecord extends Completion {
  readonly task: string;
  /** From 0. */
  readonly sample: number;
  readonly difficulty?: string;
  readonly date?: string;
  readonly prompt: Prompt;
  readonly grade: Grade;
}
