// What the simulated model is asked and what it thinks aloud: HumanEval and the bundled family as problems, in turns, and
// this project's own pages as prose. Nothing is learnt from any of it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Problem } from "../../src/problems/problem.js";
import { readProblems } from "../../src/problems/problem.js";
import { openSource } from "../../src/problems/sources/source.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const CORPORA = ["humaneval", "family"] as const;
export type Corpus = (typeof CORPORA)[number];

/** @param count  at most; of several corpora in turns, as long as each has some */
export async function problemsFor(corpora: readonly Corpus[], count: number): Promise<Problem[]> {
  const lists = await Promise.all(corpora.map(problemsOf));
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? []))
    .flat()
    .slice(0, count);
}

async function problemsOf(corpus: Corpus): Promise<Problem[]> {
  if (corpus === "family") return readProblems(join(ROOT, "assets/family/train.jsonl"));
  const problems: Problem[] = [];
  for await (const item of await openSource(join(ROOT, "assets/benchmarks/humaneval/HumanEval.jsonl.gz"))) {
    if (item.kind === "problem") problems.push(item.problem);
  }
  return problems;
}

/** Prose without code blocks: an open one would swallow the program behind it. */
export function prose(): string {
  return textsIn("docs", ".md")
    .flatMap((text) => text.split("\n"))
    .filter((line) => !line.includes("```"))
    .join("\n");
}

/** Prose and programs, for a tokenizer to be learnt from. */
export function everything(): string {
  return [
    ...textsIn("docs", ".md"),
    ...["src", "bench", "tests"].flatMap((folder) => textsIn(folder, ".ts")),
    ...textsIn("src", ".py"),
    readFileSync(join(ROOT, "assets/family/train.jsonl"), "utf8"),
  ].join("\n");
}

function textsIn(folder: string, ending: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => readFileSync(join(path, name), "utf8"));
}
