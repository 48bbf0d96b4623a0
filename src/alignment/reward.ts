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
 * with k the number of variables right; 0 in every mode where there is no answer.
 */
export function gradeAnswer(truth: Truth, completion: string, mode: RewardMode, sequencesAsArrays: boolean): Grade {
  const predicted = parseAnswer(completion, mode);
  const equal: typeof officiallyEqual =
    mode === "official" ? officiallyEqual : (a, b) => matches(a, b, sequencesAsArrays);
  const variables = Object.entries(truth.variables).map(([name, value]) => {
    const given = predicted !== null && Object.hasOwn(predicted.variables, name);
    return { type: valueTypeOf(value), right: given && equal(value, predicted.variables[name]) };
  });
  const right = variables.filter((variable) => variable.right).length;
  const { output } = truth;
  const outputRight = output === undefined ? null : predicted !== null && equal(output, predicted.output);
  return {
    reward: predicted === null ? 0 : rewardOf(mode, right, variables.length, outputRight),
    predicted,
    variablesRight: right,
    variablesAsked: variables.length,
    outputRight,
    values:
      output === undefined ? variables : [...variables, { type: valueTypeOf(output), right: outputRight === true }],
  };
}

function rewardOf(mode: RewardMode, right: number, asked: number, outputRight: boolean | null): number {
  const withOutput =
    (right + (outputRight ? 1 : 0)) / (asked + (outputRight === null && mode === "withOutput" ? 0 : 1));
  switch (mode) {
    case "paper":
      return asked === 0 ? 0 : right / asked;
    case "withOutput":
      return withOutput;
    case "official":
      return 0.1 + 0.9 * withOutput;
    default:
      return mode satisfies never;
  }
}
