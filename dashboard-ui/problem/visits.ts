// A problem's rollouts by the steps that met it: one column a group, in the order of time.

import type { RolloutRow } from "../../src/dashboard/api/rollouts.js";

export interface Visit {
  readonly step: number;
  readonly group: number;
  /** By sample. */
  readonly rollouts: readonly RolloutRow[];
}

/** @param rows  in any order; those of other problems, whose names hold this one's, are left out */
export function visitsOf(rows: readonly RolloutRow[], problem: string, task: RolloutRow["task"]): readonly Visit[] {
  const visits = new Map<string, RolloutRow[]>();
  for (const row of rows) {
    if (row.problem !== problem || row.task !== task) continue;
    const key = `${row.step} ${row.group}`;
    const visit = visits.get(key);
    if (visit) visit.push(row);
    else visits.set(key, [row]);
  }
  return [...visits.values()]
    .map((rollouts) => ({
      step: rollouts[0]?.step ?? 0,
      group: rollouts[0]?.group ?? 0,
      rollouts: rollouts.sort((a, b) => a.sample - b.sample),
    }))
    .sort((a, b) => a.step - b.step || a.group - b.group);
}

/** Of the rewards that are known; null where none is. */
export function meanReward({ rollouts }: Visit): number | null {
  const rewards = rollouts.flatMap(({ reward }) => reward ?? []);
  return rewards.length === 0 ? null : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
}
