// A task whose answer is a value, graded both ways: as the published grader does, by evaluating an assertion with the
// answer in it, and by reading the answer as a literal. The benchmarks of values differ in what they fill in here.

import type { Json } from "../../core/json.js";
import { defaultLimits } from "../../problems/problem.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Prompt } from "../policies/policy.js";
import type { Grade, Mark, PromptStyle, Task } from "./benchmark.js";
import { type Marked, runScript, shown } from "./marks.js";

export interface ValueTask extends Pick<Task, "id"> {
  readonly difficulty?: string | undefined;
  readonly date?: string | undefined;
  readonly prompts: Readonly<Record<PromptStyle, () => Prompt>>;
  /** The answer as the published grader of the style finds it. */
  readonly extract: Readonly<Record<PromptStyle, (completion: string) => string>>;
  readonly official: (answer: string, sandbox: Sandbox) => Promise<Marked>;
  readonly strict: (completion: string, style: PromptStyle, sandbox: Sandbox) => Marked | Promise<Marked>;
  readonly solution?: ((style: PromptStyle) => string) | undefined;
}

export function valueTask({ id, difficulty, date, prompts, extract, official, strict, solution }: ValueTask): Task {
  return {
    id,
    ...(difficulty !== undefined && { difficulty }),
    ...(date !== undefined && { date }),
    ...(solution && { solution }),
    prompt: (style) => prompts[style](),
    grade: async (completion, style, sandbox): Promise<Grade> => {
      const answer = extract[style](completion);
      const [published, own] = await Promise.all([official(answer, sandbox), strict(completion, style, sandbox)]);
      return {
        extracted: answer === "" ? null : answer,
        official: published.mark,
        strict: own.mark,
        cpuMs: published.cpuMs + own.cpuMs,
      };
    },
  };
}

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
