// The records a run keeps. Their names and meanings are a contract: other programs read them.

import type { Answer } from "../alignment/answer.js";
import type { Truth } from "../alignment/example.js";
import type { TestOutcome, Verdict } from "../judge/verdict.js";
import type { ProgramInput } from "../problems/problem.js";
import type { QuestionKind } from "../prompts/question.js";

export interface RunInfo {
  readonly name: string;
  readonly status: "running" | "finished" | "stopped" | "failed";
  readonly seed: number;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly recipe: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly gitRevision: string | null;
  readonly host: Readonly<Record<string, string | number>>;
  /** Steps asked for, and steps done. */
  readonly steps: number;
  readonly stepsDone: number;
  readonly dataHashes: Readonly<Record<string, string>>;
}

/** One rollout with everything that was said of it. */
export interface RolloutRecord {
  readonly step: number;
  readonly task: "code" | "alignment";
  readonly problem: string;
  readonly group: number;
  readonly sample: number;
  readonly prompt: string;
  readonly completion: string;
  readonly stopReason: "stop" | "length";
  readonly program?: string;
  readonly verdict?: Verdict;
  readonly tests?: readonly TestOutcome[];
  readonly alignment?: {
    readonly program: string;
    readonly input: ProgramInput;
    readonly target: QuestionKind;
    readonly asked: readonly string[];
    readonly truth: Truth;
    readonly predicted: Answer | null;
  };
  /** null where the judge failed: such a rollout has no reward and no part in its group. */
  readonly reward: number | null;
  readonly rewardParts: Readonly<Record<string, number>>;
  readonly advantage: number | null;
  /** Completion tokens. */
  readonly tokens: number;
}

export interface Measure {
  readonly value: number;
  readonly standardError: number;
}

export interface EvaluationRecord {
  readonly benchmark: string;
  readonly step: number;
  readonly problems: number;
  readonly metrics: Readonly<Record<string, Measure>>;
}

/** best.json: the checkpoint that evaluated best by the measure the config names. */
export interface BestCheckpoint extends Measure {
  readonly measure: string;
  readonly step: number;
}

/** One problem of an evaluation: what the model wrote and its score in every measure, for paired comparisons. */
export interface EvaluationSample {
  readonly problem: string;
  readonly scores: Readonly<Record<string, number>>;
  readonly completions: Readonly<Record<string, string>>;
  /** The programs of the self-check, the greedy one first. */
  readonly candidates?: readonly EvaluatedCandidate[];
}

/** A program that the model wrote for a problem, and what was predicted of it. */
export interface EvaluatedCandidate {
  readonly program: string | null;
  /** 1 where every test passes; null where the judge failed. */
  readonly passes: number | null;
  /** Visible tests that pass. */
  readonly visible: number | null;
  /** Visible tests that the model believes to pass; null where it was not asked: that changes no score. */
  readonly predicted: number | null;
}

/** One line of tokens/step-NNNNNN.jsonl: a rollout's completion token by token, [T] each. Numbers to four decimals. */
export interface TokenRecord {
  readonly group: number;
  readonly sample: number;
  /** Of each token's text in the completion, in UTF-16 units; 0 where a token ends inside a character. */
  readonly lengths: readonly number[];
  /** Natural, of the policy that sampled. */
  readonly logprobs: readonly number[];
  /** exp(logprob at the step's newest update of this rollout - logprob before its first); one number where all are equal, null where there was no update. */
  readonly ratios: number | readonly number[] | null;
  /** As the loss had them, importance weights included; one number where all are equal, null where it was not learnt from. */
  readonly advantages: number | readonly number[] | null;
}
