// Grades an answer to any kind of question. All but one are compared with the truth; whether an input gives the wanted
// output is found out by running the program on it.

import { InfrastructureError } from "../core/errors.js";
import { type Json, stringifyJson } from "../core/json.js";
import type { ProgramInput } from "../problems/problem.js";
import { matches, parseInput } from "./answer.js";
import type { AlignmentExample } from "./example.js";
import { type Grade, gradeAnswer, type RewardMode, rewardOf } from "./reward.js";

export interface ExampleGrading {
  readonly mode: RewardMode;
  /** The prompt says to write tuples and deques as JSON arrays. */
  readonly sequencesAsArrays: boolean;
  /** What the example's program gives on another input; undefined where that is no output. */
  readonly outputOn: (example: AlignmentExample, input: ProgramInput) => Promise<Json | undefined>;
}

/** null where the program could not be run for a reason that is not the answer's. */
export async function gradeExample(
  example: AlignmentExample,
  completion: string,
  { mode, sequencesAsArrays, outputOn }: ExampleGrading,
): Promise<Grade | null> {
  if (example.target !== "input") return gradeAnswer(example.truth, completion, mode, sequencesAsArrays);
  const given = parseInput(completion, mode);
  const input = given === undefined ? null : inputFrom(given, example.input);
  try {
    const right = input !== null && (await givesOutput(example, input, outputOn));
    return {
      reward: given === undefined ? 0 : rewardOf(mode, 0, 0, right),
      predicted: given === undefined ? null : { variables: {}, input: given },
      variablesRight: 0,
      variablesAsked: 0,
      outputRight: null,
      allRight: right,
      values: [],
    };
  } catch (error) {
    if (error instanceof InfrastructureError) return null;
    throw error;
  }
}

/** The answer in the place of the original's; null where it is of another shape. */
function inputFrom(given: Json, original: ProgramInput): ProgramInput | null {
  if (original.kind === "stdio") return typeof given === "string" ? { kind: "stdio", stdin: given } : null;
  return Array.isArray(given) ? { ...original, arguments: given } : null;
}

async function givesOutput(
  example: AlignmentExample,
  input: ProgramInput,
  outputOn: ExampleGrading["outputOn"],
): Promise<boolean> {
  if (stringifyJson(input) === stringifyJson(example.input)) return true;
  const output = await outputOn(example, input);
  return output !== undefined && matches(example.truth.output ?? null, output, false);
}
