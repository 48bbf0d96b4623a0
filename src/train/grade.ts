// From rollouts to rewards: programs are judged, alignment answers graded. A rollout whose judge failed has no reward
// and no part in its group.

import { type OverlongOptions, overlongPenalty } from "../algorithms/overlong.js";
import type { AlignmentExample } from "../alignment/example.js";
import type { Grade } from "../alignment/reward.js";
import type { Judgement, Verdict } from "../judge/verdict.js";
import type { Problem } from "../problems/problem.js";
import type { Dialect } from "../prompts/dialect.js";
import type { Prompt, Rollout } from "../rollouts/rollout.js";
import type { Config } from "./config/schema.js";

/** What a completion earns by itself. */
export interface Earned {
  /** null where the judge failed. */
  readonly reward: number | null;
  readonly rewardParts: Readonly<Record<string, number>>;
  readonly code?: { readonly program: string | null; readonly judgement: Judgement };
  readonly alignment?: Grade;
}

export interface GradedRollout extends Rollout, Earned {
  /** The reward before overlong shaping, where there is any. */
  readonly earned?: number | null;
}

export interface GradedGroup {
  readonly prompt: Prompt;
  readonly promptTokens: readonly number[];
  readonly rollouts: readonly GradedRollout[];
}

export interface GradingOptions {
  readonly code: "binary" | "fractionOfTests";
  readonly overlong: OverlongOptions | null;
}

export function gradingOf({ reward, rollouts }: Config): GradingOptions {
  const { overlong } = reward;
  return { code: reward.code, overlong: overlong && { ...overlong, maximumTokens: rollouts.maximumTokens } };
}

/** null where our side failed. */
export type GradeAlignment = (example: AlignmentExample, completion: string) => Promise<Grade | null>;
export type Judge = (problem: Problem, program: string | null) => Promise<Judgement>;

/**
 * Judges equal programs for the same problem once: all share the judgement, its CPU time and, where the judge failed,
 * that. A verdict depends on problem and program alone, so nothing else changes.
 */
export function judgingOnce(judge: Judge): Judge {
  const judgements = new Map<string, Promise<Judgement>>();
  return (problem, program) => {
    const key = JSON.stringify([problem.id, program]);
    const judgement = judgements.get(key) ?? judge(problem, program);
    judgements.set(key, judgement);
    return judgement;
  };
}

/** Who grades what. */
export interface Graders {
  readonly dialect: Dialect;
  readonly judge: Judge;
  readonly gradeAlignment: GradeAlignment;
}

export async function gradeRollout(
  rollout: Rollout,
  prompt: Prompt,
  graders: Graders,
  options: GradingOptions,
): Promise<GradedRollout> {
  const graded = { ...rollout, ...(await earn(rollout.completion, prompt.task, graders, options.code)) };
  return options.overlong ? shaped(graded, options.overlong) : graded;
}

/** Takes what the length costs; a reward that is unknown stays so. */
function shaped(graded: GradedRollout, overlong: OverlongOptions): GradedRollout {
  const { reward, rewardParts, sample } = graded;
  if (reward === null) return graded;
  const penalty = overlongPenalty(sample.tokens.length, overlong);
  return { ...graded, earned: reward, reward: reward + penalty, rewardParts: { ...rewardParts, overlong: penalty } };
}

export async function earn(
  completion: string,
  task: Prompt["task"],
  { dialect, judge, gradeAlignment }: Graders,
  mode: GradingOptions["code"],
): Promise<Earned> {
  if (task.kind === "alignment") {
    const grade = await gradeAlignment(task.example, completion);
    if (grade === null) return { reward: null, rewardParts: {} };
    const { reward, variablesRight, variablesAsked, outputRight, allRight } = grade;
    const rewardParts = {
      variablesRight,
      variablesAsked,
      ...(outputRight === null ? {} : { outputRight: Number(outputRight) }),
      ...(task.example.target === "input" ? { inputRight: Number(allRight) } : {}),
    };
    return { reward, rewardParts, alignment: grade };
  }
  const program = dialect.program(task.problem, completion);
  const judgement = await judge(task.problem, program);
  return { ...codeReward(judgement.verdict, mode), code: { program, judgement } };
}

/** binary: 1 where every test passes (CodeRL+, R_gen); fractionOfTests: passed / total. */
function codeReward(verdict: Verdict, mode: GradingOptions["code"]): Pick<GradedRollout, "reward" | "rewardParts"> {
  if (verdict.kind === "infrastructure") return { reward: null, rewardParts: {} };
  const { passed, total } = verdict;
  const reward = mode === "binary" ? Number(verdict.kind === "passed") : passed / total;
  return { reward, rewardParts: { passed, total } };
}
