// What the benchmarks whose answers are programs have in common: strictly, the judge decides.

import { explain } from "../../core/schema.js";
import type { Mode } from "../../judge/compare.js";
import { judge } from "../../judge/judge.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import { RowFault } from "../../problems/sources/row.js";
import { extractProgram } from "../../prompts/extract.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Task } from "./benchmark.js";
import { type GradedTask, gradedTask } from "./graded-task.js";
import { type Marked, markOf } from "./marks.js";

export interface CodeTask extends Omit<GradedTask, "strict"> {
  /** Judges the program that our own extraction finds. */
  readonly strict: (program: string, sandbox: Sandbox) => Promise<Marked>;
}

export function codeTask(task: CodeTask): Task {
  return gradedTask({
    ...task,
    strict: (completion, sandbox) => {
      const program = extractProgram(completion);
      return program === null ? NO_PROGRAM : task.strict(program, sandbox);
    },
  });
}

const NO_PROGRAM: Marked = {
  mark: { kind: "wrong", reason: "unparsable", message: "no program in the completion" },
  cpuMs: 0,
};

/** The judge's word on a program, as a mark. */
export async function judged(sandbox: Sandbox, problem: Problem, program: string, mode?: Mode): Promise<Marked> {
  const judgement = await judge(sandbox, problem, program, { mode });
  return { mark: markOf(judgement, problem), cpuMs: judgement.cpuMs };
}

/** A completion that presents a program the way chat models do. */
export function presented(program: string): string {
  return `\`\`\`python\n${program}\n\`\`\`\n`;
}

/** A row's problem with its defaults filled in. @throws RowFault */
export function problemOf(draft: object): Problem {
  const result = problemSchema.safeParse(draft);
  if (result.success) return result.data;
  throw new RowFault("malformed", explain(result.error, draft, problemSchema));
}
