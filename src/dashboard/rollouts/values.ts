// Values of programs as text for the page: what was expected and what came, what was asked and what was predicted. Any
// of it may be a model's own JSON with tags of its own making, which then is shown as the JSON it is.

import { type Answer, matches } from "../../alignment/answer.js";
import type { Truth } from "../../alignment/example.js";
import { officiallyEqual } from "../../alignment/official-equality.js";
import { valueTypeOf } from "../../alignment/value-type.js";
import { entriesOf, type Json, stringifyJson } from "../../core/json.js";
import type { TestOutcome } from "../../judge/verdict.js";
import { callText } from "../../problems/examples.js";
import type { Language } from "../../problems/notation.js";
import type { ProgramInput, Test } from "../../problems/problem.js";
import { faultIn, isObject } from "../../problems/tags.js";
import { valueText } from "../../problems/value-text.js";
import type { AskedValue, TestDetail } from "../api/rollouts.js";
import type { RunFacts } from "./facts.js";

/** As its language writes it. */
export function textOf(value: Json, language: Language): string {
  return faultIn(value, true) ? stringifyJson(value) : valueText(value, language);
}

export function inputText(input: ProgramInput, language: Language): string {
  if (input.kind === "stdio") return input.stdin;
  const values = [...input.arguments, ...Object.values(input.keywords ?? {})];
  return values.some((value) => faultIn(value, true)) ? stringifyJson(input) : callText(input, language);
}

/** @param test  as the problem has it; undefined where the problem is not at hand */
export function testDetail(
  outcome: TestOutcome,
  test: Test | undefined,
  language: Language,
): Omit<TestDetail, "cpuMs"> {
  const { kind } = outcome;
  const bare = { kind, isOutput: false };
  switch (kind) {
    case "wrong-answer":
      return { ...bare, ...wrongAnswer(outcome.expected, outcome.got, test, language) };
    case "raised":
      return { ...bare, error: outcome.error, message: outcome.message };
    case "exited":
      return { ...bare, message: `exit code ${outcome.exitCode}` };
    case "timed-out":
    case "out-of-memory":
    case "output-limit":
    case "denied":
    case "crashed":
      return { ...bare, ...(outcome.message === undefined ? {} : { message: outcome.message }) };
    default:
      return bare;
  }
}

function wrongAnswer(
  expected: Json,
  got: Json,
  test: Test | undefined,
  language: Language,
): Pick<TestDetail, "expected" | "got" | "isOutput"> {
  const isText = typeof expected === "string" && typeof got === "string";
  // Without the problem two texts are more often output than results of a call.
  if (isText && (test === undefined || test.kind === "stdio")) return { expected, got, isOutput: true };
  const isCode = test?.kind === "assert" || test?.kind === "check";
  const wanted = isCode && typeof expected === "string" ? expected : textOf(expected, language);
  return { expected: wanted, got: textOf(got, language), isOutput: false };
}

/** Every value that was asked for, the output or the input last. Judged as the reward judged them. */
export function askedValues(
  { truth, predicted, inputRight }: AskedAnswer,
  { mode, sequencesAsArrays }: Pick<RunFacts, "mode" | "sequencesAsArrays">,
  language: Language,
): AskedValue[] {
  const equal: typeof officiallyEqual =
    mode === "official" ? officiallyEqual : (a, b) => matches(a, b, sequencesAsArrays);
  const value = (name: string, wanted: Json, given: Json | undefined, right = equal(wanted, given)): AskedValue => ({
    name,
    type: valueTypeOf(wanted),
    truth: textOf(wanted, language),
    predictedType: given === undefined ? null : valueTypeOf(given),
    predicted: given === undefined ? null : textOf(given, language),
    right,
  });
  if (inputRight !== undefined) return [value("input", truth.input ?? null, predicted?.input, inputRight)];
  const given = new Map(isObject(predicted?.variables) ? entriesOf(predicted.variables) : []);
  const variables = entriesOf(truth.variables).map(([name, wanted]) => value(name, wanted, given.get(name)));
  return truth.output === undefined ? variables : [...variables, value("output", truth.output, predicted?.output)];
}

interface AskedAnswer {
  readonly truth: Truth;
  readonly predicted: Answer | null;
  /** Where the input is asked for: whether the given one leads to the output, which only a run could tell. */
  readonly inputRight: boolean | undefined;
}
