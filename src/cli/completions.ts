// Completions made elsewhere, as `judge` and `align` read them: each with its problem and the program in it. All are
// checked before the first one is run.

import { DataError } from "../core/errors.js";
import { isRegularFile } from "../core/files.js";
import { readRecords, streamRecords } from "../core/jsonl.js";
import { suggestion } from "../core/schema.js";
import { type Completion, completionSchema } from "../problems/completion.js";
import type { Problem } from "../problems/problem.js";
import { programIn } from "../prompts/program-in.js";

export interface Candidate {
  readonly problem: Problem;
  /** Counts the completions of one problem, in input order. */
  readonly index: number;
  readonly program: string | null;
  readonly metadata: unknown;
}

export interface Candidates {
  readonly total: number;
  readonly each: AsyncIterable<Candidate> | Iterable<Candidate>;
}

/**
 * Reads the file twice, once to check it and once to hand it on, so that it never has to fit into memory; what can be
 * read only once is held.
 *
 * @throws DataError naming file and line
 */
export async function openCandidates(path: string, problems: readonly Problem[]): Promise<Candidates> {
  if (!isRegularFile(path)) {
    const held = readCandidates(path, problems);
    return { total: held.length, each: held };
  }
  let total = 0;
  for await (const _ of streamCandidates(path, problems)) total++;
  return { total, each: streamCandidates(path, problems) };
}

/** All at once. @throws DataError naming file and line */
export function readCandidates(path: string, problems: readonly Problem[]): Candidate[] {
  return readRecords(path, completionSchema).map(candidatesOf(path, problems));
}

async function* streamCandidates(path: string, problems: readonly Problem[]): AsyncGenerator<Candidate> {
  const candidateOf = candidatesOf(path, problems);
  for await (const row of streamRecords(path, completionSchema)) yield candidateOf(row);
}

/** To be called with one row of the file after the other. */
function candidatesOf(path: string, problems: readonly Problem[]) {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  const counts = new Map<string, number>();
  return ({ line, record }: { readonly line: number; readonly record: Completion }): Candidate => {
    const problem = byId.get(record.problem);
    if (!problem) {
      const hint = suggestion(record.problem, [...byId.keys()].slice(0, 1000));
      throw new DataError(`${path}:${line}: problem: no problem has the id "${record.problem}"${hint.slice(0, 200)}`);
    }
    const index = counts.get(problem.id) ?? 0;
    counts.set(problem.id, index + 1);
    return { problem, index, program: programIn(record, problem), metadata: record.metadata };
  };
}
