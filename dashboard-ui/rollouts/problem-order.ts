// The problems of a run as a table shows them: those whose name holds a text, by a column. What has no number comes last.

import type { ProblemTable } from "../../src/dashboard/api/rollouts.js";

export type ProblemEntry = ProblemTable["problems"][number];

const problemColumns = ["problem", "passRate", "code", "firstPassed", "alignmentReward", "alignment"] as const;
export type ProblemColumn = (typeof problemColumns)[number];

export interface ProblemOrder {
  readonly by: ProblemColumn;
  readonly isDown: boolean;
}

/** As in an address: `-passRate` is the highest first. */
export function readProblemOrder(text: string | null): ProblemOrder {
  const isDown = text?.startsWith("-") === true;
  const by = problemColumns.find((column) => column === (isDown ? text?.slice(1) : text));
  return by === undefined ? { by: "passRate", isDown: false } : { by, isDown };
}

export function writeProblemOrder({ by, isDown }: ProblemOrder): string {
  return `${isDown ? "-" : ""}${by}`;
}

export function orderedProblems(
  problems: readonly ProblemEntry[],
  { by, isDown }: ProblemOrder,
  part: string,
): readonly ProblemEntry[] {
  const wanted = part.toLowerCase();
  const sign = isDown ? -1 : 1;
  return problems
    .filter(({ problem }) => problem.toLowerCase().includes(wanted))
    .sort((a, b) => {
      const [left, right] = [a[by], b[by]];
      if (left === right) return compare(a.problem, b.problem);
      if (left === null || right === null) return left === null ? 1 : -1;
      return sign * compare(left, right);
    });
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
