// What the benchmarks whose answers are values have in common: the published graders evaluate an assertion with the
// answer in it; strictly, the answer is read as a literal.

import type { Json } from "../../core/json.js";
import { defaultLimits } from "../../problems/problem.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Mark } from "./benchmark.js";
import { type Marked, runScript, shown } from "./marks.js";

/** The published limit of an assertion, in the sandbox's own measure of time. */
export const ASSERTION_LIMITS = { ...defaultLimits, timeMs: 3000 };

/** Whether program and assertion run through, as the graders of code reasoning and CRUXEval ask; whatever it computes. */
export function runAssertion(
  sandbox: Sandbox,
  code: string,
  output: string,
  answer: string,
  preamble = "",
): Promise<Marked> {
  return runScript(sandbox, `${code}\nassert ${output} == ${answer}`, ASSERTION_LIMITS, preamble);
}

/** What those graders neither count as wrong nor as right, where a task has other answers: they drop it. */
export function dropped(message: string): Marked {
  return { mark: { kind: "wrong", reason: "dropped", dropped: true, message }, cpuMs: 0 };
}

/**
 * A stated value against the true one.
 *
 * @param expected  undefined where the set's own output, `output`, is nothing that can be compared
 */
export function valueMark(
  output: string,
  expected: Json | undefined,
  value: Json | undefined,
  same: (expected: Json, value: Json) => boolean,
): Mark {
  if (expected === undefined) return { kind: "infrastructure", message: `the set's own output is no value: ${output}` };
  if (value === undefined) return { kind: "wrong", reason: "no-literal", expected: shown(expected) };
  if (same(expected, value)) return { kind: "right" };
  return { kind: "wrong", reason: "wrong-answer", expected: shown(expected), got: shown(value) };
}

/** As the questions with examples want it. */
export function assertionOf(call: string, output: string): string {
  return `assert ${call} == ${output}\n`;
}
