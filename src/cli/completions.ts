// Completions made elsewhere, as `judge` and `align` read them: each with its problem and the program in it.

import { DataError } from "../core/errors.js";
import { readRecords } from "../core/jsonl.js";
import { suggestion } from "../core/schema.js";
import { type Completion, completionSchema } from "../problems/completion.js";
import type { Problem } from "../problems/problem.js";
import { extractProgram } from "../prompts/extract.js";

export interface Candidate {
  readonly problem: Problem;
  /** Counts the completions of one problem, in input order. */
  readonly index: number;
  readonly program: string | null;
  readonly metadata: unknown;
}

/** Everything is checked before anything runs. @throws DataError naming file and line */
export function readCandidates(path: string, problems: readonly Problem[]): Candidate[] {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  const counts = new Map<string, number>();
  return readRecords(path, completionSchema).map(({ line, record }) => {
    const problem = byId.get(record.problem);
    if (!problem) {
      const hint = suggestion(record.problem, [...byId.keys()].slice(0, 1000));
      throw new DataError(`${path}:${line}: problem: no problem has the id "${record.problem}"${hint.slice(0, 200)}`);
    }
    const index = counts.get(problem.id) ?? 0;
    counts.set(problem.id, index + 1);
    return { problem, index, program: programOf(record, problem), metadata: record.metadata };
  });
}

function programOf(row: Completion, problem: Problem): string | null {
  if (row.program !== undefined) return row.program;
  const completion = row.completion ?? "";
  if (row.continuesPrompt) return (problem.starterCode ?? problem.prompt) + completion;
  return extractProgram(completion);
}
