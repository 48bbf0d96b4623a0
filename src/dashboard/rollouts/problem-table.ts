// Every problem of a run with how often it was met and how it went.

import type { ProblemTable } from "../api/rollouts.js";
import { kinds } from "./columns.js";
import type { View } from "./view.js";

export function problemRows({ steps, problems }: View): ProblemTable["problems"] {
  const tallies = problems.map(() => ({
    code: 0,
    judged: 0,
    passed: 0,
    alignment: 0,
    graded: 0,
    reward: 0,
    first: -1,
  }));
  for (const { columns, start, count, step } of steps) {
    for (let at = start; at < start + count; at++) {
      const tally = tallies[columns.problem[at]];
      const { task, verdict } = kinds[columns.kind[at]];
      if (task === "code") {
        tally.code++;
        tally.judged += Number(verdict !== null && verdict !== "infrastructure");
        if (verdict !== "passed") continue;
        tally.passed++;
        // The steps come newest first.
        tally.first = step;
      } else {
        tally.alignment++;
        const reward = columns.reward[at];
        if (Number.isNaN(reward)) continue;
        tally.graded++;
        tally.reward += reward;
      }
    }
  }
  const rows = tallies.map(({ code, judged, passed, alignment, graded, reward, first }, i) => ({
    problem: problems[i],
    code,
    passRate: judged === 0 ? null : passed / judged,
    alignment,
    alignmentReward: graded === 0 ? null : reward / graded,
    firstPassed: first < 0 ? null : first,
  }));
  // A name may be of steps that are no more.
  return rows.filter(({ code, alignment }) => code + alignment > 0).sort((a, b) => (a.problem < b.problem ? -1 : 1));
}
