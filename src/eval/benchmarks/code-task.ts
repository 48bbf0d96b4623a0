// A task whose answer is a program, graded both ways: as the published grader does, and strictly, by the judge. The
// benchmarks of programs differ in what they fill in here.

import { explain } from "../../core/schema.js";
import type { Mode } from "../../judge/compare.js";
import { judge } from "../../judge/judge.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import { RowFault } from "../../problems/sources/row.js";
import { extractProgram } from "../../prompts/extract.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Prompt } from "../policies/policy.js";
import type { Grade, PromptStyle, Task } from "./benchmark.js";
import { type Marked, markOf } from "./marks.js";

export interface CodeTask extends Pick<Task, "id" | "difficulty" | "date" | "solution"> {
  readonly prompts: Readonly<Record<PromptStyle, () => Prompt>>;
  /** The program that a completion holds, as whoever has the style finds it; "" is a program that does nothing. */
  readonly extract: Readonly<Record<PromptStyle, (completion: string) => string>>;
  /** Runs a program so found as the style's published grader does. */
  readonly official: (program: string, sandbox: Sandbox, style: PromptStyle) => Promise<Marked>;
  /** Judges the program that our own extraction finds. */
  readonly strict: (program: string, sandbox: Sandbox) => Promise<Marked>;
}

export function codeTask(task: CodeTask): Task {
  const { id, difficulty, date, solution, prompts, extract } = task;
  return {
    id,
    ...(difficulty !== undefined && { difficulty }),
    ...(date !== undefined && { date }),
    ...(solution && { solution }),
    prompt: (style) => prompts[style](),
    grade: async (completion, style, sandbox): Promise<Grade> => {
      const extracted = extract[style](completion);
      const program = extractProgram(completion);
      const [official, strict] = await Promise.all([
        task.official(extracted, sandbox, style),
        program === null ? NO_PROGRAM : task.strict(program, sandbox),
      ]);
      return {
        extracted: extracted.trim() === "" ? null : extracted,
        official: official.mark,
        strict: strict.mark,
        cpuMs: official.cpuMs + strict.cpuMs,
      };
    },
  };
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
