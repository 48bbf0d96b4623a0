// The problems that are trained on: those of a file whose prompts the config has room for.

import { hasReference } from "../alignment/references.js";
import { DataError } from "../core/errors.js";
import { bundled } from "../problems/bundled.js";
import { ProblemSet } from "../problems/problem-set.js";
import type { Dialect } from "../prompts/dialect.js";
import type { Config } from "./config/schema.js";
import type { Reporter } from "./reporter.js";

const NOTICE_EVERY = 10_000;

/** One pass over the file; only where each problem lies is kept. @throws DataError where every prompt is too long */
export async function openProblems(
  { data, prompts }: Pick<Config, "data" | "prompts">,
  dialect: Dialect,
  countTokens: (text: string) => number,
  report: Pick<Reporter, "notice">,
): Promise<ProblemSet> {
  const set = await ProblemSet.open(bundled(data.train, "train"), {
    keep: (problem) => countTokens(dialect.code(problem)) <= prompts.maximumTokens,
    mark: hasReference,
    onProgress: (count) => count % NOTICE_EVERY === 0 && report.notice(`${data.train}: ${count} problems checked`),
  });
  if (set.size > 0) return set;
  await set.close();
  throw new DataError(`${data.train}: every prompt is over prompts.maximumTokens (${prompts.maximumTokens} tokens)`);
}
