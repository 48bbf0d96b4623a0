// The reward of an alignment answer: the share of what was asked that is right.

import { type Answer, matches, parseAnswer } from "./answer.js";
import type { Truth } from "./example.js";
import { officiallyEqual } from "./official-equality.js";
import { type ValueType, valueTypeOf } from "./value-type.js";

export const rewardModes = ["paper", "official", "withOutput"] as const;
export type RewardMode = (typeof rewardModes)[number];

export interface Grade {
  readonly reward: number;
  /** What was read from the completion; null where it holds no answer. */
  readonly predicted: Answer | null;
  readonly variablesRight: number;
  readonly variablesAsked: number;
  /** null where no output is known. */
  readonly outputRight: boolean | null;
  /** Every variable; where none is asked, the output or the input. */
  readonly allRight: boolean;
  /** Every value that was asked, the output last: the type of the true one, and whether it was right. */
  readonly values: ReadonlyArray<{ readonly type: ValueType; readonly right: boolean }>;
}

/**
 * Grades one completion against the truth.
 *
 * paper:      k / |V|                                  (CodeRL+, arXiv 2510.18471, R_sem)
 * withOutput: (k + output) / (|V| + 1)                 (deviates: the output is one more item)
 * official:   0.1 + 0.9 (k + output) / (|V| + 1)       (recipe/reward/reward_function_coderlplus.py, loose equality)
 *
 * with k the number of variables right; 0 in every mode where there is no answer. An output that is not asked is no item;
 * where nothing else is asked, it is the item in `paper` too (ours: the recipe always asks both).
 */
export function gradeAnswer(truth: Truth, completion: string, mode: RewardMode, sequencesAsArrays: boolean): Grade {
  const answer = parseAnswer(completion, mode);
  const { output } = truth;
  // The official recipe takes an answer without the output that it asks for as none.
  const predicted = mode === "official" && output !== undefined && answer?.output === undefined ? null : answer;
  const equal: typeof officiallyEqual =
    mode === "official" ? officiallyEqual : (a, b) => matches(a, b, sequencesAsArrays);
  const variables = Object.entries(truth.variables).map(([name, value]) => {
    const given = predicted !== null && Object.hasOwn(predicted.variables, name);
    return { type: valueTypeOf(value), right: given && equal(value, predicted.variables[name]) };
  });
  const right = variables.filter((variable) => variable.right).length;
  const outputRight = output === undefined ? null : predicted !== null && equal(output, predicted.output);
  return {
    reward: predicted === null ? 0 : rewardOf(mode, right, variables.length, outputRight),
    predicted,
    variablesRight: right,
    variablesAsked: variables.length,
    outputRight,
    allRight: variables.length > 0 ? right === variables.length : outputRight === true,
    values:
      output === undefined ? variables : [...variables, { type: valueTypeOf(output), right: outputRight === true }],
  };
}

/** @param resultRight  of the output, or of an input that was asked for; null where neither is */
export function rewardOf(mode: RewardMode, right: number, asked: number, resultRight: boolean | null): number {
  const share = (right + (resultRight ? 1 : 0)) / (asked + (resultRight === null ? 0 : 1));
  switch (mode) {
    case "paper":
      return asked === 0 ? Number(resultRight) : right / asked;
    case "withOutput":
      return share;
    case "official":
      return 0.1 + 0.9 * share;
    default:
      return mode satisfies never;
  }
}
