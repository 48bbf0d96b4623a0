// A task whose answer is a program, graded both ways: as the published grader does, and by the judge. The six
// benchmarks of programs differ in what they fill in here.

import { judge } from "../../judge/judge.js";
import type { Judgement } from "../../judge/verdict.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import type { Draft } from "../../problems/sources/row.js";
import { extractProgram } from "../../prompts/extract.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Prompt } from "../policies/policy.js";
import type { Grade, PromptStyle, Task } from "./benchmark.js";
import { type Marked, markOf } from "./marks.js";

export interface CodeTask extends Pick<Task, "id" | "difficulty" | "date" | "solution"> {
  readonly prompts: Readonly<Record<PromptStyle, () => Prompt>>;
  /** The program that a completion holds, as whoever has the style finds it; "" is a program that does nothing. */
  readonly extract: Readonly<Record<PromptStyle, (completion: string) => string>>;
  /** As the published grader of the style runs the program. */
  readonly official: (program: string, sandbox: Sandbox, style: PromptStyle) => Promise<Marked>;
  /** The tests, for the strict mark. */
  readonly problem: () => Problem | Promise<Problem>;
  /** The program to be judged, made of the one that is found in the completion; that one by default. */
  readonly complete?: (program: string) => string;
}

export function codeTask(task: CodeTask): Task {
  const { id, difficulty, date, solution, prompts, extract, official } = task;
  return {
    id,
    ...(difficulty !== undefined && { difficulty }),
    ...(date !== undefined && { date }),
    ...(solution && { solution }),
    prompt: (style) => prompts[style](),
    grade: async (completion, style, sandbox): Promise<Grade> => {
      const extracted = extract[style](completion);
      const [published, strict] = await Promise.all([
        official(extracted, sandbox, style),
        strictly(task, completion, sandbox),
      ]);
      return {
        extracted: extracted.trim() === "" ? null : extracted,
        official: published.mark,
        strict: strict.mark,
        cpuMs: published.cpuMs + strict.cpuMs,
      };
    },
  };
}

async function strictly({ problem, complete }: CodeTask, completion: string, sandbox: Sandbox): Promise<Marked> {
  const program = extractProgram(completion);
  const asked = await problem();
  const judgement = await judge(sandbox, asked, program === null || !complete ? program : complete(program));
  return marked(judgement, asked);
}

export function marked(judgement: Judgement, problem: Problem): Marked {
  return { mark: markOf(judgement, problem), cpuMs: judgement.cpuMs };
}

/** A completion that presents a program the way chat models do. */
export function presented(program: string): string {
  return `\`\`\`python\n${program}\n\`\`\`\n`;
}

/** A problem with its defaults filled in. */
export function problemOf(draft: Draft): Problem {
  return problemSchema.parse(draft);
}
