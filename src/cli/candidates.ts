// The completions of a file with their problems, as candidates for the judge: all checked before the first one is run.

import { DataError } from "../core/errors.js";
import { isRegularFile } from "../core/files.js";
import { streamRecords } from "../core/jsonl.js";
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

export interface Candidates {
  readonly total: number;
  readonly each: AsyncIterable<Candidate>;
}

/**
 * Reads the file twice, once to check it and once to judge it, so that it never has to fit into memory; what can be read
 * only once is held.
 *
 * @throws DataError naming file and line
 */
export async function openCandidates(path: string, problems: readonly Problem[]): Promise<Candidates> {
  const again = isRegularFile(path);
  const held: Candidate[] = [];
  let total = 0;
  for await (const candidate of readCandidates(path, problems)) {
    total++;
    if (!again) held.push(candidate);
  }
  return { total, each: again ? readCandidates(path, problems) : fromArray(held) };
}

async function* fromArray(candidates: readonly Candidate[]): AsyncGenerator<Candidate> {
  yield* candidates;
}

async function* readCandidates(path: string, problems: readonly Problem[]): AsyncGenerator<Candidate> {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  const counts = new Map<string, number>();
  for await (const { line, record } of streamRecords(path, completionSchema)) {
    const problem = byId.get(record.problem);
    if (!problem) {
      const hint = suggestion(record.problem, [...byId.keys()].slice(0, 1000));
      throw new DataError(`${path}:${line}: problem: no problem has the id "${record.problem}"${hint.slice(0, 200)}`);
    }
    const index = counts.get(problem.id) ?? 0;
    counts.set(problem.id, index + 1);
    yield { problem, index, program: programOf(record, problem), metadata: record.metadata };
  }
}

function programOf(row: Completion, problem: Problem): string | null {
  if (row.program !== undefined) return row.program;
  const completion = row.completion ?? "";
  if (row.continuesPrompt) return (problem.starterCode ?? problem.prompt) + completion;
  return extractProgram(completion);
}
