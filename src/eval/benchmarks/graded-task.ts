// A task graded both ways: as the published grader does, and strictly. What a benchmark of programs or of values fills
// in here is in code-task.ts and value-task.ts.

import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Prompt } from "../policies/policy.js";
import type { Grade, PromptStyle, Task } from "./benchmark.js";
import type { Marked } from "./marks.js";

export interface GradedTask {
  readonly id: string;
  readonly difficulty?: string | undefined;
  readonly date?: string | undefined;
  readonly prompts: Readonly<Record<PromptStyle, () => Prompt>>;
  /** The program or answer that a completion holds, as whoever has the style finds it; "" where it holds none. */
  readonly extract: Readonly<Record<PromptStyle, (completion: string) => string>>;
  /** Of what was so found, as the style's published grader marks it. */
  readonly official: (extracted: string, sandbox: Sandbox, style: PromptStyle) => Promise<Marked>;
  /** Of the completion itself, by our own extraction. */
  readonly strict: (completion: string, sandbox: Sandbox, style: PromptStyle) => Marked | Promise<Marked>;
  readonly solution?: Task["solution"] | undefined;
}

export function gradedTask({ id, difficulty, date, solution, prompts, extract, ...marks }: GradedTask): Task {
  return {
    id,
    ...(difficulty !== undefined && { difficulty }),
    ...(date !== undefined && { date }),
    ...(solution && { solution }),
    prompt: (style) => prompts[style](),
    grade: async (completion, style, sandbox): Promise<Grade> => {
      const extracted = extract[style](completion);
      const [official, strict] = await Promise.all([
        marks.official(extracted, sandbox, style),
        marks.strict(completion, sandbox, style),
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
