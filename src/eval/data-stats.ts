// Counts over a file of problems, for a look before training.

import type { Problem } from "../problems/problem.js";

export interface DataStats {
  readonly problems: number;
  readonly withReference: number;
  readonly tests: number;
  readonly hiddenTests: number;
  readonly meanPromptCharacters: number;
  /** Distinct compositions where the metadata names them. */
  readonly compositions: number;
  readonly byTestKind: Readonly<Record<string, number>>;
  readonly byStyle: Readonly<Record<string, number>>;
  readonly bySubset: Readonly<Record<string, number>>;
  readonly bySplit: Readonly<Record<string, number>>;
  readonly byCompositionLength: Readonly<Record<string, number>>;
}

export function dataStats(problems: readonly Problem[]): DataStats {
  const compositions = problems.map(({ metadata }) => metadata.composition).filter((key) => typeof key === "string");
  const tests = problems.flatMap((problem) => problem.tests);
  return {
    problems: problems.length,
    withReference: problems.filter(({ reference }) => reference !== undefined).length,
    tests: tests.length,
    hiddenTests: tests.filter(({ visible }) => visible !== true).length,
    meanPromptCharacters: problems.reduce((total, { prompt }) => total + prompt.length, 0) / problems.length,
    compositions: new Set(compositions).size,
    byTestKind: countBy(tests.map(({ kind }) => kind)),
    byStyle: countBy(problems.map(({ metadata }) => metadata.style)),
    bySubset: countBy(problems.map(({ metadata }) => metadata.subset)),
    bySplit: countBy(problems.map(({ metadata }) => metadata.split)),
    byCompositionLength: countBy(compositions.map((key) => key.split("|").length)),
  };
}

function countBy(values: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) {
    const key = typeof value === "string" || typeof value === "number" ? String(value) : "(none)";
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
